"""A simulation: SDK clients, their network and the ingestion server on one virtual clock."""

from __future__ import annotations

import datetime
import types
import weakref
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Type, Union

from . import _lockstep
from ._base import ClientBase, Seconds
from ._callables import FAILED, Owner, native_options, weakly
from ._results import FlagResult, FlushReport, Outcome, Request, StoredEvent
from ._server import Server
from ._trace import Trace, snapshot

#: The simulations that there are, for the pytest plugin.
living: "weakref.WeakSet[Simulation]" = weakref.WeakSet()

#: Time passes freely up to here: a year.
LONGEST = 366 * 86400.0


class Fault(NamedTuple):
    """What the network does to one request, beside what the server answers."""

    kind: Optional[str] = None  #: as :class:`Response` names faults; None: it arrives
    delay: Seconds = 0.0
    fault_bytes: int = 0


class Passing(NamedTuple):
    """A request on its way, as the network knows it."""

    path: str
    at: float
    number: int  #: of all requests so far


NetworkFunction = Callable[[Passing], Union[None, str, Fault]]


class SimClient(ClientBase, Owner):
    """The SDK's client in a simulation. ``Simulation.client()`` makes it.

    The calls that wait (flush, shutdown, get_feature_flag) let virtual time pass until they have
    their answer.
    """

    def __init__(self, simulation: Simulation, name: str, options: Dict[str, Any]) -> None:
        self._own_callables()
        self._simulation = simulation
        #: What the trace and the outcomes call it.
        self.name = name
        native = native_options(self, options)
        super().__init__(options=native, simulation=simulation._native, name=name)

    def _raised(self, name: str, error: BaseException) -> None:
        self._simulation._raised(name, error)

    def flush(self, timeout: Seconds = 10.0) -> FlushReport:
        """Sends what was captured; returns when all of it has its outcome, or at the deadline."""
        with self._simulation._surfacing():
            return super().flush(timeout)

    def shutdown(self, timeout: Optional[Seconds] = None) -> FlushReport:
        """Delivers what it can until the deadline, drops the rest, refuses captures from now on."""
        with self._simulation._surfacing():
            return super().shutdown(timeout)

    def get_feature_flag(
        self,
        key: str,
        distinct_id: str,
        groups: Optional[Dict[str, str]] = None,
        person_properties: Optional[Dict[str, Any]] = None,
        send_event: bool = True,
    ) -> FlagResult:
        """Asks the server for a flag."""
        with self._simulation._surfacing():
            return super().get_feature_flag(key, distinct_id, groups, person_properties, send_event)

    @property
    def outcomes(self) -> List[Outcome]:
        """The ends of this client's events, in the order in which they came."""
        return [o for o in self._simulation.outcomes if o.where and o.where[0] == self.name]

    def __enter__(self) -> SimClient:
        return self

    def __repr__(self) -> str:
        return f"<SimClient {self.name!r}>"


