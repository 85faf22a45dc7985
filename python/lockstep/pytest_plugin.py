"""Lockstep in pytest: the fixtures ``sim`` and ``mock_server``, and scenario files as tests.

A failing test shows the seed, the requests and the trace of each simulation that it made, and where
its timeline was written. ``*.scenario.yaml`` files are collected, a test for each scenario.
"""

from __future__ import annotations

import pathlib
import re
from typing import Any, Generator, Iterator, List, Optional, Tuple, Union

import pytest

from . import _simulation
from ._scenarios import Scenario, ScenarioError, ScenarioResult, load
from ._server import MockServer, Server
from ._simulation import Simulation
from ._trace import Trace

ENDING = ".scenario.yaml"
MOST_LINES = 200


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lockstep")
    group.addoption(
        "--lockstep-seed",
        type=int,
        default=1,
        metavar="N",
        help="seed of the fixture sim, and of scenarios that name none (default: 1)",
    )


def pytest_report_header(config: pytest.Config) -> str:
    return f"lockstep: seed {config.getoption('--lockstep-seed')}"


@pytest.fixture
def lockstep_seed(request: pytest.FixtureRequest) -> int:
    """The seed of this session: ``--lockstep-seed``."""
    seed: int = request.config.getoption("--lockstep-seed")
    return seed


@pytest.fixture
def sim(lockstep_seed: int, request: pytest.FixtureRequest) -> Simulation:
    """A simulation with the session's seed, named after the test."""
    return Simulation(seed=lockstep_seed, name=request.node.name)


@pytest.fixture
def mock_server() -> Iterator[MockServer]:
    """The scripted mock server on a free port, in real time: ``mock_server.url``."""
    with MockServer() as server:
        yield server


# --- what a failing test shows --------------------------------------------------------------------


def _lines(texts: List[str]) -> str:
    left_out = len(texts) - MOST_LINES
    shown = texts[:MOST_LINES]
    return "\n".join([*shown, f"... and {left_out} more"] if left_out > 0 else shown)


def _write_timeline(item: pytest.Item, trace: Trace, number: int) -> Optional[pathlib.Path]:
    factory = getattr(item.config, "_tmp_path_factory", None)
    if factory is None:
        return None
    folder: pathlib.Path = factory.getbasetemp() / "lockstep"
    folder.mkdir(exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", item.nodeid)[-120:]
    return trace.save(folder / f"{name}-{number}.html")


def _sections(item: pytest.Item, simulation: Simulation, number: int) -> List[Tuple[str, str]]:
    trace = simulation.trace
    timeline = _write_timeline(item, trace, number)
    requests = [repr(request) for request in simulation.requests]
    head = [f"seed {simulation.seed}; again: --lockstep-seed={simulation.seed}"]
    if timeline is not None:
        head.append(f"timeline: {timeline}")
    title = f"lockstep {simulation.name}"
    return [
        (f"{title}: {len(requests)} requests", _lines(head + requests)),
        (f"{title}: trace", _lines(str(trace).splitlines())),
    ]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, None, None]:
    """Simulations are a test's own when they were made while it ran."""
    _simulation.living.clear()
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    made = sorted(_simulation.living, key=lambda simulation: simulation.name)
    for number, simulation in enumerate(made, 1):
        report.sections.extend(_sections(item, simulation, number))
    server = getattr(item, "funcargs", {}).get("mock_server")
    if isinstance(server, Server):
        requests = [repr(request) for request in server.requests]
        report.sections.append(
            (f"lockstep mock_server: {len(requests)} requests", _lines(requests))
        )
    if isinstance(item, ScenarioItem) and item.result is not None:
        timeline = _write_timeline(item, item.result.trace, 1)
        text = _lines([f"timeline: {timeline}", *str(item.result.trace).splitlines()])
        report.sections.append(("lockstep: trace", text))


# --- scenario files -------------------------------------------------------------------------------


class ScenarioFailed(Exception):
    pass


class ScenarioItem(pytest.Item):
    scenario: Scenario
    result: Optional[ScenarioResult] = None

    def runtest(self) -> None:
        self.result = self.scenario.run(seed=self.config.getoption("--lockstep-seed"))
        if not self.result.passed:
            raise ScenarioFailed(self.result.explanation)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        if isinstance(excinfo.value, ScenarioFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> Tuple[Union[pathlib.Path, str], Optional[int], str]:
        return self.path, self.scenario.line - 1, self.scenario.name


class ScenarioFile(pytest.File):
    def collect(self) -> Iterator[ScenarioItem]:
        try:
            scenarios = load(self.path)
        except ScenarioError as error:
            raise self.CollectError(str(error)) from None
        for scenario in scenarios:
            item = ScenarioItem.from_parent(self, name=scenario.name)
            item.scenario = scenario
            yield item


def pytest_collect_file(
    file_path: pathlib.Path, parent: pytest.Collector
) -> Optional[ScenarioFile]:
    if not file_path.name.endswith(ENDING):
        return None
    found: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return found
