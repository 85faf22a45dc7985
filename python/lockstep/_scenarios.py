"""Scenario files and the contract of PostHog's shared suite, with results as objects."""

from __future__ import annotations

import os
import pathlib
from dataclasses import dataclass, field
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Union

from . import _lockstep
from ._trace import Trace

Path = Union[str, "os.PathLike[str]"]


class ScenarioError(ValueError):
    """Files that are wrong; ``problems`` has a line for each: FILE:LINE:COLUMN, found, expected."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class FailedStep(NamedTuple):
    number: int  #: from 1; 0: the checks after the last step
    action: str  #: or the name of the check
    line: int
    expected: str
    seen: str


@dataclass(frozen=True)
class ScenarioResult:
    """What came of one scenario, or of one test of the contract."""

    name: str
    file: str
    line: int
    steps: int
    failed: Optional[FailedStep]
    skipped: str  #: why it was not run; empty: it was
    requests: List[str]  #: one line each, as the mock saw them; only of a failure
    nearest: str  #: which request came nearest to what failed
    virtual_time: float
    digest: int
    replay: str  #: the command line that runs just this one again
    suite: str  #: of a contract test
    target: str
    explanation: str  #: what there is to know about a failure, in lines
    trace: Trace = field(compare=False, repr=False)

    @property
    def passed(self) -> bool:
        return self.failed is None and not self.skipped

    def _repr_html_(self) -> str:
        return self.trace._repr_html_()


def _result(given: Dict[str, Any]) -> ScenarioResult:
    failed = given.pop("failed")
    step = None if failed is None else FailedStep(**failed)
    return ScenarioResult(failed=step, trace=Trace(given.pop("recording")), **given)


class Shrunk(NamedTuple):
    scenario: Scenario
    runs: int  #: how many candidates were tried
    finished: bool  #: nothing more can go


class Scenario:
    """A scenario that was read and checked. :func:`load` and :func:`loads` make it."""

    def __init__(self, native: _lockstep.Scenario) -> None:
        self._native = native
        self.name = native.name
        self.description = native.description
        self.file = native.file
        self.line = native.line
        self.steps = native.steps

    def run(self, *, seed: int = 1, trace: bool = True) -> ScenarioResult:
        """Runs it in a world of its own, in virtual time. ``trace`` keeps the trace to look at."""
        return _result(self._native.run(seed, trace))

    def to_yaml(self, comment: str = "") -> str:
        """The file that means it."""
        return self._native.yaml(comment)

    def save(self, path: Path, comment: str = "") -> pathlib.Path:
        file = pathlib.Path(path)
        file.write_text(self.to_yaml(comment), encoding="utf-8")
        return file

    def shrink(self, limit: int = 20_000) -> Shrunk:
        """The smallest scenario that fails as this one does, in at most so many runs.

        Raises ValueError where this one does not fail.
        """
        found = self._native.shrink(limit)
        if found is None:
            raise ValueError(f"{self.name!r} does not fail, so there is nothing to shrink")
        return Shrunk(Scenario(found[0]), found[1], found[2])

    def __repr__(self) -> str:
        return f"<Scenario {self.name!r}: {self.steps} steps>"


def _scenarios(loaded: Any) -> List[Scenario]:
    natives, problems = loaded
    if problems:
        raise ScenarioError(problems)
    return [Scenario(native) for native in natives]


def load(*paths: Path) -> List[Scenario]:
    """The scenarios of files, or of folders of them. Raises ScenarioError for anything wrong."""
    return _scenarios(_lockstep.load_files([os.fspath(path) for path in paths]))


def loads(yaml: str, name: str = "<text>") -> List[Scenario]:
    """The scenarios of a text."""
    return _scenarios(_lockstep.load_text(yaml, name))


def scenario_of_seed(
    seed: int, *, capture: Optional[str] = None, workload: Optional[str] = None
) -> Scenario:
    """The run that the explorer makes from a seed alone, as with ``explore``'s words."""
    return Scenario(_lockstep.scenario_of_seed(seed, capture, workload))


def replay(
    seed: int, *, capture: Optional[str] = None, workload: Optional[str] = None
) -> ScenarioResult:
    """Runs a seed of the explorer again, with its trace."""
    return scenario_of_seed(seed, capture=capture, workload=workload).run()


def contract(
    path: Path,
    *,
    capture: str = "v0",
    compression: str = "none",
    sdk_type: str = "server",
    strict: bool = True,
    seed: int = 1,
    trace: bool = False,
) -> List[ScenarioResult]:
    """Runs those tests of a contract file that are for this SDK with these options."""
    results, problems = _lockstep.run_contract(
        os.fspath(path), capture, compression, sdk_type, strict, seed, trace
    )
    if problems:
        raise ScenarioError(problems)
    return [_result(result) for result in results]
