"""What flags are asked with and answered by: OpenFeature's words, results and hooks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from ._callables import log
from ._lockstep import EvaluationContext

ANONYMOUS = EvaluationContext()


def checked_context(context: Any) -> EvaluationContext:
    if not isinstance(context, EvaluationContext):
        raise TypeError(
            f"context: found {type(context).__name__}; expected an EvaluationContext"
        )
    return context


class FlagType(str, Enum):
    """Of which type a flag is asked for."""

    BOOLEAN = "boolean"
    STRING = "string"
    INTEGER = "integer"
    FLOAT = "number"
    OBJECT = "object"  #: a dict or a list


class ErrorCode(str, Enum):
    PROVIDER_NOT_READY = "PROVIDER_NOT_READY"
    FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
    PARSE_ERROR = "PARSE_ERROR"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    TARGETING_KEY_MISSING = "TARGETING_KEY_MISSING"
    INVALID_CONTEXT = "INVALID_CONTEXT"
    PROVIDER_FATAL = "PROVIDER_FATAL"
    GENERAL = "GENERAL"


class Reason(str, Enum):
    """Why a value is what it is. A backend may have reasons of its own, which stay texts."""

    STATIC = "STATIC"  #: no dynamic evaluation
    DEFAULT = "DEFAULT"  #: evaluation came to no result
    TARGETING_MATCH = "TARGETING_MATCH"
    SPLIT = "SPLIT"  #: a pseudorandom assignment
    CACHED = "CACHED"
    DISABLED = "DISABLED"
    UNKNOWN = "UNKNOWN"
    STALE = "STALE"  #: of before an outage
    ERROR = "ERROR"


class ProviderStatus(str, Enum):
    NOT_READY = "NOT_READY"
    READY = "READY"
    ERROR = "ERROR"
    STALE = "STALE"
    FATAL = "FATAL"


class ProviderEventType(str, Enum):
    READY = "PROVIDER_READY"
    ERROR = "PROVIDER_ERROR"
    CONFIGURATION_CHANGED = "PROVIDER_CONFIGURATION_CHANGED"
    STALE = "PROVIDER_STALE"


@dataclass(frozen=True)
class EvaluationDetails:
    """What became of an evaluation. Where there was an error ``value`` is the caller's default."""

    flag_key: str
    value: Any
    variant: Optional[str]
    reason: str  #: a :class:`Reason`, or a word of the backend's own
    error_code: Optional[ErrorCode]
    error_message: str
    metadata: Dict[str, Any]


@dataclass(frozen=True)
class Resolution:
    """A provider's answer. ``value`` None: the caller's default stands."""

    value: Any
    variant: Optional[str]
    reason: str
    error_code: Optional[ErrorCode]
    error_message: str
    metadata: Dict[str, Any]


@dataclass(frozen=True)
class EvaluationError:
    """What a hook is told of an evaluation that went wrong."""

    code: ErrorCode
    message: str


@dataclass(frozen=True)
class ProviderEvent:
    """A change of a provider's state."""

    type: ProviderEventType
    provider_name: str
    message: str  #: of an error or of staleness: what is the matter
    error_code: Optional[ErrorCode]  #: of an error
    flags_changed: List[str]  #: of a change, where the provider knows


@dataclass(frozen=True)
class HookContext:
    """Which evaluation a hook runs in."""

    flag_key: str
    flag_type: FlagType
    default_value: Any
    client_domain: str
    provider_name: str
    context: EvaluationContext  #: merged; after the before stage with what that added
    data: Dict[str, Any] = field(compare=False)  #: this hook's own, for the evaluation's length


class Hook:
    """Code that runs around each evaluation. Overwrite what is needed.

    The before stages run in the order API, client, invocation, provider; the others in reverse.
    What ``before`` or ``after`` raises makes the evaluation fail, so that the caller gets the
    default; what the other two raise is logged. On any thread that evaluates.
    """

    def before(
        self, context: HookContext, hints: Mapping[str, Any]
    ) -> Optional[EvaluationContext]:
        """Before the flag is resolved; what it returns is merged over the context."""
        return None

    def after(
        self, context: HookContext, details: EvaluationDetails, hints: Mapping[str, Any]
    ) -> None:
        """After it was resolved without an error."""

    def error(
        self, context: HookContext, error: EvaluationError, hints: Mapping[str, Any]
    ) -> None:
        """When anything went wrong."""

    def finally_after(
        self, context: HookContext, details: EvaluationDetails, hints: Mapping[str, Any]
    ) -> None:
        """Always, at last."""


# --- from what the extension gives ----------------------------------------------------------------


def reason_of(word: str) -> str:
    try:
        return Reason(word)
    except ValueError:
        return word


def _typed(given: Dict[str, Any]) -> Dict[str, Any]:
    code = given["error_code"]
    given["error_code"] = None if code is None else ErrorCode(code)
    if "reason" in given:
        given["reason"] = reason_of(given["reason"])
    return given


def details_of(given: Dict[str, Any]) -> EvaluationDetails:
    return EvaluationDetails(**_typed(given))


def resolution_of(given: Dict[str, Any]) -> Resolution:
    return Resolution(**_typed(given))


def event_of(given: Dict[str, Any]) -> ProviderEvent:
    given["type"] = ProviderEventType(given["type"])
    return ProviderEvent(**_typed(given))


# --- hooks as the extension calls them ------------------------------------------------------------

#: What ended an evaluation on this thread though it is no error: a KeyboardInterrupt for example.
_ended_by = threading.local()


def raise_what_ended() -> None:
    """After an evaluation."""
    error = getattr(_ended_by, "error", None)
    if error is not None:
        _ended_by.error = None
        raise error


def as_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose exceptions come back as texts, which the extension makes errors of."""

    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except BaseException as error:
            if not isinstance(error, Exception):
                _ended_by.error = error
            return f"{type(error).__name__}: {error}"

    return call


def _argument(stage: str, given: Any) -> Tuple[Any, ...]:
    if stage == "before":
        return ()
    if stage == "error":
        return (EvaluationError(ErrorCode(given[0]), given[1]),)
    return (details_of(given),)


def hook_function(hook: Hook) -> Callable[..., Any]:
    """A hook as the extension calls it: (stage, context, argument, hints)."""

    def run(stage: str, context: Dict[str, Any], given: Any, hints: Dict[str, Any]) -> Any:
        context["flag_type"] = FlagType(context["flag_type"])
        method = getattr(hook, stage)
        try:
            answer = method(HookContext(**context), *_argument(stage, given), hints)
        except Exception as error:
            if stage in ("error", "finally_after"):
                log.error("the hook's %s raised", stage, exc_info=error)
                return None
            raise
        if stage != "before" or answer is None:
            return None
        if not isinstance(answer, EvaluationContext):
            raise TypeError(
                f"before returned {type(answer).__name__}; expected an EvaluationContext, or None"
            )
        return answer

    return as_text(run)


def transaction_function(source: Callable[[], Optional[EvaluationContext]]) -> Callable[..., Any]:
    def current() -> Optional[EvaluationContext]:
        context = source()
        return None if context is None else checked_context(context)

    return as_text(current)
