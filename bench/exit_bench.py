"""What telemetry adds to the life of a command-line tool whose endpoint does not answer.

    python bench/exit_bench.py PATH_OF_example_greet [--runs N] [--bound MILLISECONDS]

Runs the tool in turns without telemetry (the baseline) and with endpoints that are silent, closed,
unknown and unreachable. Prints a line of JSON for each: milliseconds, medians over the baseline's;
and at last a verdict. Exit status 1 when a median exceeds the bound, which is close_timeout
(telemetry/telemetry.h).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from typing import Dict, List, Tuple

QUIET = ("CI", "DO_NOT_TRACK", "GREET_TELEMETRY", "GREET_DEBUG")


def run(tool: str, endpoint: str) -> Tuple[float, float]:
    """Milliseconds of the wall, and of the processor."""
    environment = {name: value for name, value in os.environ.items() if name not in QUIET}
    environment["GREET_ENDPOINT"] = endpoint
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run([tool, "Ada"], env=environment, stdout=subprocess.DEVNULL, check=True)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, processor * 1000


def measure(tool: str, count: int) -> Dict[str, List[Tuple[float, float]]]:
    with socket.socket() as silent, socket.socket() as closed:
        silent.bind(("127.0.0.1", 0))
        silent.listen(4096)
        closed.bind(("127.0.0.1", 0))
        endpoints = {
            "off": "",
            "silent": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "closed": f"http://127.0.0.1:{closed.getsockname()[1]}",
            "unknown": "http://telemetry.invalid",
            "unreachable": "http://192.0.2.1:9",
        }
        runs: Dict[str, List[Tuple[float, float]]] = {name: [] for name in endpoints}
        for _ in range(count):
            for name, endpoint in endpoints.items():
                runs[name].append(run(tool, endpoint))
    return runs


def report(runs: Dict[str, List[Tuple[float, float]]]) -> Dict[str, float]:
    """Prints what each endpoint adds; returns the medians of the wall."""
    baseline = [statistics.median(one[kind] for one in runs["off"]) for kind in (0, 1)]
    added = {}
    for name, measured in runs.items():
        walls, processors = zip(*measured)
        added[name] = statistics.median(walls) - baseline[0]
        print(
            json.dumps(
                {
                    "endpoint": name,
                    "added_ms": round(added[name], 1),
                    "added_processor_ms": round(statistics.median(processors) - baseline[1], 1),
                    "longest_ms": round(max(walls) - baseline[0], 1),
                }
            )
        )
    return added


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--bound", type=float, default=500)
    arguments = parser.parse_args()
    added = report(measure(arguments.tool, arguments.runs))
    late = [name for name, median in added.items() if median > arguments.bound]
    verdict = f"exceeded by: {', '.join(late)}" if late else "kept"
    print(f"the bound of {arguments.bound:g} ms is {verdict}")
    sys.exit(1 if late else 0)


if __name__ == "__main__":
    main()
