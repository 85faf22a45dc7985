"""Fault schedules for Hypothesis (optional): what a server answers, request by request.

@given(lockstep.strategies.schedules())
def test_nothing_is_lost(schedule):
    sim = lockstep.Simulation()
    sim.server.respond(*schedule)
    ...
"""

from __future__ import annotations

from typing import List, Sequence

from hypothesis import strategies as st

from ._results import Response

#: Faults after which the client may try again, with how much of the body arrives where it matters.
FAULTS = (
    "refuse_connection",
    "hang_connection",
    "fail_resolution",
    "reset_before",
    "reset_after",
    "no_answer",
    "truncate_body",
    "garbage",
    "slow_body",
    "endless_body",
)
RETRYABLE = (408, 429, 500, 502, 503, 504)
FINAL = (400, 401, 403, 404)


def faults() -> st.SearchStrategy[Response]:
    """Answers that do not arrive whole."""
    return st.builds(
        lambda fault, amount: Response(fault=fault, fault_bytes=amount),
        st.sampled_from(FAULTS),
        st.integers(1, 64),
    )


def retryable() -> st.SearchStrategy[Response]:
    """Refusals after which the client tries again, some with a Retry-After."""
    return st.builds(
        lambda status, after, delay: Response(
            status, None if after is None else {"Retry-After": str(after)}, delay=delay / 1000
        ),
        st.sampled_from(RETRYABLE),
        st.none() | st.integers(0, 120),
        st.integers(0, 3000),
    )


def delayed() -> st.SearchStrategy[Response]:
    """Successes, late ones among them."""
    return st.builds(lambda delay: Response(200, delay=delay / 1000), st.integers(0, 3000))


def final() -> st.SearchStrategy[Response]:
    """Refusals for good."""
    return st.sampled_from(FINAL).map(Response)


def answers(*, refusals: bool = False) -> st.SearchStrategy[Response]:
    """One answer; with ``refusals`` also those that drop events for good."""
    kinds: Sequence[st.SearchStrategy[Response]] = [delayed(), retryable(), faults()]
    return st.one_of(*kinds, *([final()] if refusals else []))


def schedules(*, max_size: int = 20, refusals: bool = False) -> st.SearchStrategy[List[Response]]:
    """What a server answers, one after the other: ``sim.server.respond(*schedule)``."""
    return st.lists(answers(refusals=refusals), max_size=max_size)
