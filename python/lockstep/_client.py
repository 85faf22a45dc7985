"""The production client: one background thread for any number of clients, libcurl underneath."""

from __future__ import annotations

import atexit
import logging
import sys
import weakref
from typing import Any, Callable, ClassVar, Dict, List, Mapping, Optional, Union

from . import _lockstep
from ._base import ClientBase
from ._callables import Owner, log, native_options
from ._results import FlushReport

_open: "weakref.WeakSet[Client]" = weakref.WeakSet()


class Client(ClientBase, Owner):
    """Captures events and delivers them to PostHog.

    ``options`` are those of the SDK (sdk/options.h), durations in seconds: flush_at,
    flush_interval, max_retries, capture="v1", compression="gzip", before_send=... A wrong one is a
    TypeError, or a ConfigError that names it.

    ``before_send`` is a function, or a list of them, from the event as a dict (event, distinct_id,
    properties, uuid, timestamp) to that dict, changed or not, or to None to drop it. What it raises
    is logged, and the event is dropped. ``on_outcome``, ``on_error`` and ``on_request`` are called
    on the client's thread with an :class:`Outcome`, :class:`ErrorReport` or :class:`RequestReport`.
    ``logger`` is a ``logging.Logger`` or a function(level, message); default: the logger
    ``"lockstep"``; False: none. ``curl`` gives the client a thread of its own with another network:
    proxy, no_proxy, ca_file, interface, max_connections, max_connections_per_host.

    A context manager: it shuts down at the end of the block. What is still open when the
    interpreter ends is drained for at most ``Client.atexit_timeout`` seconds. In a forked child
    the client goes on with a thread of its own; what the parent had queued stays the parent's.
    """

    #: Seconds that all clients together may take when the interpreter ends.
    atexit_timeout: ClassVar[float] = 5.0

    _is_open = False  # it could not be made

    def __init__(
        self,
        api_key: str = "",
        host: Optional[str] = None,
        *,
        logger: Union[logging.Logger, Callable[[int, str], None], bool, None] = None,
        curl: Optional[Mapping[str, Any]] = None,
        **options: Any,
    ) -> None:
        self._own_callables()
        given: Dict[str, Any] = {"api_key": api_key, "host": host, **options}
        if logger is not False:
            given["logger"] = log if logger is None or logger is True else logger
        native = native_options(self, given)
        super().__init__(options=native, curl=None if curl is None else dict(curl))
        self._is_open = True
        _open.add(self)
        _follow_multiprocessing()

    def _raised(self, name: str, error: BaseException) -> None:
        if name == "logger":
            return  # whom could one tell
        log.error("%s raised", name, exc_info=error)

    def __enter__(self) -> Client:
        return self

    def __del__(self) -> None:
        # Here its callables can still be called: events that end now are reported.
        if self._is_open and not sys.is_finalizing():
            self._relink()
            self.shutdown()


def _drain() -> List[FlushReport]:
    """Shuts all clients down at once, and waits for them to the one deadline."""
    clients = list(_open)
    handles = [client.begin_shutdown(Client.atexit_timeout) for client in clients]
    return [handle.wait() for handle in handles]


_ends: List[Callable[[], None]] = []


def at_interpreters_end(function: Callable[[], None]) -> None:
    """Calls it while callables can still be called, before the clients are drained."""
    _ends.append(function)


def _at_exit() -> None:
    for function in _ends:
        function()
    _drain()
    _lockstep.interpreter_ends()


def _follow_multiprocessing() -> None:
    """A process of multiprocessing ends without atexit functions; it has finalisers of its own."""
    from multiprocessing import util

    util.register_after_fork(_open, _finalize_in_child)


def _finalize_in_child(clients: object) -> None:
    from multiprocessing import util

    util.Finalize(None, _drain, exitpriority=100)


atexit.register(_at_exit)
