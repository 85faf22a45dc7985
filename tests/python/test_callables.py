"""Hooks, observers and responders in Python: what they change, where what they raise goes."""

import logging
import traceback

import pytest

from lockstep import Simulation


class Wrong(Exception):
    pass


def explode(*arguments):
    raise Wrong("on purpose")


def test_what_a_responder_raises_surfaces_where_time_was_advanced():
    sim = Simulation(latency=0)
    client = sim.client(flush_interval=5)
    sim.server.respond_with(explode)
    client.capture("u", "e")
    with pytest.raises(Wrong) as raised:
        sim.run_for(60)
    frames = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert "explode" in frames and "run_for" in frames
    assert sim.now == 5.0  # where it happened
    sim.server.respond_with(None)
    sim.run_for(60)
    assert sim.now == 65.0
    assert [request.status for request in sim.requests] == [500, 200]
    assert client.stats().total.delivered == 1
    sim.check()


@pytest.mark.parametrize("name", ["on_outcome", "on_request", "on_error", "logger"])
def test_what_an_observer_raises_surfaces_too(name):
    sim = Simulation(latency=0)
    sim.server.respond(400)
    client = sim.client(**{name: explode})
    client.capture("u", "e")
    with pytest.raises(Wrong):
        client.flush()
    client.capture("u", "f")
    sim.run_for(0)
    assert client.stats().total.captured == 2
    sim.check()


def test_time_stops_where_an_observer_raised():
    sim = Simulation(latency=0)
    client = sim.client(flush_at=1, on_outcome=explode)
    client.capture("u", "now")
    late = sim.client(flush_interval=5)
    late.capture("u", "later")
    with pytest.raises(Wrong):
        sim.run_for(60)
    assert sim.now == 0 and len(sim.stored) == 1
    sim.run_for(60)
    assert sim.now == 60 and len(sim.stored) == 2


def test_what_a_network_function_raises_surfaces_too():
    sim = Simulation(latency=0)
    client = sim.client()
    sim.network(explode)
    client.capture("u", "e")
    with pytest.raises(Wrong):
        client.flush()
    sim.network(None)
    assert client.flush(60).ok


def test_a_hook_changes_drops_and_fails_closed():
    sim = Simulation()

    def hook(event):
        if event["event"] == "secret":
            return None
        if event["event"] == "bad":
            raise Wrong("on purpose")
        event["properties"]["seen"] = True
        del event["properties"]["password"]
        event["distinct_id"] = "somebody"
        return event

    client = sim.client(before_send=hook)
    assert client.capture("u", "secret", {"password": 1}).reason == "hook"
    result = client.capture("u", "bad", {"password": 1})
    assert (result.admission, result.reason) == ("dropped", "hook_failed")
    with pytest.raises(Wrong):
        sim.run_for(0)
    assert client.capture("u", "good", {"password": 1, "x": [1.5, "é", None]}).ok
    client.flush()
    (stored,) = sim.stored
    properties = stored.json["properties"]
    assert stored.distinct_id == "somebody" and properties["seen"] is True
    assert properties["x"] == [1.5, "é", None] and "password" not in properties
    assert client.stats().total.dropped == {"hook": 1, "hook_failed": 1}


def test_hooks_run_in_order_and_may_answer_true_or_false():
    order = []
    sim = Simulation()
    client = sim.client(
        before_send=[
            lambda event: order.append(1) or True,
            lambda event: order.append(2) or event["event"] != "no",
            lambda event: order.append(3) or event,
        ]
    )
    assert client.capture("u", "yes").ok
    assert client.capture("u", "no").reason == "hook"
    assert order == [1, 2, 3, 1, 2]


@pytest.mark.parametrize("answer", [7, {"event": 7}, {"uuid": "no"}, {"timestamp": "no"}])
def test_a_hook_that_answers_nonsense_drops_the_event(answer):
    sim = Simulation()
    client = sim.client(before_send=lambda event: answer)
    assert client.capture("u", "e").reason == "hook_failed"


def test_a_callable_may_capture_but_not_let_time_pass():
    sim = Simulation(latency=0)
    reports = []

    def heard(outcome):
        if len(reports) == 0:
            client.capture("u", "from the callback")
            reports.append(client.flush().status)
            sim.run_for(1)

    client = sim.client(on_outcome=heard)
    client.capture("u", "e")
    with pytest.raises(RuntimeError, match="cannot let time pass"):
        client.flush()
    assert reports == ["deferred"]
    assert client.flush().ok
    assert len(sim.stored) == 2


def test_log_lines_go_to_a_logger(caplog):
    sim = Simulation()
    sim.server.script({"default": {"status": 400}})
    client = sim.client(logger=logging.getLogger("mine"))
    client.capture("u", "e")
    with caplog.at_level(logging.DEBUG, "mine"):
        client.flush()
    assert [(r.name, r.levelname) for r in caplog.records] == [("mine", "WARNING")]
    assert "400" in caplog.text
