"""Usage telemetry of a command-line tool: what was run and how it ended, over Segment's batch API.

::

    def main() -> int:
        with telemetry.Telemetry("https://telemetry.example.com", version="1.2.0",
                                 anonymous_id=device_id(), opt_out="MYTOOL_TELEMETRY") as tool:
            with tool.command("objects browse", ["--query"]):
                return browse()

The tool comes first: once it is made, a telemetry raises nothing, waits for nothing (but
:meth:`Telemetry.close`, which is bounded) and says no word, unless it is asked to.
"""

from __future__ import annotations

import functools
import types
import weakref
from contextlib import contextmanager
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Type,
    TypeVar,
)

from . import _lockstep
from ._base import Seconds
from ._callables import Owner, log, native_options, weakly
from ._client import at_interpreters_end
from ._results import Stats

if TYPE_CHECKING:
    from ._simulation import Simulation

__all__ = [
    "Command",
    "Direction",
    "Flow",
    "FlowTracker",
    "Telemetry",
    "UserCancelled",
    "error_class",
    "run_command",
]

Properties = Mapping[str, Any]
Function = TypeVar("Function", bound=Callable[..., Any])

#: What a shell says of a command that the user interrupted.
INTERRUPTED = 130

_open: "weakref.WeakSet[Telemetry]" = weakref.WeakSet()


class UserCancelled(Exception):
    """Raise it where the user ends the command. A KeyboardInterrupt counts as one."""


# Raised around another error to say what was being done, which is in its message only.
_SAY_LITTLE = (Exception, BaseException, RuntimeError)


