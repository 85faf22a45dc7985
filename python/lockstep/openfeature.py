"""Feature flags and tracking as OpenFeature defines them.

- :class:`Client` evaluates flags of a provider (:mod:`lockstep.providers`), with hooks, contexts
  and events; :class:`Api` holds providers by domain
- :class:`Tracker` says what users did, through a client of the SDK

A provider of a simulation makes its requests there, in virtual time.
"""

from __future__ import annotations

import types
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
    overload,
)

from . import _lockstep
from ._base import ClientBase
from ._callables import Owner, log, weakly
from ._evaluation import (
    ANONYMOUS,
    ErrorCode,
    EvaluationDetails,
    EvaluationError,
    FlagType,
    Hook,
    HookContext,
    ProviderEvent,
    ProviderEventType,
    ProviderStatus,
    Reason,
    Resolution,
    checked_context,
    details_of,
    event_of,
    hook_function,
    raise_what_ended,
    resolution_of,
    transaction_function,
)
from ._lockstep import EvaluationContext
from ._results import CaptureResult

if TYPE_CHECKING:
    from ._simulation import Simulation

__all__ = [
    "Api",
    "Client",
    "ContextLevel",
    "ErrorCode",
    "EvaluationContext",
    "EvaluationDetails",
    "EvaluationError",
    "FlagType",
    "Hook",
    "HookContext",
    "PayloadShape",
    "Provider",
    "ProviderEvent",
    "ProviderEventType",
    "ProviderStatus",
    "Reason",
    "Resolution",
    "Tracker",
    "TrackingEventDetails",
    "TrackingProvider",
]

EventHandler = Callable[[ProviderEvent], object]


@contextmanager
def _surfacing(simulation: Optional[Simulation]) -> Iterator[None]:
    """Around a call that may let a simulation's time pass."""
    if simulation is None:
        yield
    else:
        with simulation._surfacing():
            yield


# --- providers ------------------------------------------------------------------------------------


class Provider:
    """What knows the values of flags. :mod:`lockstep.providers` has them. Thread-safe, except in
    a simulation. It belongs to the process that made it: in a forked child make another."""

    def __init__(
        self, native: _lockstep.Provider, simulation: Optional[Simulation] = None
    ) -> None:
        self._native = native
        self._simulation = simulation

    @property
    def name(self) -> str:
        return self._native.name

    @property
    def status(self) -> ProviderStatus:
        return ProviderStatus(self._native.status)

    @property
    def is_healthy(self) -> bool:
        """Whether evaluations can be relied on now."""
        return self.status is ProviderStatus.READY

    def start(self, context: EvaluationContext = ANONYMOUS) -> None:
        """Makes it ready. A client or an API does that by itself."""
        with _surfacing(self._simulation):
            self._native.start(checked_context(context))

    def stop(self) -> None:
        """Ends what goes on in the background; its status is then NOT_READY."""
        with _surfacing(self._simulation):
            self._native.stop()

    def refresh(self) -> bool:
        """Reads again what values are made from; False when that failed and the old ones stay."""
        with _surfacing(self._simulation):
            return self._native.refresh()

    def evaluate(
        self, key: str, type: FlagType, context: EvaluationContext = ANONYMOUS
    ) -> Resolution:
        """The provider's own answer about one flag, without a client's checks and hooks."""
        return self.evaluate_batch([(key, type)], context)[0]

    def evaluate_batch(
        self,
        queries: Sequence[Tuple[str, FlagType]],
        context: EvaluationContext = ANONYMOUS,
    ) -> List[Resolution]:
        """Several flags in as few requests as the backend allows, answers in their order."""
        asked = [(key, FlagType(kind).value) for key, kind in queries]
        with _surfacing(self._simulation):
            answers = self._native.evaluate_batch(asked, checked_context(context))
        raise_what_ended()
        return [resolution_of(answer) for answer in answers]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status.value}>"


# --- the API --------------------------------------------------------------------------------------


