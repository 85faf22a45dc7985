"""What the SDK and the simulation say, as named tuples: immutable, comparable, picklable.

The extension makes them directly, field by field, so their fields stand in the order in which it
gives them (python/src/results.cpp).
"""

from __future__ import annotations

import decimal
import json
import pathlib
import uuid as _uuid
from dataclasses import dataclass, fields
from enum import Enum
from functools import cached_property
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

__all__ = [
    "CaptureResult",
    "ErrorReport",
    "EventError",
    "Flag",
    "FlagResult",
    "FlushReport",
    "LaneStats",
    "Outcome",
    "Request",
    "RequestReport",
    "Response",
    "Stats",
    "StoredEvent",
    "TraceEntry",
    "Violation",
]

# Values of these types are sent as their text.
TEXT_TYPES = (_uuid.UUID, decimal.Decimal, pathlib.PurePath)

Json = Any
Headers = Tuple[Tuple[str, str], ...]


class CaptureResult(NamedTuple):
    """What ``capture()`` did with an event."""

    admission: str  #: "accepted", "dropped", "closed", "disabled" or "invalid"
    reason: Optional[str]  #: why, where it was dropped
    uuid: Optional[str]  #: as on the wire; None where the event was refused

    @property
    def ok(self) -> bool:
        """Whether the event was accepted."""
        return self.admission == "accepted"


class Outcome(NamedTuple):
    """The end of one event."""

    uuid: str
    lane: str  #: "analytics", "historical" or "ai"
    delivered: bool
    unconfirmed: bool  #: delivered, but the server's answer did not name the event
    reason: Optional[str]  #: why it was dropped
    attempts: int  #: requests that carried it
    status: int  #: of the last response; 0: none
    detail: str  #: what the server or the network said, shortened
    where: Optional[Tuple[str, float]] = None  #: in a simulation: the client's name, and when


class RequestReport(NamedTuple):
    """One request to the ingestion endpoint that ended, however it ended."""

    sent_at: float  #: seconds since 1970
    duration: float
    lane: str
    attempt: int
    status: int  #: 0: no response
    error: str  #: where there was no response
    uuids: List[str]
    body_bytes: int  #: as sent


class ErrorReport(NamedTuple):
    """A problem worth telling an operator: a batch lost, a queue that is full."""

    message: str
    events: int  #: how many it cost


class FlushReport(NamedTuple):
    """What became of the events that were captured before a flush or shutdown."""

    status: str  #: "complete", "timed_out", "deferred" or "closed"
    delivered: int
    dropped: int
    pending: int

    @property
    def ok(self) -> bool:
        """Whether every event has its outcome and none was dropped."""
        return self.status == "complete" and self.dropped == 0


class LaneStats(NamedTuple):
    """A lane's ledger: ``captured == delivered + sum(dropped.values()) + pending``."""

    captured: int
    delivered: int  #: unconfirmed ones included
    unconfirmed: int
    dropped: Dict[str, int]  #: by reason, those that occurred
    pending: int
    pending_bytes: int
    in_flight: int  #: part of pending
    requests: int
    retries: int  #: part of requests

    @property
    def balances(self) -> bool:
        return self.captured == self.delivered + sum(self.dropped.values()) + self.pending


class Stats(NamedTuple):
    """A client's ledger, exact at the instant of the call."""

    total: LaneStats
    lanes: Dict[str, LaneStats]
    refused: int  #: closed, disabled or invalid: never counted as captured
    closed: bool
    last_success: Optional[float]  #: on the client's clock, of a 2xx answer


class FlagResult(NamedTuple):
    """The server's answer about a feature flag."""

    enabled: bool
    value: Union[bool, str, None]  #: None: the server does not know it, or did not answer
    payload: Optional[str]  #: JSON text
    error: str  #: empty when the server answered

    def __bool__(self) -> bool:
        return self.enabled


class _Request(NamedTuple):
    number: int
    at: float
    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    test_id: str
    route: str
    encoded_size: int
    decode_error: Optional[str]
    attempt: int
    status: int
    response_headers: Headers
    response_body: bytes
    delay: float
    fault: Optional[str]
    processed: bool
    note: str
    wall_time: float