def error_class(error: Optional[BaseException]) -> str:
    """What an error is called: the first informative type of its chain, never the message, which
    may hold names, paths and secrets of the user."""
    name = ""
    seen: List[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        kind = type(error)
        name = kind.__qualname__
        if kind.__module__ not in ("builtins", "__main__"):
            name = f"{kind.__module__}.{name}"
        if kind not in _SAY_LITTLE:
            return name
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return name


def _exit_code(error: Optional[BaseException]) -> int:
    """As the interpreter would exit."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        return 1
    return INTERRUPTED if _is_cancelled(error) else 1


def _is_cancelled(error: Optional[BaseException]) -> bool:
    return isinstance(error, (KeyboardInterrupt, UserCancelled))


class Telemetry(Owner):
    """Usage telemetry of one invocation of a tool. Thread-safe, except in a simulation.

    Every event carries ``base`` and invocation_id, command, flags, sequence, version,
    operating_system and is_ci, which no call site overrides. One that is off does nothing in every
    call: without an ``endpoint`` or an ``anonymous_id``, with an endpoint that is none, where the
    environment variable named ``opt_out`` is 0, false, no or off, or with DO_NOT_TRACK=1.

    ``debug`` tells ``log`` (a function of a line; default: standard error) of every event and of
    what became of it. ``environment`` stands in for the process's, ``on_event`` sees every event as
    it is captured; neither function may capture events itself. ``client`` are options of the client
    underneath. A wrong type is a TypeError.

    A context manager: it closes at the end of the block, and at the interpreter's end.
    """

    def __init__(
        self,
        endpoint: str = "",
        *,
        write_key: str = "",
        version: str = "",
        anonymous_id: str = "",
        user_id: str = "",
        base: Optional[Properties] = None,
        opt_out: str = "",
        debug: bool = False,
        log: Optional[Callable[[str], object]] = None,
        close_timeout: Seconds = 0.5,
        environment: Optional[Mapping[str, str]] = None,
        on_event: Optional[Callable[[Dict[str, Any]], object]] = None,
        client: Optional[Mapping[str, Any]] = None,
        simulation: Optional[Simulation] = None,
        name: str = "telemetry",
    ) -> None:
        self._own_callables()
        self._simulation = simulation
        given: Dict[str, Any] = {
            "endpoint": endpoint,
            "write_key": write_key,
            "version": version,
            "anonymous_id": anonymous_id,
            "user_id": user_id,
            "base": dict(base or {}),
            "opt_out": opt_out,
            "debug": debug,
            "close_timeout": close_timeout,
        }
        for option, function in (("log", log), ("on_event", on_event)):
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"{option}: found {type(function).__name__}; expected a callable")
            self._callables[option] = function
            given[option] = weakly(self, option)
        if environment is not None:
            given["environment"] = dict(environment)
        if client is not None:
            given["client"] = native_options(self, dict(client))
        self._native = _lockstep.Telemetry(
            given, None if simulation is None else simulation._native, name
        )
        _open.add(self)

    @property
    def enabled(self) -> bool:
        return self._native.enabled

    def identify(self, traits: Properties) -> None:
        """Sets traits of the user or the device."""
        with self._quietly("identify"):
            self._native.identify(dict(traits))

    def track(self, event: str, properties: Optional[Properties] = None) -> None:
        """Captures an event. ``sequence`` counts those of this invocation from 1, without gaps."""
        with self._quietly(event):
            self._native.track(str(event), dict(properties or {}))

    def command_started(self, command: str, flags: Sequence[str] = ()) -> None:
        """The command's path, and the names of its flags without their values. Captures "Command
        Invoked"."""
        with self._quietly("Command Invoked"):
            self._native.command_started(str(command), list(flags))

    def command_completed(
        self,
        *,
        exit_code: int = 0,
        error: Optional[BaseException] = None,
        user_cancelled: bool = False,
        duration: Seconds = 0.0,
    ) -> None:
        """Captures "Command Completed", once; nothing where no command has started."""
        with self._quietly("Command Completed"):
            self._native.command_completed(
                exit_code, error_class(error), user_cancelled, duration
            )

    def command(self, name: str, flags: Sequence[str] = ()) -> Command:
        """A context manager, and a decorator, around a command; see :class:`Command`."""
        return Command(self, name, flags)

    def close(self) -> None:
        """Sends what was captured, and returns within ``close_timeout`` whatever the endpoint does.
        What did not make it is lost; later events too."""
        with self._quietly("close"):
            self._native.close()

    def now(self) -> float:
        """Monotonic seconds, virtual ones in a simulation; 0 where telemetry is off."""
        return self._native.now()

    def stats(self) -> Stats:
        """The ledger of the client underneath; empty where telemetry is off."""
        return self._native.stats()

    @contextmanager
    def _quietly(self, what: str) -> Iterator[None]:
        """Around a call that must not trouble the tool; what callables raise in a simulation is
        raised, since there a test wants to know."""
        if self._simulation is not None:
            with self._simulation._surfacing(), _told(what):
                yield
        else:
            with _told(what):
                yield

    def _raised(self, name: str, error: BaseException) -> None:
        if self._simulation is not None:
            self._simulation._raised(name, error)
        else:
            log.error("%s raised", name, exc_info=error)

    def __enter__(self) -> Telemetry:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Telemetry {'on' if self.enabled else 'off'}>"


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Properties that JSON cannot hold, and other mistakes of a call site: logged, the event is
    lost."""
    try:
        yield
    except (TypeError, ValueError) as problem:
        log.warning("telemetry: %r was refused: %s", what, problem)


def _close_all() -> None:
    for telemetry in list(_open):
        if telemetry._simulation is None:
            telemetry.close()


at_interpreters_end(_close_all)


class Command:
    """Around a command: "Command Invoked" when it begins, "Command Completed" when it ends.

    As a context manager it looks at what is raised: an exception fails the command, a
    KeyboardInterrupt or :class:`UserCancelled` cancels it, SystemExit has its code. ``exit_code``
    may be set on the way. As a decorator an int that the function returns is the exit code.
    Nothing is swallowed, and the telemetry stays open.
    """

    def __init__(self, telemetry: Telemetry, name: str, flags: Sequence[str] = ()) -> None:
        self._telemetry = telemetry
        self._name = name
        self._flags = flags
        self._start = 0.0
        #: What the command exits with, where nothing is raised.
        self.exit_code = 0

    def __enter__(self) -> Command:
        self._start = self._telemetry.now()
        self._telemetry.command_started(self._name, self._flags)
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        _complete(self._telemetry, self._start, self.exit_code, error)

    def __call__(self, function: Function) -> Function:
        @functools.wraps(function)
        def run(*arguments: Any, **named: Any) -> Any:
            with Command(self._telemetry, self._name, self._flags) as command:
                answer = function(*arguments, **named)
                if isinstance(answer, int) and not isinstance(answer, bool):
                    command.exit_code = int(answer)
                return answer

        return run  # type: ignore[return-value]


def _complete(
    telemetry: Telemetry, start: float, exit_code: int, error: Optional[BaseException]
) -> None:
    is_exit = isinstance(error, SystemExit)
    telemetry.command_completed(
        exit_code=exit_code if error is None else _exit_code(error),
        error=None if is_exit else error,
        user_cancelled=_is_cancelled(error),
        duration=telemetry.now() - start,
    )


def run_command(telemetry: Telemetry, command: Callable[[], Optional[int]]) -> int:
    """Runs a command, which returns its exit code (None: 0); says how it ended, if it has called
    :meth:`Telemetry.command_started`; closes. What the command raises is raised after that."""
    start = telemetry.now()
    raised: Optional[BaseException] = None
    exit_code = 0
    try:
        exit_code = command() or 0
        return exit_code
    except BaseException as error:
        raised = error
        raise
    finally:
        _complete(telemetry, start, exit_code, raised)
        telemetry.close()


# --- flows ----------------------------------------------------------------------------------------


class Direction(str, Enum):
    """Which way a plan changes, for flows that change one."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class Flow(NamedTuple):
    """A row of a tool's catalogue: the flow's name as its events have it, and its steps."""

    name: str
    steps: Sequence[str] = ()


class FlowTracker:
    """One walk through a flow: "CLI Auth Started", then completed, failed or aborted. Its events
    have the current step, its place among the flow's steps, and the time since the start.

    As a context manager: the end of the block completes the flow, an exception fails it, a
    KeyboardInterrupt, :class:`UserCancelled` or SystemExit aborts it, unless it has ended before.
    One that is let go of is aborted. One thread at a time.
    """

    def __init__(
        self, telemetry: Telemetry, flow: Flow, properties: Optional[Properties] = None
    ) -> None:
        self._telemetry = telemetry
        self.flow = flow
        self._native: Optional[_lockstep.FlowTracker] = None
        with telemetry._quietly(flow.name):
            self._native = _lockstep.FlowTracker(
                telemetry._native, flow.name, list(flow.steps), dict(properties or {})
            )

    def step(self, name: str) -> None:
        """The step that begins now."""
        with self._telemetry._quietly(self.flow.name):
            if self._native is not None:
                self._native.step(str(name))

    @property
    def current_step(self) -> str:
        return "" if self._native is None else self._native.current_step

    @property
    def duration(self) -> float:
        """Seconds since the start."""
        return 0.0 if self._native is None else self._native.duration

    def completed(self, properties: Optional[Properties] = None) -> None:
        """The first of these ends it; the others do nothing."""
        with self._telemetry._quietly(self.flow.name):
            if self._native is not None:
                self._native.completed(dict(properties or {}))

    def failed(self, error: BaseException) -> None:
        """With the error's class."""
        with self._telemetry._quietly(self.flow.name):
            if self._native is not None:
                self._native.failed(error_class(error))

    def aborted(self) -> None:
        with self._telemetry._quietly(self.flow.name):
            if self._native is not None:
                self._native.aborted()

    def __enter__(self) -> FlowTracker:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        if error is None:
            self.completed()
        elif _is_cancelled(error) or isinstance(error, SystemExit):
            self.aborted()
        else:
            self.failed(error)
