"""The explorer from Python: runs made up from seeds, over any number of processes or machines.

Seeds are split into ranges. A range's result is a function of the range and the settings alone, so
a range whose worker was lost is run again, and the merged result is the same whoever ran what.
"""

from __future__ import annotations

import concurrent.futures
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import _lockstep
from ._scenarios import Scenario, ScenarioResult, Shrunk, loads

#: How often a range is started before whatever loses it is taken for its own fault.
MOST_STARTS = 5

_BITS = (1 << 64) - 1
_FNV_PRIME = 0x100000001B3
_FNV_START = 0xCBF29CE484222325


class Settings(NamedTuple):
    """What a range of seeds means, beside its seeds."""

    novelty: bool = True
    round: int = 1024
    verify_one_in: int = 50
    stop_after: int = 1
    capture: Optional[str] = None
    workload: Optional[str] = None


class SeedRange(NamedTuple):
    first: int
    size: int


@dataclass(frozen=True)
class Failure:
    """A run in which a behaviour was broken: the first of its kind."""

    seed: int  #: the number of the run
    from_seed: bool  #: the seed alone makes the run again
    behaviour: str  #: that was broken
    expected: str
    seen: str
    explanation: str
    yaml: str = field(repr=False)  #: the whole run as a scenario file

    @property
    def scenario(self) -> Scenario:
        (scenario,) = loads(self.yaml, f"seed-{self.seed}.yaml")
        return scenario

    def shrink(self, limit: int = 20_000) -> Shrunk:
        """The smallest scenario that fails in the same way."""
        return self.scenario.shrink(limit)

    def open(self) -> ScenarioResult:
        """Runs it again, with the trace that draws itself in a notebook."""
        return self.scenario.run()


@dataclass(frozen=True)
class Exploration:
    """What came of ranges of seeds, together."""

    runs: int
    failed_runs: int
    verified: int  #: runs that were made again, for the laws of determinism and time
    digest: int  #: over the traces of all runs, in the order of the ranges
    virtual_time: float
    failures: List[Failure]
    families: Dict[str, int]  #: in how many runs each had an operation
    transitions: Dict[int, int] = field(repr=False)  #: in how many runs each kind of step was seen
    transitions_of_seeds: Dict[int, int] = field(repr=False)  #: of those made from their seed alone
    seed_runs: int = 0  #: how many runs were made so
    capture: Optional[str] = None  #: the protocol of all runs; None: it was drawn
    workload: Optional[str] = None  #: what all runs were about; None: it was drawn

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def missing_families(self) -> List[str]:
        """What no run had: a batch in which one stands still has not tested it."""
        names = _lockstep.family_names(self.capture, self.workload)
        return [name for name in names if name not in self.families]

    @property
    def unseen_probability(self) -> float:
        """How likely the next seed is to show a kind of step not seen yet, at most."""
        once = sum(1 for runs in self.transitions_of_seeds.values() if runs == 1)
        return min(1.0, once / self.seed_runs) if self.seed_runs else 1.0


RangeResult = Dict[str, Any]
Work = Callable[[SeedRange, Settings], RangeResult]


def explore_range(seeds: SeedRange, settings: Settings) -> RangeResult:
    """One range on this thread. A plain function of plain values, so it can run anywhere."""
    return _lockstep.explore_range(
        seeds.first,
        seeds.size,
        1,
        settings.novelty,
        settings.round,
        settings.verify_one_in,
        settings.stop_after,
        settings.capture,
        settings.workload,
    )


def ranges_of(seeds: Union[int, range], size: int) -> List[SeedRange]:
    """Seeds 1 to n, or a range without gaps, in pieces of ``size`` (the last may be smaller)."""
    whole = range(1, seeds + 1) if isinstance(seeds, int) else seeds
    if whole.step != 1 or (len(whole) and whole[0] < 0):
        raise ValueError("seeds: expected a number, or a range of step 1 that is not negative")
    if size < 1:
        raise ValueError("range_size: expected at least 1")
    starts = range(0, len(whole), size)
    return [SeedRange(whole[at], min(size, len(whole) - at)) for at in starts]