class _Handlers(Owner):
    """Event handlers and hooks of an API or a client; native code finds them by name."""

    def __init__(self) -> None:
        self._own_callables()
        self._handlers: List[Tuple[EventHandler, int, str]] = []
        self._made = 0

    def _world(self) -> Optional[Simulation]:
        raise NotImplementedError

    def _native_events(self) -> Union[_lockstep.FlagApi, _lockstep.FlagClient]:
        raise NotImplementedError

    def _own(self, kind: str, function: Callable[..., Any]) -> Tuple[str, Callable[..., Any]]:
        self._made += 1
        name = f"{kind} {self._made}"
        self._callables[name] = function
        return name, weakly(self, name)

    @overload
    def on(self, event: ProviderEventType) -> Callable[[EventHandler], EventHandler]: ...
    @overload
    def on(self, event: ProviderEventType, handler: EventHandler) -> EventHandler: ...
    def on(self, event: ProviderEventType, handler: Optional[EventHandler] = None) -> Any:
        """Calls ``handler`` with each :class:`ProviderEvent` of that type, on the thread that
        causes it; at once where the state is what such an event leads to. Also a decorator."""
        if handler is None:
            return lambda function: self.on(event, function)
        if not callable(handler):
            raise TypeError(f"handler: found {type(handler).__name__}; expected a callable")
        kind = ProviderEventType(event).value
        told = handler
        name, function = self._own(f"handler of {kind}", lambda given: told(event_of(given)))
        with _surfacing(self._world()):
            number = self._native_events().on(kind, function)
        self._handlers.append((handler, number, name))
        return handler

    def off(self, handler: EventHandler) -> None:
        """Calls the handler no more."""
        for one in [one for one in self._handlers if one[0] == handler]:
            self._handlers.remove(one)
            self._native_events().off(one[1])
            self._callables.pop(one[2], None)

    def add_hooks(self, *hooks: Hook) -> None:
        """Runs them in each evaluation."""
        functions = [self._own("hook", hook_function(hook))[1] for hook in hooks]
        self._native_events().add_hooks(functions)

    def set_context(self, context: EvaluationContext) -> None:
        """Stands behind the context of every evaluation: API < transaction < client < invocation
        < before hooks."""
        self._native_events().set_context(checked_context(context))

    def _raised(self, name: str, error: BaseException) -> None:
        simulation = self._world()
        if simulation is not None:
            simulation._raised(name, error)
        else:
            log.error("%s raised", name, exc_info=error)


class Api(_Handlers):
    """Providers by domain, and what their clients have in common. A context manager: it shuts down
    at the end of the block. All of its providers that make requests live in one world: in the same
    simulation, or in none."""

    def __init__(self) -> None:
        super().__init__()
        self._native = _lockstep.FlagApi()
        self._providers: Dict[str, Provider] = {}
        self._simulation: Optional[Simulation] = None

    def _world(self) -> Optional[Simulation]:
        return self._simulation

    def _native_events(self) -> _lockstep.FlagApi:
        return self._native

    def set_provider(self, provider: Provider, domain: str = "") -> None:
        """Makes a provider that of a domain ("": the default, which domains without one use), and
        starts it. The one that it replaces stops where no other domain uses it."""
        if not isinstance(provider, Provider):
            raise TypeError(f"provider: found {type(provider).__name__}; expected a Provider")
        simulation = provider._simulation
        if simulation is not None and self._simulation not in (None, simulation):
            raise ValueError("provider: lives in another simulation than those of this API")
        self._simulation = simulation or self._simulation
        self._providers[domain] = provider
        with _surfacing(self._simulation):
            self._native.set_provider(domain, provider._native)

    def provider(self, domain: str = "") -> Optional[Provider]:
        """That of the domain; None: there is none."""
        return self._providers.get(domain, self._providers.get(""))

    def set_transaction_context(
        self, source: Optional[Callable[[], Optional[EvaluationContext]]]
    ) -> None:
        """Asks ``source`` in each evaluation, on its thread, for the transaction's context: the
        ``get`` of a ``ContextVar``, for example."""
        if source is None:
            self._callables.pop("transaction", None)
            self._native.set_transaction_context(None)
            return
        self._callables["transaction"] = transaction_function(source)
        self._native.set_transaction_context(weakly(self, "transaction"))

    def client(self, domain: str = "") -> Client:
        return Client(api=self, domain=domain)

    def shutdown(self) -> None:
        """Stops every provider and forgets everything."""
        with _surfacing(self._simulation):
            self._native.shutdown()
        self._providers.clear()
        self._handlers.clear()
        self._callables.clear()

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        self.shutdown()


