"""The scripted mock server: in a simulation, or on a real port."""

from __future__ import annotations

import types
from typing import Any, Callable, Dict, List, Mapping, Optional, Type, TypeVar, Union, cast

from . import _lockstep
from ._callables import FAILED, Owner, weakly
from ._results import Flag, Request, Response, StoredEvent, Violation

Answer = Union[int, Response, Dict[str, Any]]
Responder = Callable[[Request], Optional[Answer]]
AnyResponder = TypeVar("AnyResponder", bound=Optional[Responder])


class Server(Owner):
    """Answers as PostHog's ingestion does, except where it is told otherwise."""

    def __init__(
        self, *, strict: bool = False, latency: float = 0.0, max_requests: int = 100_000
    ) -> None:
        self._native = _lockstep.Server(
            strict=strict, latency=float(latency), max_requests=max_requests
        )
        self._own_callables()
        self._answer_function = weakly(self, "responder")
        #: What responders raised, where nobody else heard of it.
        self.errors: List[BaseException] = []
        self._surface: Optional[Callable[[BaseException], None]] = None

    def respond(self, *answers: Answer) -> None:
        """Adds answers to the queue: statuses, :class:`Response` objects, or dicts as the server's
        JSON scripts have them. Once the queue is empty the server answers as PostHog does."""
        self._native.enqueue(list(answers))

    def respond_with(self, responder: AnyResponder) -> AnyResponder:
        """Asks a function for each answer, before the queue: from a :class:`Request` to an answer,
        or to None for what the queue says. None takes the function away. Also a decorator."""
        if responder is None:
            self._callables.pop("responder", None)
            self._native.set_responder(None)
            return responder

        function = cast(Responder, responder)

        def answer(request: Request) -> Any:
            given = function(request)
            return None if given is None else _lockstep.step(given)

        self._callables["responder"] = answer
        ask = self._answer_function

        def ask_or_fail(request: Request) -> Any:
            step = ask(request)
            return _lockstep.step(500) if step == FAILED else step

        self._native.set_responder(ask_or_fail)
        return responder

    def script(self, script: Dict[str, Any]) -> None:
        """Replaces the script: responses, default, sequences, limits, as POST
        /_control/configure takes it."""
        self._native.script(script)

    def set_flags(self, flags: Mapping[str, Flag]) -> None:
        """What the flag backends know from now on, one definition for all of them."""
        for key, flag in flags.items():
            if not isinstance(flag, Flag):
                raise TypeError(f"flags.{key}: found {type(flag).__name__}; expected a Flag")
        self._native.script({"flags": {key: flag.to_json() for key, flag in flags.items()}})

    @property
    def requests(self) -> List[Request]:
        """What it saw and answered, in order of arrival."""
        return self._native.requests()

    @property
    def request_count(self) -> int:
        return self._native.request_count()

    @property
    def stored(self) -> List[StoredEvent]:
        """The events it stored, after deduplication."""
        return self._native.stored()

    @property
    def stored_count(self) -> int:
        """How many they are."""
        return self._native.stored_count()

    @property
    def violations(self) -> List[Violation]:
        """Breaches of the protocol; only of a strict server."""
        return self._native.violations()

    @property
    def unrouted(self) -> List[str]:
        """Requests to where the server has nothing: method and path."""
        return self._native.unrouted()

    def clear(self) -> None:
        """Forgets requests and stored events; what it was told to answer stays."""
        self._native.clear_requests()

    def reset(self) -> None:
        """Forgets everything."""
        self.respond_with(None)
        self._native.reset()

    def _raised(self, name: str, error: BaseException) -> None:
        if self._surface is not None:
            self._surface(error)
        else:
            self.errors.append(error)


class MockServer(Server):
    """The mock server on a real port, in real time. A context manager.

    What a responder raises is answered with a 500 and raised by :meth:`stop`.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        strict: bool = False,
        latency: float = 0.0,
        max_requests: int = 100_000,
    ) -> None:
        super().__init__(strict=strict, latency=latency, max_requests=max_requests)
        self._front = _lockstep.Front(self._native)
        self._front.listen(host, port)
        self.url = self._front.origin
        self.port = self._front.port

    def stop(self) -> None:
        """Closes every connection. Raises what a responder raised."""
        self._front.stop()
        if self.errors:
            raise self.errors.pop(0)

    def __enter__(self) -> MockServer:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        if error is None:
            self.stop()
        else:
            self._front.stop()