def merge(
    results: Sequence[RangeResult], capture: Optional[str] = None, workload: Optional[str] = None
) -> Exploration:
    """The results of ranges, in the order of the ranges."""
    digest = _FNV_START
    families: Dict[str, int] = {}
    transitions: Dict[int, int] = {}
    of_seeds: Dict[int, int] = {}
    failures: Dict[str, Failure] = {}
    for result in results:
        for byte in int(result["digest"]).to_bytes(8, "little"):
            digest = ((digest ^ byte) * _FNV_PRIME) & _BITS
        for name, runs in result["families"].items():
            families[name] = families.get(name, 0) + runs
        for kind, runs in result["transitions"].items():
            transitions[kind] = transitions.get(kind, 0) + runs
        for kind, runs in result["transitions_of_seeds"].items():
            of_seeds[kind] = of_seeds.get(kind, 0) + runs
        for failure in result["failures"]:
            failures.setdefault(failure["behaviour"], Failure(**failure))
    return Exploration(
        runs=sum(result["runs"] for result in results),
        failed_runs=sum(result["failed_runs"] for result in results),
        verified=sum(result["verified"] for result in results),
        digest=digest,
        virtual_time=sum(result["virtual_ns"] for result in results) / 1e9,
        failures=list(failures.values()),
        families=dict(sorted(families.items())),
        transitions=dict(sorted(transitions.items())),
        transitions_of_seeds=dict(sorted(of_seeds.items())),
        seed_runs=sum(result["seed_runs"] for result in results),
        capture=capture,
        workload=workload,
    )


def _is_lost(error: BaseException) -> bool:
    """Whether the worker was lost, rather than the work wrong.

    By name, so that neither Dask nor anything else has to be installed.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"BrokenExecutor", "KilledWorker", "CancelledError", "CommClosedError"})


def _run_on(
    executor: Any, todo: Dict[int, SeedRange], settings: Settings, work: Work
) -> Tuple[Dict[int, RangeResult], Optional[BaseException]]:
    """What came back, and why the rest did not."""
    # Dask takes equal calls for one unless it is told; other executors know no such word.
    extra = {"pure": False} if hasattr(executor, "scheduler_info") else {}
    futures: Dict[int, Any] = {}
    done: Dict[int, RangeResult] = {}
    lost: Optional[BaseException] = None
    try:
        for number, seeds in todo.items():
            futures[number] = executor.submit(work, seeds, settings, **extra)
    except Exception as error:
        if not _is_lost(error):
            raise
        lost = error
    for number, future in futures.items():
        try:
            done[number] = future.result()
        except (Exception, concurrent.futures.CancelledError) as error:
            if not _is_lost(error):
                raise
            lost = error
    return done, lost


def explore(
    seeds: Union[int, range] = 10_000,
    executor: Any = None,
    *,
    range_size: int = 2048,
    novelty: bool = True,
    round: int = 1024,
    verify_one_in: int = 50,
    stop_after: int = 1,
    capture: Optional[str] = None,
    workload: Optional[str] = None,
    work: Work = explore_range,
) -> Exploration:
    """Makes up runs from seeds (1 to n, or a range), judges them, and merges what was found.

    ``executor`` is any executor of ``concurrent.futures`` (native code runs without the GIL, so
    threads do), a Dask ``Client``, or a function that makes one: an executor that broke with its
    worker is then made anew. Without one the seeds run here. What a range means does not depend on
    it; ``range_size`` is part of what is explored where ``novelty`` is on, because each range
    learns from its own runs alone. A range ends at ``stop_after`` kinds of failures. ``capture``:
    all runs in that protocol ("v0", "v1", "client", "segment", "confidence"); default: drawn.
    ``workload``: all runs about that ("events", "flags"); default: drawn, flags seldom.
    """
    settings = Settings(novelty, round, verify_one_in, stop_after, capture, workload)
    ranges = ranges_of(seeds, range_size)
    if executor is None:
        return merge([work(one, settings) for one in ranges], capture, workload)
    done: Dict[int, RangeResult] = {}
    error: Optional[BaseException] = None
    for _ in range(MOST_STARTS):
        todo = {number: one for number, one in enumerate(ranges) if number not in done}
        if not todo:
            break
        current = executor() if _is_factory(executor) else executor
        results, error = _run_on(current, todo, settings, work)
        done.update(results)
        if _is_factory(executor):
            current.shutdown()
        elif error is not None and isinstance(error, concurrent.futures.BrokenExecutor):
            # It takes no work any more, and cannot be made anew: the rest runs here.
            for number in todo:
                if number not in done:
                    done[number] = work(ranges[number], settings)
    if len(done) < len(ranges):
        raise RuntimeError(f"{len(ranges) - len(done)} ranges were lost again and again") from error
    return merge([done[number] for number in sorted(done)], capture, workload)


def _is_factory(executor: Any) -> bool:
    return callable(executor) and not hasattr(executor, "submit")