# --- the client -----------------------------------------------------------------------------------


def _default(value: Any, kinds: Tuple[type, ...], expected: str) -> Any:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"default: found {type(value).__name__}; expected {expected}")
    return value


class Client(_Handlers):
    """Evaluates flags: ``Client(provider)`` on an API of its own, or ``api.client(domain)``.

    No evaluation raises because of a flag, a backend or a hook: whatever goes wrong the default
    comes back, and the details say why. A default or a context of the wrong type is a TypeError.
    An evaluation may wait for the backend; in a simulation virtual time then passes.
    """

    def __init__(
        self, provider: Optional[Provider] = None, *, api: Optional[Api] = None, domain: str = ""
    ) -> None:
        super().__init__()
        self._api = Api() if api is None else api
        if provider is not None:
            self._api.set_provider(provider, domain)
        self._native = self._api._native.client(domain)

    def _world(self) -> Optional[Simulation]:
        return self._api._simulation

    def _native_events(self) -> _lockstep.FlagClient:
        return self._native

    @property
    def domain(self) -> str:
        return self._native.domain

    @property
    def provider_status(self) -> ProviderStatus:
        return ProviderStatus(self._native.provider_status)

    def get_boolean_details(
        self,
        key: str,
        default: bool,
        context: EvaluationContext = ANONYMOUS,
        *,
        hooks: Sequence[Hook] = (),
        hook_hints: Optional[Dict[str, Any]] = None,
    ) -> EvaluationDetails:
        checked = _default(default, (bool,), "a bool")
        return self._evaluate(FlagType.BOOLEAN, key, checked, context, hooks, hook_hints)

    def get_string_details(
        self,
        key: str,
        default: str,
        context: EvaluationContext = ANONYMOUS,
        *,
        hooks: Sequence[Hook] = (),
        hook_hints: Optional[Dict[str, Any]] = None,
    ) -> EvaluationDetails:
        checked = _default(default, (str,), "a str")
        return self._evaluate(FlagType.STRING, key, checked, context, hooks, hook_hints)

    def get_integer_details(
        self,
        key: str,
        default: int,
        context: EvaluationContext = ANONYMOUS,
        *,
        hooks: Sequence[Hook] = (),
        hook_hints: Optional[Dict[str, Any]] = None,
    ) -> EvaluationDetails:
        checked = _default(default, (int,), "an int")
        return self._evaluate(FlagType.INTEGER, key, checked, context, hooks, hook_hints)

    def get_float_details(
        self,
        key: str,
        default: float,
        context: EvaluationContext = ANONYMOUS,
        *,
        hooks: Sequence[Hook] = (),
        hook_hints: Optional[Dict[str, Any]] = None,
    ) -> EvaluationDetails:
        checked = float(_default(default, (int, float), "a float"))
        return self._evaluate(FlagType.FLOAT, key, checked, context, hooks, hook_hints)

    def get_object_details(
        self,
        key: str,
        default: Any,
        context: EvaluationContext = ANONYMOUS,
        *,
        hooks: Sequence[Hook] = (),
        hook_hints: Optional[Dict[str, Any]] = None,
    ) -> EvaluationDetails:
        checked = _default(default, (dict, list), "a dict or a list")
        return self._evaluate(FlagType.OBJECT, key, checked, context, hooks, hook_hints)

    def get_boolean_value(self, key: str, default: bool, *more: Any, **named: Any) -> bool:
        """The value alone; otherwise as :meth:`get_boolean_details`."""
        value: bool = self.get_boolean_details(key, default, *more, **named).value
        return value

    def get_string_value(self, key: str, default: str, *more: Any, **named: Any) -> str:
        value: str = self.get_string_details(key, default, *more, **named).value
        return value

    def get_integer_value(self, key: str, default: int, *more: Any, **named: Any) -> int:
        value: int = self.get_integer_details(key, default, *more, **named).value
        return value

    def get_float_value(self, key: str, default: float, *more: Any, **named: Any) -> float:
        value: float = self.get_float_details(key, default, *more, **named).value
        return value

    def get_object_value(self, key: str, default: Any, *more: Any, **named: Any) -> Any:
        return self.get_object_details(key, default, *more, **named).value

    def _evaluate(
        self,
        kind: FlagType,
        key: str,
        default: Any,
        context: EvaluationContext,
        hooks: Sequence[Hook],
        hints: Optional[Dict[str, Any]],
    ) -> EvaluationDetails:
        functions = [hook_function(hook) for hook in hooks]
        checked_context(context)
        with _surfacing(self._world()):
            given = self._native.evaluate(key, kind.value, default, context, functions, hints)
        raise_what_ended()
        return details_of(given)

    def track(
        self,
        event: str,
        context: EvaluationContext = ANONYMOUS,
        details: Optional[TrackingEventDetails] = None,
    ) -> None:
        """Tells the provider what a user did, with the contexts merged as in an evaluation.
        Nothing where the provider does not track (:class:`TrackingProvider` does)."""
        with _surfacing(self._world()):
            self._native.track(event, checked_context(context), *_tracked(details))
        raise_what_ended()

    def __repr__(self) -> str:
        return f"<openfeature.Client {self.domain!r} {self.provider_status.value}>"


