"""What becomes of Python values on their way into an event."""

import datetime
import decimal
import enum
import math
import pathlib
import uuid

import pytest

from lockstep import Response, Simulation


@pytest.fixture
def sim():
    return Simulation()


def sent(sim, *captured):
    """The properties of the one event that was captured."""
    sim.clients[0].flush()
    return sim.stored[-1].json["properties"]


class Colour(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    "value, json",
    [
        (None, None),
        (True, True),
        (0, 0),
        (-(2**63), -(2**63)),
        (2**63, 2**63),
        (10**30, 10**30),
        (1.5, 1.5),
        (math.nan, None),
        ("", ""),
        ('"\\\n\x00 é 😀', '"\\\n\x00 é 😀'),
        ("\ud800 alone", "? alone"),
        (b"bytes", "bytes"),
        ([], []),
        ((1, (2,)), [1, [2]]),
        ({"a": {"b": []}}, {"a": {"b": []}}),
        ({1: "key"}, {"1": "key"}),
        (frozenset({3}), [3]),
        (datetime.date(2025, 1, 2), "2025-01-02"),
        (datetime.datetime(2025, 1, 2, 3, 4, 5), "2025-01-02T03:04:05"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (decimal.Decimal("1.50"), "1.50"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (Colour.RED, "red"),
        (Number.ONE, 1),
    ],
    ids=repr,
)
def test_a_value_arrives(sim, value, json):
    client = sim.client()
    assert client.capture("u", "e", {"top": value, "deep": [value]}).ok
    properties = sent(sim)
    assert properties["top"] == json and properties["deep"] == [json]


def test_numpy_values_arrive(sim):
    numpy = pytest.importorskip("numpy")
    sim.client().capture("u", "e", {"a": numpy.float64(1.5), "b": numpy.arange(3)})
    assert sent(sim)["a"] == 1.5 and sent(sim)["b"] == [0, 1, 2]


def cyclic():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 1, cyclic(), {"x": object()}],
    ids=["object", "function", "cycle", "inside"],
)
def test_what_json_cannot_hold_is_refused_counted_and_logged(sim, caplog, value):
    client = sim.client()
    result = client.capture("u", "the event", {"fine": 1, "bad": value})
    assert (result.admission, result.uuid, result.ok) == ("invalid", None, False)
    assert client.capture("u", "the event", {"bad": value}, historical=True).admission == "invalid"
    assert client.stats().refused == 2 and client.stats().total.captured == 0
    assert "'the event' was refused" in caplog.text


@pytest.mark.parametrize("properties", [[("a", 1)], "text", 7])
def test_properties_that_are_no_dict_are_refused(sim, properties):
    assert sim.client().capture("u", "e", properties).admission == "invalid"


def test_who_and_what_may_be_no_texts_and_must_not_be_empty(sim):
    client = sim.client()
    assert client.capture(7, "e").ok
    assert client.capture(uuid.UUID(int=5), "e").ok
    for wrong in (client.capture(None, "e"), client.capture("", "e"), client.capture("u", "")):
        assert wrong.admission == "invalid"
    client.flush()
    assert [event.distinct_id for event in sim.stored] == ["7", str(uuid.UUID(int=5))]


def test_arguments_have_names_and_wrong_ones_are_type_errors(sim):
    client = sim.client()
    assert client.capture(event="e", properties={"a": 1}, distinct_id="u").ok
    for call in (
        lambda: client.capture(),
        lambda: client.capture("u"),
        lambda: client.capture("u", "e", {}, 4),
        lambda: client.capture("u", "e", colour="red"),
    ):
        with pytest.raises(TypeError):
            call()


