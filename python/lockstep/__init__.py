"""Event capture that loses nothing silently, and simulations that prove it, in virtual time.

- :class:`Simulation`: clients, network and ingestion server on one virtual clock
- :class:`Client`: the production client; :class:`MockServer`: a scripted server on a real port
- :mod:`lockstep.openfeature`, :mod:`lockstep.providers`: feature flags and tracking
- :mod:`lockstep.telemetry`: how a command-line tool is used
- :func:`load`, :func:`explore`: scenario files and the explorer
- fixtures and scenario files in pytest: ``lockstep.pytest_plugin``
"""

from . import _lockstep, _results

_lockstep.use_tuples(_results.TUPLES)

from . import openfeature, providers, telemetry  # noqa: E402
from ._client import Client  # noqa: E402
from ._explore import Exploration, Failure, explore  # noqa: E402
from ._lockstep import ConfigError, FlushHandle  # noqa: E402
from ._results import (  # noqa: E402
    CaptureResult,
    ErrorReport,
    EventError,
    Flag,
    FlagResult,
    FlushReport,
    LaneStats,
    Outcome,
    Request,
    RequestReport,
    Response,
    Stats,
    StoredEvent,
    TraceEntry,
    Violation,
)
from ._scenarios import (  # noqa: E402
    FailedStep,
    Scenario,
    ScenarioError,
    ScenarioResult,
    Shrunk,
    contract,
    load,
    loads,
    replay,
    scenario_of_seed,
)
from ._server import MockServer, Server  # noqa: E402
from ._simulation import Fault, Passing, SimClient, Simulation  # noqa: E402
from ._trace import Trace  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "CaptureResult",
    "Client",
    "ConfigError",
    "ErrorReport",
    "EventError",
    "Exploration",
    "FailedStep",
    "Failure",
    "Fault",
    "Flag",
    "FlagResult",
    "FlushHandle",
    "FlushReport",
    "LaneStats",
    "MockServer",
    "Outcome",
    "Passing",
    "Request",
    "RequestReport",
    "Response",
    "Scenario",
    "ScenarioError",
    "ScenarioResult",
    "Server",
    "Shrunk",
    "SimClient",
    "Simulation",
    "Stats",
    "StoredEvent",
    "Trace",
    "TraceEntry",
    "Violation",
    "contract",
    "explore",
    "load",
    "loads",
    "openfeature",
    "providers",
    "replay",
    "scenario_of_seed",
    "telemetry",
]
