"""What a real client and a simulated one have in common: the calls that capture events."""

from __future__ import annotations

import datetime
import sys
import types
import uuid as _uuid
from typing import Any, Dict, List, Mapping, Optional, Type, Union

from . import _lockstep
from ._results import CaptureResult

Seconds = Union[float, datetime.timedelta]
Properties = Dict[str, Any]

# The outermost exceptions that an event lists, and the innermost frames of each.
MOST_EXCEPTIONS = 50
MOST_FRAMES = 100


def _frames(traceback: Optional[types.TracebackType]) -> List[Dict[str, Any]]:
    frames: List[Dict[str, Any]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        frames.append(
            {
                "platform": "python",
                "filename": code.co_filename.replace("\\", "/").rsplit("/", 1)[-1],
                "abs_path": code.co_filename,
                "function": code.co_name,
                "module": str(traceback.tb_frame.f_globals.get("__name__", "")),
                "lineno": traceback.tb_lineno,
                "in_app": "site-packages" not in code.co_filename,
            }
        )
        traceback = traceback.tb_next
    return frames[-MOST_FRAMES:]


def _exception_list(error: Optional[BaseException], handled: bool) -> List[Dict[str, Any]]:
    listed: List[Dict[str, Any]] = []
    seen: List[BaseException] = []
    while error is not None and error not in seen and len(listed) < MOST_EXCEPTIONS:
        seen.append(error)
        entry: Dict[str, Any] = {
            "type": type(error).__name__,
            "module": type(error).__module__,
            "value": str(error),
            "mechanism": {"type": "generic", "handled": handled, "synthetic": False},
        }
        frames = _frames(error.__traceback__)
        if frames:
            entry["stacktrace"] = {"type": "raw", "frames": frames}
        listed.append(entry)
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return listed


class ClientBase(_lockstep.Client):
    """Captures events. Thread-safe, except in a simulation, which has one thread at a time.

    ``capture(distinct_id, event, properties=None)`` puts an event in the queue and returns a
    :class:`CaptureResult`. It does no I/O, and nothing in an event makes it raise: what cannot be
    sent is refused, counted and logged. It takes also:

    - ``timestamp``: a datetime (naive: UTC) or seconds since 1970; default: now
    - ``uuid``: default: a new one, of version 7
    - ``groups``: group types and keys, as the property ``$groups``
    - ``historical``: through the historical lane
    - ``process_person_profile``, ``cookieless_mode``, ``disable_skew_correction``: PostHog's
      options of one event
    """

    def _capture_with(
        self,
        distinct_id: str,
        event: str,
        properties: Optional[Mapping[str, Any]] = None,
        *,
        timestamp: Union[datetime.datetime, float, None] = None,
        uuid: Union[str, _uuid.UUID, None] = None,
        groups: Optional[Mapping[str, str]] = None,
        historical: bool = False,
        process_person_profile: Optional[bool] = None,
        cookieless_mode: Optional[bool] = None,
        disable_skew_correction: Optional[bool] = None,
        ai: bool = False,
    ) -> CaptureResult:
        whole = dict(properties or {})
        if groups:
            whole.setdefault("$groups", dict(groups))
        given = {
            "distinct_id": "" if distinct_id is None else str(distinct_id),
            "event": "" if event is None else str(event),
            "properties": whole,
            "timestamp": timestamp,
            "uuid": uuid,
            "historical": historical,
            "process_person_profile": process_person_profile,
            "cookieless_mode": cookieless_mode,
            "disable_skew_correction": disable_skew_correction,
            "ai": ai,
        }
        try:
            return self.capture_event(given)
        except _lockstep.NotJson:
            # Refused, counted and logged as by the short form.
            return self.capture(distinct_id, event, whole)

    def capture_ai(
        self, distinct_id: str, event: str, properties: Optional[Mapping[str, Any]] = None
    ) -> CaptureResult:
        """Captures an LLM event ($ai_generation, ...) on the AI lane."""
        return self._capture_with(distinct_id, event, properties, ai=True)

    def capture_exception(
        self,
        error: Optional[BaseException] = None,
        distinct_id: str = "",
        properties: Optional[Mapping[str, Any]] = None,
        *,
        level: str = "error",
        handled: bool = True,
    ) -> CaptureResult:
        """Captures an exception (default: the one being handled) with its frames and causes.

        Without a distinct_id it is nobody's: the event makes no person profile.
        """
        error = sys.exc_info()[1] if error is None else error
        listed = _exception_list(error, handled)
        whole = dict(properties or {})
        whole["$exception_list"] = listed
        whole["$exception_level"] = level
        person = None if distinct_id else False
        name = "$exception" if listed else ""
        return self._capture_with(distinct_id, name, whole, process_person_profile=person)

    def identify(
        self,
        distinct_id: str,
        set: Optional[Properties] = None,
        set_once: Optional[Properties] = None,
    ) -> CaptureResult:
        """Says something about a person: ``$identify`` with ``$set`` and ``$set_once``."""
        properties: Properties = {"$set": set or {}}
        if set_once:
            properties["$set_once"] = set_once
        return self.capture(distinct_id, "$identify", properties)

    def group_identify(
        self, group_type: str, group_key: str, set: Optional[Properties] = None
    ) -> CaptureResult:
        """Says something about a group: ``$groupidentify``."""
        name = "$groupidentify" if group_type and group_key else ""
        properties = {"$group_type": group_type, "$group_key": group_key, "$group_set": set or {}}
        return self.capture(f"${group_type}_{group_key}", name, properties)

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[types.TracebackType],
    ) -> None:
        self.shutdown()