def test_everything_else_of_an_event_can_be_given(sim):
    client = sim.client(capture="v1")
    when = datetime.datetime(2024, 2, 29, 12, 0, 0, 250000, tzinfo=datetime.timezone.utc)
    mine = uuid.uuid5(uuid.NAMESPACE_DNS, "mine")
    result = client.capture(
        "u", "e", {"a": 1}, timestamp=when, uuid=mine, groups={"company": "c"},
        process_person_profile=False,
    )  # fmt: skip
    assert result.uuid == str(mine)
    client.flush()
    (event,) = sim.stored
    assert (event.uuid, event.timestamp) == (str(mine), "2024-02-29T12:00:00.250Z")
    assert event.json["properties"]["$groups"] == {"company": "c"}
    assert event.json["options"]["process_person_profile"] is False


def test_lanes(sim):
    client = sim.client()
    client.capture_ai("u", "$ai_generation", {"$ai_model": "m"})
    client.capture("u", "old", historical=True)
    client.flush()
    lanes = client.stats().lanes
    assert lanes["ai"].delivered == lanes["historical"].delivered == 1
    assert {request.path for request in sim.requests} == {"/i/v0/ai/batch/", "/batch/"}


def test_persons_and_groups(sim):
    client = sim.client()
    client.identify("u", {"name": "n"}, {"first": 1})
    client.alias("u", "other")
    client.group_identify("company", "c", {"size": 3})
    client.flush()
    events = {event.event: event.json for event in sim.stored}
    assert events["$identify"]["properties"]["$set_once"] == {"first": 1}
    assert events["$create_alias"]["properties"]["alias"] == "other"
    assert events["$groupidentify"]["properties"]["$group_set"] == {"size": 3}
    assert client.group_identify("", "c").admission == "invalid"


def test_an_exception_is_captured_with_its_frames_and_causes(sim):
    client = sim.client()
    try:
        try:
            int("no")
        except ValueError as cause:
            raise RuntimeError("outer") from cause
    except RuntimeError:
        client.capture_exception(distinct_id="u")
    listed = sent(sim)["$exception_list"]
    assert [(entry["type"], entry["value"][:5]) for entry in listed] == [
        ("RuntimeError", "outer"),
        ("ValueError", "inval"),
    ]
    frame = listed[0]["stacktrace"]["frames"][-1]
    assert frame["filename"] == "test_capture.py" and frame["function"].startswith("test_an_")
    assert client.capture_exception().admission == "invalid"  # none is being handled
    assert client.capture_exception(ValueError("nobody's")).ok
    client.flush()
    nobodys = sim.stored[-1]
    assert nobodys.distinct_id == nobodys.uuid


def test_of_exceptions_that_wrap_others_the_hidden_ones_are_left_out(sim):
    client = sim.client()
    for hide in (False, True):
        try:
            try:
                int("no")
            except ValueError:
                if hide:
                    raise RuntimeError("outer") from None
                raise RuntimeError("outer")
        except RuntimeError as error:
            client.capture_exception(error, "u")
    client.flush()
    listed = [len(event.json["properties"]["$exception_list"]) for event in sim.stored]
    assert listed == [2, 1]


def test_a_queue_that_blocks_waits_in_virtual_time(sim):
    client = sim.client(queue_full="block", max_queue_size=1, flush_at=1, max_block=10)
    sim.server.respond({"status": 200, "delay_ms": 3000})
    assert client.capture("u", "first").ok
    assert client.capture("u", "second").ok
    assert sim.now == pytest.approx(3.002)


def test_flags(sim):
    client = sim.client()
    beta = {"key": "beta", "enabled": True, "variant": "blue", "metadata": {"payload": "[1]"}}
    sim.server.respond(Response(body={"flags": {"beta": beta}}))
    flag = client.get_feature_flag("beta", "u", person_properties={"age": 3})
    assert (flag.value, flag.enabled, flag.error, bool(flag)) == ("blue", True, "", True)
    assert sim.requests[0].json["person_properties"]["age"] == 3
    assert client.get_feature_flag("none", "u").value is None


def test_consent(sim):
    client = sim.client()
    client.opt_out()
    assert client.opted_out and client.capture("u", "e").admission == "disabled"
    client.opt_in()
    assert client.capture("u", "e").ok
    client.shutdown()
    assert client.capture("u", "e").admission == "closed"
