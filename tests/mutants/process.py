"""Runs a program that may hang, crash, or eat the machine.

The rule: time is CPU time. On a busy machine a healthy program may take an hour; but one that uses
more CPU than it ever should goes round in a circle, and one that uses none at all waits for ever.
"""

from __future__ import annotations

import os
import pathlib
import resource
import signal
import subprocess
from typing import NamedTuple

# A mutant that allocates without end must not take the machine with it.
MOST_MEMORY = 6 << 30

# How long a program may go without using any CPU. Tests with real sockets wait for seconds.
MOST_IDLE_SECONDS = 60


class Finished(NamedTuple):
    status: int  # as of subprocess: negative for a signal
    output: str
    errors: str
    hung: bool  # ended here, because it used too much CPU or none
    seconds: float  # of CPU


def cpu_seconds() -> float:
    """CPU time of all programs that this process has run and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(
    command: list[str | pathlib.Path], limit: float, idle: int = MOST_IDLE_SECONDS
) -> Finished:
    """`limit`: seconds of CPU, of the program and what it forks; `idle`: of real time without."""
    before = cpu_seconds()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=_bound_memory,
    )
    used, still = 0.0, 0
    while True:
        try:
            output, errors = process.communicate(timeout=1)
            return Finished(process.returncode, output, errors, False, cpu_seconds() - before)
        except subprocess.TimeoutExpired:
            now, runnable = _look_at_group(process.pid)
            still = still + 1 if now <= used and not runnable else 0
            used = max(used, now)
            if used > limit or still >= idle:
                break
    # With whatever it has forked.
    os.killpg(process.pid, signal.SIGKILL)
    output, errors = process.communicate()
    return Finished(process.returncode, output, errors, True, cpu_seconds() - before)


def _look_at_group(group: int) -> tuple[float, bool]:
    """CPU seconds of the living processes of a group; whether one of them waits for the CPU."""
    ticks, runnable = 0, False
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name stands in parentheses and may hold anything: what counts comes after it.
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
            runnable = runnable or fields[0] in "RD"
    return ticks / os.sysconf("SC_CLK_TCK"), runnable


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