class Request(_Request):
    """A request as the mock server saw it, and what it answered.

    ``at`` is when it arrived, in seconds since the simulation began (or the server listens);
    ``body`` is decoded, ``attempt`` counts the requests that carried the same first event.
    """

    def header(self, name: str) -> Optional[str]:
        """The first header of that name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @cached_property
    def json(self) -> Json:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)

    @cached_property
    def events(self) -> List[Dict[str, Json]]:
        """The events in the body, in batch order; none where it has no form the server knows."""
        try:
            body = self.json
        except ValueError:
            return []
        if isinstance(body, dict):
            batch = body.get("batch", body.get("data", [body] if "event" in body else []))
            return list(batch) if isinstance(batch, list) else []
        return list(body) if isinstance(body, list) else []

    @property
    def uuids(self) -> List[str]:
        """The uuid of each event, "" where one has none."""
        return [str(event.get("uuid", "")) for event in self.events]

    def __repr__(self) -> str:
        fault = f" fault={self.fault}" if self.fault else ""
        return (
            f"<Request {self.number} at {self.at:g}s {self.method} {self.path} -> {self.status}"
            f"{fault} attempt {self.attempt}, {len(self.events)} events>"
        )


@dataclass(frozen=True)
class EventError:
    """One entry of the errors of a Confidence answer."""

    index: int  #: place in the batch; may lie outside, as a hostile server's may
    reason: str = "EVENT_SCHEMA_VALIDATION_FAILED"
    message: str = ""


class Response(NamedTuple):
    """How the mock server answers one request.

    ``Response(429, {"Retry-After": "3"})`` is an answer, ``Response(fault="reset_after")`` one that
    gets lost. The faults: refuse_connection, hang_connection, fail_resolution, reset_before,
    reset_after, no_answer, truncate_body, garbage, slow_body, endless_body.
    """

    status: int = 200
    headers: Union[Mapping[str, str], Sequence[Tuple[str, str]], None] = None
    body: Json = None  #: text and bytes are sent as they are, all else as JSON; None: what fits
    results: Optional[Sequence[str]] = None  #: of the protocol v1, for each event: "ok", "retry"...
    delay: Any = 0.0  #: seconds (or a timedelta) between arrival and answer
    fault: Optional[str] = None
    fault_bytes: int = 0
    repeat: int = 1  #: how many requests it answers
    #: Of the protocol confidence: places in the batch, or :class:`EventError` objects; the events
    #: that they do not name are taken.
    event_errors: Optional[Sequence[Union[int, EventError]]] = None


@dataclass(frozen=True)
class Flag:
    """A flag as the mock server's flag backends know it: OFREP, Unleash, LaunchDarkly, Statsig and
    PostHog. ``Flag()`` has no value; ``subjects`` are laid over the rest for their targeting key.
    """

    value: Json = None
    variant: Optional[str] = None
    reason: Optional[str] = None
    enabled: Optional[bool] = None  #: default: unless the value is False
    payload: Json = None
    metadata: Optional[Mapping[str, Json]] = None
    error: Optional[str] = None  #: an error code that the backend answers with
    failed: Optional[bool] = None  #: the backend could not compute it
    subjects: Optional[Mapping[str, Flag]] = None

    def to_json(self) -> Dict[str, Json]:
        """As the server's scripts have it."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        out = {name: value for name, value in given.items() if value is not None}
        if self.subjects is not None:
            out["subjects"] = {who: flag.to_json() for who, flag in self.subjects.items()}
        return out


class StoredEvent(NamedTuple):
    """An event that the mock server stored, once, however often it came."""

    uuid: str
    event: str
    distinct_id: str
    timestamp: str
    test_id: str
    route: str
    body: bytes  #: the event's JSON as first stored
    first_arrival: float
    requests: List[int]  #: numbers of the requests that stored it
    same_bytes: bool  #: all requests that carried it carried the same bytes

    @property
    def json(self) -> Dict[str, Json]:
        decoded: Dict[str, Json] = json.loads(self.body)
        return decoded


class Violation(NamedTuple):
    """A breach of the protocol that a strict mock server saw."""

    request: int
    test_id: str
    text: str


class TraceEntry(NamedTuple):
    """One step of a run."""

    number: int
    at: float
    label: str
    cause: int  #: number of the entry it follows from; 0: none
    fields: Dict[str, str]
    digest: int  #: of this entry and all before it


# In the order of python/src/results.h.
TUPLES: List[Any] = [
    CaptureResult,
    Outcome,
    RequestReport,
    ErrorReport,
    FlushReport,
    LaneStats,
    Stats,
    FlagResult,
    Request,
    StoredEvent,
    Violation,
    TraceEntry,
]
