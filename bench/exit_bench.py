"""What telemetry adds to the life of a command-line tool whose endpoint does not answer.

    python bench/exit_bench.py PATH_OF_example_greet [--runs N]

Runs the tool in turns without telemetry (the baseline) and with endpoints that are silent, closed,
unknown and unreachable. Prints a line of JSON for each: milliseconds, medians over the baseline's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
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
        for _ in range(arguments.runs):
            for name, endpoint in endpoints.items():
                runs[name].append(run(arguments.tool, endpoint))
    baseline = [statistics.median(one[kind] for one in runs["off"]) for kind in (0, 1)]
    for name, measured in runs.items():
        walls, processors = zip(*measured)
        print(
            json.dumps(
                {
                    "endpoint": name,
                    "added_ms": round(statistics.median(walls) - baseline[0], 1),
                    "added_processor_ms": round(statistics.median(processors) - baseline[1], 1),
                    "longest_ms": round(max(walls) - baseline[0], 1),
                }
            )
        )


if __name__ == "__main__":
    main()
