"""What the Python package costs, beside posthog-python where that is installed.

    python bench/python_bench.py [--events N] [--rounds N] [--only sim|client]

Prints a line of JSON for each figure. Both clients send to the same mock server, which is a process
of its own; a round measures one after the other, and nothing may be lost.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import time
from multiprocessing.connection import Connection
from typing import Any, Callable, Dict, Tuple

import lockstep

PROPERTIES = {
    "total": 42.5,
    "currency": "EUR",
    "items": 3,
    "returning": True,
    "path": "/checkout/confirmation",
}
MANY = 1_000_000


def serve(pipe: Connection) -> None:
    """A mock server that is asked how many events it stored, and forgets them then."""
    with lockstep.MockServer() as server:
        pipe.send(server.url)
        while pipe.recv() == "count":
            pipe.send(server.stored_count)
            server.clear()


def measure_lockstep(url: str, events: int) -> Tuple[float, float]:
    """Seconds that the captures took, and until all was delivered."""
    client = lockstep.Client(
        "phc_bench", url, flush_at=100, max_queue_size=MANY, max_queue_bytes=1 << 30
    )
    start = time.perf_counter()
    for _ in range(events):
        client.capture("user-1", "order placed", PROPERTIES)
    captured = time.perf_counter()
    report = client.shutdown(600)
    end = time.perf_counter()
    assert report.ok and client.stats().total.delivered == events, report
    return captured - start, end - start


def measure_posthog(url: str, events: int) -> Tuple[float, float]:
    import posthog

    client: Any = posthog.Posthog("phc_bench", host=url, flush_at=100, max_queue_size=MANY)
    start = time.perf_counter()
    for _ in range(events):
        client.capture(distinct_id="user-1", event="order placed", properties=PROPERTIES)
    captured = time.perf_counter()
    client.flush()
    client.shutdown()
    return captured - start, time.perf_counter() - start


def bench_clients(events: int, rounds: int) -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    there.close()  # so that a server that died is noticed
    url = here.recv()
    clients: Dict[str, Callable[[str, int], Tuple[float, float]]] = {"lockstep": measure_lockstep}
    if importlib.util.find_spec("posthog") is not None:
        clients["posthog-python"] = measure_posthog
    for round_number in range(1, rounds + 1):
        for name, measure in clients.items():
            captures, whole = measure(url, events)
            here.send("count")
            stored = here.recv()
            line = {
                "bench": "client",
                "client": name,
                "round": round_number,
                "events": events,
                "ns_per_capture": round(captures / events * 1e9),
                "delivered_per_s": round(events / whole),
                "lost": events - stored,
            }
            print(json.dumps(line), flush=True)
    here.send("end")
    server.join()


def run_simulation(events: int, with_responder: bool) -> Tuple[int, float, float]:
    """A scripted simulation: captures, a pass of time and looks at it, all from Python."""
    sim = lockstep.Simulation()
    if with_responder:
        sim.server.respond_with(lambda request: 503 if request.number % 10 == 0 else None)
    client = sim.client(flush_at=1, max_retries=100)
    start, processor = time.perf_counter(), time.process_time()
    for _ in range(events):
        client.capture("user-1", "order placed", PROPERTIES)
        sim.run_for(0.01)
    sim.run_until_idle()
    assert client.stats().total.delivered == events
    return sim.steps, time.perf_counter() - start, time.process_time() - processor


def bench_simulation(events: int, rounds: int) -> None:
    for round_number in range(1, rounds + 1):
        for with_responder in (False, True):
            steps, seconds, processor = run_simulation(events, with_responder)
            line = {
                "bench": "simulation",
                "responder_in_python": with_responder,
                "round": round_number,
                "steps": steps,
                "steps_per_s": round(steps / seconds),
                "steps_per_cpu_s": round(steps / processor),
                "captures_per_s": round(events / seconds),
            }
            print(json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["sim", "client"])
    arguments = parser.parse_args()
    if arguments.only != "client":
        bench_simulation(min(arguments.events, 5000), arguments.rounds)
    if arguments.only != "sim":
        bench_clients(arguments.events, arguments.rounds)


if __name__ == "__main__":
    main()