class Simulation(Owner):
    """Clients, network, server and every wait on one virtual clock.

    Nothing happens unless somebody lets time pass: :meth:`run_for`, :meth:`run_until`,
    :meth:`run_until_idle`, or a call of a client that waits. What a callable raises (a responder,
    a hook, an observer, a network function) stops time at that instant and is raised by the call
    that let it pass; the simulation goes on from there when it is told to.

    ``latency`` is the network's, each way or as a pair (there, back). ``start`` is the wall time at
    which it begins: 2025-01-01T00:00:00Z unless it is given. Without ``keep_trace`` a long run
    keeps the digest of its trace alone. One thread at a time.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        latency: Union[Seconds, Tuple[Seconds, Seconds]] = 0.001,
        start: Union[datetime.datetime, float, None] = None,
        strict: bool = False,
        keep_trace: bool = True,
        name: str = "simulation",
    ) -> None:
        uplink, downlink = latency if isinstance(latency, tuple) else (latency, latency)
        self.seed = seed
        self.name = name
        #: The scripted server.
        self.server = Server(strict=strict)
        self._native = _lockstep.Simulation(
            self.server._native, seed, uplink, downlink, start, keep_trace
        )
        self._own_callables()
        self._errors: List[BaseException] = []
        self._passing = False
        #: The clients, in the order in which they were made.
        self.clients: List[SimClient] = []
        self._let_server_surface()
        living.add(self)

    def _let_server_surface(self) -> None:
        # A weak link: the server must not keep the simulation alive, nor the other way round.
        self._callables["raised"] = self._errors.append
        heard = weakly(self, "raised")
        stop = self._native.stop

        def surface(error: BaseException) -> None:
            heard(error)
            stop()

        self.server._surface = surface

    def client(
        self,
        name: Optional[str] = None,
        *,
        api_key: str = "phc_simulation",
        host: str = "http://ingest.test",
        **options: Any,
    ) -> SimClient:
        """A client of the SDK. ``options`` are those of the SDK, durations in seconds."""
        name = name or f"client-{len(self.clients) + 1}"
        made = SimClient(self, name, {"api_key": api_key, "host": host, **options})
        self.clients.append(made)
        return made

    # --- time -------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Seconds since the simulation began."""
        return self._native.now

    @property
    def wall_time(self) -> datetime.datetime:
        """The date that clients put on events."""
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return epoch + datetime.timedelta(seconds=self._native.wall_time)

    @property
    def steps(self) -> int:
        """How many turns of its loop it has made."""
        return self._native.steps

    @property
    def next_instant(self) -> Optional[float]:
        """When something is due; None: it is idle."""
        return self._native.next_instant()

    def run_for(self, span: Seconds) -> None:
        """Lets time pass, doing what is due on the way."""
        self._refuse_inside()
        with self._surfacing():
            self._native.run_for(span)

    def run_until(
        self, when: Union[Seconds, Callable[[], bool]], *, limit: Seconds = LONGEST
    ) -> bool:
        """Lets time pass until then (seconds since the beginning), or until a function is true.

        The function is asked after each instant at which something happened; True when it was
        true, False when nothing is due any more or ``limit`` has passed.
        """
        self._refuse_inside()
        if not callable(when):
            with self._surfacing():
                self._native.run_until(when)
            return True
        end = self.now + (
            limit.total_seconds() if isinstance(limit, datetime.timedelta) else float(limit)
        )
        self.run_until(self.now)
        while not when():
            due = self.next_instant
            if due is None or due > end:
                return False
            self.run_until(due)
        return True

    def run_until_idle(self, limit: Seconds = LONGEST) -> bool:
        """Lets time pass until nothing is due, or ``limit`` has passed. True: it is idle."""
        self._refuse_inside()
        with self._surfacing():
            return self._native.run_until_idle(limit)

    def jump_wall(self, by: Seconds) -> None:
        """Sets the wall clock forward or back; monotonic time does not notice."""
        self._native.jump_wall(by)

    def set_wall_drift(self, parts_per_million: int) -> None:
        """Lets the wall clock run fast or slow from now on."""
        self._native.set_wall_drift(parts_per_million)

    # --- faults -----------------------------------------------------------------------------------

    def network(self, function: Optional[NetworkFunction]) -> Optional[NetworkFunction]:
        """Asks a function about each request before it reaches the server: None lets it pass, a
        :class:`Fault` or its name does not. None takes the function away. Also a decorator."""
        if function is None:
            self._callables.pop("network", None)
            self._native.set_network(None)
            return None
        asked = function

        def ask(path: str, at: float, number: int) -> Any:
            fault = asked(Passing(path, at, number))
            if fault is None:
                return None
            if isinstance(fault, str):
                fault = Fault(fault)
            return _lockstep.NetworkFault(fault.kind, fault.fault_bytes, fault.delay)

        self._callables["network"] = ask
        call = weakly(self, "network")
        failed = _lockstep.NetworkFault("reset_before", 0, 0.0)

        def ask_or_fail(*passing: Any) -> Any:
            answer = call(*passing)
            return failed if isinstance(answer, tuple) and answer == FAILED else answer

        self._native.set_network(ask_or_fail)
        return function

    # --- what happened ----------------------------------------------------------------------------

    @property
    def requests(self) -> List[Request]:
        """What the server saw and answered, in order of arrival."""
        return self.server.requests

    @property
    def stored(self) -> List[StoredEvent]:
        """The events the server stored, after deduplication."""
        return self.server.stored

    @property
    def outcomes(self) -> List[Outcome]:
        """The ends of all clients' events, in the order in which they came."""
        return self._native.outcomes()

    @property
    def delays(self) -> List[float]:
        """The seconds between one request and the next."""
        times = [request.at for request in self.requests]
        return [round(after - before, 9) for before, after in zip(times, times[1:])]

    @property
    def trace(self) -> Trace:
        """All that happened so far."""
        return snapshot(self._native, self.name)

    @property
    def digest(self) -> int:
        """Of the trace: two runs are the same when their digests are equal."""
        return self._native.digest

    def check(self) -> None:
        """Raises AssertionError where a ledger does not balance or an engine's law is broken."""
        for client in self.clients:
            for lane, stats in client.stats().lanes.items():
                assert stats.balances, f"{client.name}: the ledger of {lane} does not balance"
        broken = self._native.broken_invariant()
        assert broken is None, broken

    # --- errors of callables ----------------------------------------------------------------------

    def _raised(self, name: str, error: BaseException) -> None:
        self._errors.append(error)
        self._native.stop()

    @contextmanager
    def _surfacing(self) -> Iterator[None]:
        """Around a call that lets time pass."""
        if self._passing:
            # In a callable, where nothing can wait: the SDK says "deferred" itself.
            yield
            return
        self._passing = True
        try:
            yield
        finally:
            self._passing = False
        if self._errors:
            first = self._errors[0]
            self._errors.clear()
            raise first

    def _refuse_inside(self) -> None:
        if self._passing:
            raise RuntimeError("a callable of the simulation cannot let time pass")

    def __enter__(self) -> Simulation:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        if error is None:
            for client in self.clients:
                client.shutdown()

    def __repr__(self) -> str:
        return (
            f"<Simulation seed {self.seed} at {self.now:g}s: {len(self.clients)} clients, "
            f"{self.server.request_count} requests>"
        )
