"""Callables that native code calls: none of them raises, and none keeps its owner alive.

The extension holds functions made here. Each finds its owner through a weak reference, so that a
callable which refers to its own simulation or client can be collected with it; what a callable
raises is handed to the owner, which knows where it should surface.
"""

from __future__ import annotations

import logging
import weakref
from typing import Any, Callable, Dict, List

log = logging.getLogger("lockstep")

# What a function made here returns in place of what could not be had.
FAILED = ()


class Owner:
    """Who owns callables: they stand in ``_callables``, by name."""

    _callables: Dict[str, Callable[..., Any]]
    #: Where the functions find the owner.
    _link: List[weakref.ReferenceType[Owner]]

    def _own_callables(self) -> None:
        self._callables = {}
        self._link = [weakref.ref(self)]

    def _relink(self) -> None:
        """In a finaliser: weak references to the owner are gone by then."""
        self._link[0] = weakref.ref(self)

    def _raised(self, name: str, error: BaseException) -> None:
        """The callable of that name raised; called while the exception is being handled."""
        raise NotImplementedError


def weakly(owner: Owner, name: str) -> Callable[..., Any]:
    """A function that calls ``owner._callables[name]`` for as long as there is an owner."""
    link = owner._link

    def call(*arguments: Any) -> Any:
        living = link[0]()
        function = None if living is None else living._callables.get(name)
        if living is None or function is None:
            return None
        try:
            return function(*arguments)
        except BaseException as error:
            living._raised(name, error)
            return FAILED

    return call


def hook(function: Callable[[Dict[str, Any]], Any]) -> Callable[[Dict[str, Any]], Any]:
    """A ``before_send`` hook as the extension takes it: the event's dict, or None to drop it."""

    def call(event: Dict[str, Any]) -> Any:
        answer = function(event)
        if answer is None or answer is False:
            return None
        if answer is True:
            return event
        if not isinstance(answer, dict):
            raise TypeError(
                f"before_send returned {type(answer).__name__}; expected the event's dict, or None"
            )
        return answer

    return call


LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)


def logger_function(target: logging.Logger) -> Callable[[int, str], None]:
    """A client's log lines as records of a logger."""

    def write(level: int, message: str) -> None:
        target.log(LEVELS[level], "%s", message)

    return write


def log_refused(event: str, problem: str) -> None:
    """Called by the extension for an event that holds what JSON cannot."""
    log.warning("the event %r was refused: %s", event, problem)


def native_options(owner: Owner, options: Dict[str, Any]) -> Dict[str, Any]:
    """The options for the extension; what is callable among them becomes the owner's."""
    given = {name: value for name, value in options.items() if value is not None}
    hooks = given.pop("before_send", [])
    functions: List[Callable[..., Any]] = []
    for number, function in enumerate([hooks] if callable(hooks) else list(hooks)):
        owner._callables[f"before_send {number}"] = hook(function)
        functions.append(weakly(owner, f"before_send {number}"))
    for name in ("on_outcome", "on_error", "on_request", "logger"):
        if name not in given:
            continue
        function = given.pop(name)
        if isinstance(function, logging.Logger):
            function = logger_function(function)
        if not callable(function):
            raise TypeError(f"{name}: found {type(function).__name__}; expected a callable")
        owner._callables[name] = function
        given[name] = weakly(owner, name)
    if functions:
        given["before_send"] = functions
    return given