# --- tracking -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrackingEventDetails:
    """What is said of something that a user did."""

    value: Optional[float] = None  #: finite; 0 is a value like any other
    fields: Mapping[str, Any] = field(default_factory=dict)


def _tracked(details: Optional[TrackingEventDetails]) -> Tuple[Optional[float], Dict[str, Any]]:
    return (None, {}) if details is None else (details.value, dict(details.fields))


class PayloadShape(str, Enum):
    """How context and details share an event's payload."""

    NESTED = "nested"  #: {...details, "value", "context": {"targeting_key", ...}}
    FLAT = "flat"  #: {"targeting_key", ...context, ...details, "value"}; details win


class ContextLevel(str, Enum):
    """The contexts that stand behind every call, the weakest first."""

    API = "api"
    TRANSACTION = "transaction"
    CLIENT = "client"


class Tracker:
    """Says what users did, together with the evaluation context, through a client of the SDK, which
    delivers it: to Confidence with ``capture="confidence"``; with any other protocol the payload
    becomes the event's properties. Thread-safe, except in a simulation."""

    def __init__(self, client: ClientBase, shape: PayloadShape = PayloadShape.NESTED) -> None:
        if not isinstance(client, ClientBase):
            raise TypeError(
                f"client: found {type(client).__name__}; expected a client of the SDK"
            )
        self._client = client
        self._simulation: Optional[Simulation] = getattr(client, "_simulation", None)
        self._native = _lockstep.Tracker(client, PayloadShape(shape).value)

    def set_context(self, level: ContextLevel, context: EvaluationContext) -> None:
        """What stands behind the context of every call from now on."""
        self._native.set_context(ContextLevel(level).value, checked_context(context))

    def track(
        self,
        name: str,
        context: EvaluationContext = ANONYMOUS,
        details: Optional[TrackingEventDetails] = None,
    ) -> CaptureResult:
        """Tracks an event at this instant, in the contexts API < transaction < client < this one.

        Refused ("invalid") are an empty name, a value that is not finite, and, in the nested shape,
        a field "context". Without a targeting key the event is nobody's.
        """
        return self._native.track(name, checked_context(context), *_tracked(details))


class TrackingProvider(Provider):
    """The flags of a provider, and tracking through a :class:`Tracker`. Its shutdown delivers what
    was tracked, for 10 s at most."""

    def __init__(self, flags: Provider, tracker: Tracker) -> None:
        worlds = {flags._simulation, tracker._simulation} - {None}
        if len(worlds) > 1:
            raise ValueError("flags, tracker: live in different simulations")
        simulation = worlds.pop() if worlds else None
        native = _lockstep.tracking_provider(
            flags._native, tracker._native, None if simulation is None else simulation._native
        )
        super().__init__(native, simulation)
        self._parts = (flags, tracker)
