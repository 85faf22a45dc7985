"""Flag providers: a file, memory, and five backends over HTTP (docs/flags.md).

They are given to :class:`lockstep.openfeature.Client`::

    flags = openfeature.Client(providers.Static("flags.toml"))

Those over HTTP make their requests on the SDK's thread, or, with ``simulation=sim``, in virtual
time against the simulation's server.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Union

from . import _lockstep
from ._callables import Owner, weakly
from ._evaluation import as_text
from ._lockstep import EvaluationContext
from .openfeature import Provider

if TYPE_CHECKING:
    from ._simulation import Simulation

__all__ = [
    "LaunchDarkly",
    "Memory",
    "MemoryFlag",
    "Ofrep",
    "Posthog",
    "Remote",
    "Static",
    "Statsig",
    "Unleash",
]


class Remote(Provider):
    """A provider whose flags a server evaluates; the common part of those over HTTP.

    ``options`` are those of providers/remote.h, durations in seconds: ``headers``, ``timeout`` (10)
    of a request, ``connect_timeout`` (5), ``max_response_bytes``; ``max_age`` (0: every evaluation
    asks), for so long an answer is used again; ``max_stale`` (an hour), for so long it stands in
    while the server does not answer; ``poll_interval`` (0: never); ``max_contexts``,
    ``max_retry_after``. A wrong one is a TypeError, or a ConfigError that names it. ``curl`` is as
    for :class:`lockstep.Client`: a thread of its own with another network.
    """

    def __init__(
        self,
        kind: str,
        options: Mapping[str, Any],
        *,
        simulation: Optional[Simulation] = None,
        curl: Optional[Mapping[str, Any]] = None,
    ) -> None:
        if simulation is not None and curl is not None:
            raise TypeError("curl: a simulation has a network of its own")
        given = {name: value for name, value in options.items() if value is not None}
        native = _lockstep.backend_provider(
            kind,
            given,
            None if curl is None else dict(curl),
            None if simulation is None else simulation._native,
        )
        super().__init__(native, simulation)

    @property
    def remembered(self) -> int:
        """How many contexts' answers it remembers."""
        return self._native.remembered()


class Ofrep(Remote):
    """A server that speaks OFREP, the OpenFeature Remote Evaluation Protocol: flagd and others.

    ``bulk``: also asks for a single flag by the request that brings all flags of a context.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str = "",
        bulk: bool = False,
        simulation: Optional[Simulation] = None,
        curl: Optional[Mapping[str, Any]] = None,
        **options: Any,
    ) -> None:
        given = {"base_url": base_url, "token": token, "bulk": bulk, **options}
        super().__init__("ofrep", given, simulation=simulation, curl=curl)


class Posthog(Remote):
    """PostHog's flags, evaluated by the server. The targeting key is the distinct_id; the
    attributes "groups" and "group_properties" are what they say, all others person properties."""

    def __init__(
        self,
        api_key: str,
        base_url: Optional[str] = None,
        *,
        disable_geoip: bool = False,
        simulation: Optional[Simulation] = None,
        curl: Optional[Mapping[str, Any]] = None,
        **options: Any,
    ) -> None:
        given = {"api_key": api_key, "base_url": base_url, "disable_geoip": disable_geoip}
        super().__init__("posthog", {**given, **options}, simulation=simulation, curl=curl)


class Unleash(Remote):
    """Unleash's frontend API. A flag that is absent is off or unknown, and nobody can tell."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        app_name: str = "lockstep",
        simulation: Optional[Simulation] = None,
        curl: Optional[Mapping[str, Any]] = None,
        **options: Any,
    ) -> None:
        given = {"base_url": base_url, "token": token, "app_name": app_name, **options}
        super().__init__("unleash", given, simulation=simulation, curl=curl)


class LaunchDarkly(Remote):
    """LaunchDarkly's Relay Proxy. ``report``: sends the context in a body instead of a path."""

    def __init__(
        self,
        base_url: str,
        sdk_key: str,
        *,
        report: bool = False,
        simulation: Optional[Simulation] = None,
        curl: Optional[Mapping[str, Any]] = None,
        **options: Any,
    ) -> None:
        given = {"base_url": base_url, "sdk_key": sdk_key, "report": report, **options}
        super().__init__("launchdarkly", given, simulation=simulation, curl=curl)


class Statsig(Remote):
    """Statsig's gates (booleans) and dynamic configs (objects). ``log_exposures``: whether an
    evaluation counts as an exposure."""

    def __init__(
        self,
        api_key: str,
        base_url: Optional[str] = None,
        *,
        log_exposures: bool = True,
        simulation: Optional[Simulation] = None,
        curl: Optional[Mapping[str, Any]] = None,
        **options: Any,
    ) -> None:
        given = {"api_key": api_key, "base_url": base_url, "log_exposures": log_exposures}
        super().__init__("statsig", {**given, **options}, simulation=simulation, curl=curl)


class Static(Provider):
    """Flags out of a TOML file, which is read when the provider starts and at each ``refresh()``.

    A broken file keeps the flags of the last good one; ``last_error`` says file, line and column.
    """

    def __init__(self, path: Union[str, "os.PathLike[str]"]) -> None:
        super().__init__(_lockstep.static_provider(os.fspath(path), None))

    @classmethod
    def from_text(cls, toml: str, name: str = "flags") -> Static:
        """From text instead of a file; ``name`` is what errors call it."""
        made = cls.__new__(cls)
        Provider.__init__(made, _lockstep.static_provider(toml, name))
        return made

    @property
    def last_error(self) -> str:
        """What is wrong with the file as it was last read; empty: nothing."""
        return self._native.last_error()


@dataclass(frozen=True)
class MemoryFlag:
    """A flag of :class:`Memory`."""

    variants: Mapping[str, Any] = field(default_factory=dict)
    default_variant: Optional[str] = None  #: None: the caller's default
    disabled: bool = False
    #: The variant for a context; None, or no function: the default variant.
    choose: Optional[Callable[[EvaluationContext], Optional[str]]] = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class Memory(Provider, Owner):
    """Flags that a program or a test holds itself: OpenFeature's in-memory provider."""

    def __init__(self, flags: Optional[Mapping[str, MemoryFlag]] = None) -> None:
        self._own_callables()
        given = {key: self._native_flag(key, flag) for key, flag in (flags or {}).items()}
        super().__init__(_lockstep.memory_provider(given))

    def set(self, key: str, flag: MemoryFlag) -> None:
        """Adds a flag or replaces it, which is a PROVIDER_CONFIGURATION_CHANGED."""
        self._native.set_flag(key, self._native_flag(key, flag))

    def _native_flag(self, key: str, flag: MemoryFlag) -> Dict[str, Any]:
        choose = None
        if flag.choose is not None:
            self._callables[f"choose {key}"] = _variant_function(flag.choose)
            choose = weakly(self, f"choose {key}")
        return {
            "variants": dict(flag.variants),
            "default_variant": flag.default_variant,
            "disabled": flag.disabled,
            "choose": choose,
            "metadata": dict(flag.metadata),
        }


def _variant_function(choose: Callable[[EvaluationContext], Optional[str]]) -> Callable[..., Any]:
    """As the extension calls it: the variant's name, and what was raised, as text."""

    def chosen(context: EvaluationContext) -> Any:
        variant = choose(context)
        if variant is not None and not isinstance(variant, str):
            raise TypeError(f"choose returned {type(variant).__name__}; expected a str, or None")
        return (variant or "", "")

    def pair(context: EvaluationContext) -> Any:
        answer = as_text(chosen)(context)
        return ("", answer) if isinstance(answer, str) else answer

    return pair
