"""Hypothesis drives fault schedules: the ledger holds whatever the server does."""

import pytest

pytest.importorskip("hypothesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402

from lockstep import Simulation, strategies  # noqa: E402

# The same examples each time, and nothing written into the tree.
FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@FEW
@given(strategies.schedules(max_size=8))
def test_what_can_be_retried_is_delivered_once_the_server_recovers(schedule):
    sim = Simulation()
    sim.server.respond(*schedule)
    client = sim.client(max_retries=20, flush_at=3)
    captured = {client.capture("u", "e", {"n": n}).uuid for n in range(7)}
    assert sim.run_until_idle()
    assert {event.uuid for event in sim.stored} == captured
    assert all(event.same_bytes for event in sim.stored)
    assert client.stats().total.delivered == 7
    sim.check()


@FEW
@given(strategies.schedules(refusals=True))
def test_every_event_ends_once_and_a_shutdown_keeps_its_deadline(schedule):
    sim = Simulation()
    sim.server.respond(*schedule)
    client = sim.client(flush_at=2)
    captured = [client.capture("u", "e").uuid for _ in range(5)]
    sim.run_for(1)
    before = sim.now
    client.shutdown(3)
    assert sim.now - before <= 3.000001
    assert sorted(outcome.uuid for outcome in sim.outcomes) == sorted(captured)
    sim.check()


def test_a_strategy_reaches_every_kind_of_answer():
    seen = set()

    @settings(max_examples=400, database=None, derandomize=True)
    @given(strategies.answers(refusals=True))
    def look(answer):
        seen.add(answer.fault or answer.status)

    look()
    assert {*strategies.FAULTS, *strategies.RETRYABLE, *strategies.FINAL, 200} == seen
