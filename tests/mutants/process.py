"""Runs a program that may hang, crash, or eat the machine."""

from __future__ import annotations

import os
import pathlib
import resource
import signal
import subprocess
from typing import NamedTuple

# A mutant that allocates without end must not take the machine with it.
MOST_MEMORY = 6 << 30


class Finished(NamedTuple):
    status: int  # as of subprocess: negative for a signal
    output: str
    errors: str
    hung: bool  # ended by the time limit
    seconds: float  # of CPU, so that a busy machine does not show


def cpu_seconds() -> float:
    """CPU time of all programs that this process has run and waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(command: list[str | pathlib.Path], limit: float) -> Finished:
    """`limit`: seconds of real time."""
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
    hung = False
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        hung = True
        # With whatever it has forked.
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
    return Finished(process.returncode, output, errors, hung, cpu_seconds() - before)


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
