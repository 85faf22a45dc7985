"""The delivery part of PostHog's canonical SDK specification, in our words, in virtual time.

The features are in acceptance/; docs/acceptance.md has the table of them, which is held to what is
there.
"""

import datetime
import pathlib
import re

import pytest

pytest.importorskip("pytest_bdd")

from pytest_bdd import given, parsers, scenarios, then, when  # noqa: E402

from lockstep import Response, Simulation  # noqa: E402

FOLDER = pathlib.Path(__file__).parent / "acceptance"
ROOT = pathlib.Path(__file__).resolve().parents[2]

scenarios(str(FOLDER))


class World:
    """A simulation, its client, and what the program that uses them saw."""

    def __init__(self, start):
        self.sim = Simulation(start=start)
        self.log = []
        self.hook = lambda event: event
        self.hooks_called = []
        self.results = {}
        self.report = None
        self.flag = None
        self.raised = []

    def make_client(self, **options):
        self.client = self.sim.client(
            logger=lambda level, message: self.log.append(message),
            retry_jitter_percent=0,
            **options,
        )

    def capture(self, name, distinct_id="user-123", properties=None):
        self.results[name] = self.client.capture(distinct_id, name, properties)

    def use(self, call, *arguments):
        """A call of the program. What hooks throw on purpose is theirs, not the call's."""
        try:
            return call(*arguments)
        except HookThrew:
            return None
        except Exception as error:
            self.raised.append(error)
            return None

    def stored(self, name):
        (event,) = [event for event in self.sim.stored if event.event == name]
        return event

    def names(self, path=None):
        """The names of the events in each request (to a path)."""
        return [
            [event["event"] for event in request.events]
            for request in self.sim.requests
            if path is None or request.path == path
        ]

    def end_of(self, name):
        uuid = self.results[name].uuid
        return [outcome for outcome in self.sim.outcomes if outcome.uuid == uuid]


class HookThrew(Exception):
    pass


def throw(event):
    raise HookThrew("on purpose")


def value(text):
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else int(text) if text.isdigit() else text


# --- given ----------------------------------------------------------------------------------------


@given(parsers.parse("a simulation that begins at {start}"), target_fixture="world")
def begins(start):
    return World(datetime.datetime.fromisoformat(start.replace("Z", "+00:00")))


@given("a client")
def plain_client(world):
    world.make_client()


@given(parsers.re(r"a client with (?P<options>\w+ \S+( and \w+ \S+)*)$"))
def client_with(world, options):
    pairs = (pair.split(" ") for pair in options.split(" and "))
    world.make_client(**{name: value(text) for name, text in pairs})


@given(parsers.parse("a client whose hook sets {name} to {text}"))
def setting_hook(world, name, text):
    def set_property(event):
        event["properties"][name] = text
        return event

    world.hook = set_property
    world.make_client(before_send=lambda event: world.hook(event))


@given(parsers.parse('a client whose hook drops "{name}"'))
def dropping_hook(world, name):
    world.make_client(before_send=lambda event: None if event["event"] == name else event)


@given(parsers.parse("a client with flush_at 1 whose hook throws"))
def throwing_hook(world):
    world.make_client(flush_at=1, before_send=throw)


@given("a client with three hooks: one changes the event, one throws, one notes that it was called")
def three_hooks(world):
    def change(event):
        event["properties"]["changed"] = True
        return event

    def note(event):
        world.hooks_called.append("last")
        return event

    world.make_client(before_send=[change, throw, note])


@given(parsers.parse("a client whose events have {one} {first} and {two} {second}"))
def super_properties(world, one, first, two, second):
    world.make_client(super_properties={one: first, two: second})


@given("the user opted out")
def opted_out(world):
    world.client.opt_out()


@given(parsers.re(r"the server answers (?P<status>\d+)$"))
def answers(world, status):
    world.sim.server.respond(int(status))


@given(parsers.parse("the server always answers {status:d}"))
def always_answers(world, status):
    world.sim.server.script({"default": {"status": status}})


FLAG_IS_ON = Response(body={"flags": {"beta-ui": {"key": "beta-ui", "enabled": True}}})


@given(parsers.re(r"the server answers (?P<status>\d+), and then says that beta-ui is on"))
def flag_after_status(world, status):
    world.sim.server.respond(int(status), FLAG_IS_ON)


@given(
    parsers.re(
        r"the server does not answer (?P<count>\d+) times?, and then says that beta-ui is on"
    )
)
def flag_after_silence(world, count):
    world.sim.server.respond(Response(fault="no_answer", repeat=int(count)), FLAG_IS_ON)


@given(parsers.parse('"{name}" was captured, and a flush of 1 second could not deliver it'))
def could_not_deliver(world, name):
    world.capture(name)
    assert world.client.flush(1).pending == 1


# --- when -----------------------------------------------------------------------------------------


@when(parsers.re(r'(?P<names>"[^"]+"((, | and )"[^"]+")*) (is|are) captured$'))
def captured(world, names):
    for name in re.findall(r'"([^"]+)"', names):
        world.use(world.capture, name)


@when(parsers.parse('"{name}" of "{who}" is captured with {key} {text}'))
def captured_with(world, name, who, key, text):
    world.capture(name, who, {key: text})


@when(parsers.parse('the LLM event "{name}" is captured with {key} {text}'))
def captured_ai(world, name, key, text):
    world.results[name] = world.client.capture_ai("user-123", name, {key: text})


@when("no time passes")
def no_time(world):
    world.use(world.sim.run_for, 0.1)  # of the network, there and back


@when(parsers.parse("{span:g} seconds pass"))
def time_passes(world, span):
    world.use(world.sim.run_for, span)


@when("the client flushes")
def flushes(world):
    world.report = world.use(world.client.flush)


@when("the client flushes for 1 second")
def flushes_shortly(world):
    world.report = world.use(world.client.flush, 1)


@when("the client shuts down")
def shuts_down(world):
    world.report = world.use(world.client.shutdown)


@when("beta-ui is asked for")
def asked(world):
    world.flag = world.use(world.client.get_feature_flag, "beta-ui", "user-123")


@when("the hook drops everything from now on")
def drops_everything(world):
    world.hook = lambda event: None


# --- then -----------------------------------------------------------------------------------------


@then(parsers.re(r"one batch arrives, with (?P<names>.*)"))
def one_batch(world, names):
    assert world.names() == [re.findall(r'"([^"]+)"', names)]


@then("nothing is pending")
def nothing_pending(world):
    assert world.client.stats().total.pending == 0
    world.sim.check()


@then(parsers.re(r"(?P<count>\d+) events are pending"))
def pending_count(world, count):
    assert world.client.stats().total.pending == int(count)


@then(parsers.parse('"{name}" is pending'))
def is_pending(world, name):
    assert world.results[name].ok and world.end_of(name) == []
    assert world.client.stats().total.pending == 1


@then("no request is sent")
def no_request(world):
    assert world.sim.requests == []


@then(parsers.re(r"(?P<count>\d+) requests? (was|were) sent"))
def requests_sent(world, count):
    assert len(world.sim.requests) == int(count)


@then(parsers.parse('"{name}" is stored once'))
def stored_once(world, name):
    assert world.stored(name).uuid == world.results[name].uuid
    assert [outcome.delivered for outcome in world.end_of(name)] == [True]


@then(parsers.parse('"{name}" was dropped as {reason}'))
def was_dropped(world, name, reason):
    result = world.results[name]
    ended = [outcome.reason for outcome in world.end_of(name)]
    assert reason in (result.reason, *ended)
    assert world.client.stats().total.dropped == {reason: 1}
    assert name not in [event.event for event in world.sim.stored]


@then(parsers.parse('"{name}" was refused as {admission}'))
def was_refused(world, name, admission):
    assert world.results[name].admission == admission
    assert name not in [event.event for event in world.sim.stored]


@then(parsers.re(r"a warning tells of the (?P<what>full queue|lost batch|hook)"))
def warned(world, what):
    word = {"full queue": "queue", "lost batch": "503", "hook": "before_send"}[what]
    assert any(word in message for message in world.log), world.log


@then("nothing was thrown")
def nothing_thrown(world):
    assert world.raised == []


@then(parsers.parse('the request goes to {path}, names the api key and holds "{name}"'))
def request_shape(world, path, name):
    (request,) = world.sim.requests
    assert (request.method, request.path) == ("POST", path)
    assert request.header("Content-Type") == "application/json"
    assert request.json["api_key"] == "phc_simulation"
    assert request.header("Host") in (None, "mock.posthog.test")
    assert [event["event"] for event in request.events] == [name]


@then(parsers.re(r"(?P<count>\d+) flag requests? (was|were) sent"))
def flag_requests(world, count):
    assert len(flag_requests_of(world)) == int(count)


def flag_requests_of(world):
    return [request for request in world.sim.requests if request.route == "flags"]


@then(parsers.re(r"the pause before the (?P<number>\d)(nd|rd) was at least (?P<least>\S+) seconds"))
def pause(world, number, least):
    before, after = flag_requests_of(world)[int(number) - 2 : int(number)]
    # A request without an answer ends with its timeout, and the pause begins there.
    ended = before.at + (3.0 if before.fault == "no_answer" else 0.0)
    assert round(after.at - ended, 6) >= float(least)


@then("beta-ui is on")
def flag_on(world):
    assert world.flag.enabled and world.flag.error == ""


@then("the answer is an error that says 503")
def flag_error(world):
    assert not world.flag.enabled and "503" in world.flag.error


@then(parsers.parse("no more than {span:g} seconds have passed"))
def passed_at_most(world, span):
    assert world.sim.now <= span


@then("the flush says that it timed out")
def timed_out(world):
    assert (world.report.status, world.report.pending) == ("timed_out", 1)


@then("nothing is due any more")
def nothing_due(world):
    assert world.sim.next_instant is None
    before = len(world.sim.requests)
    world.sim.run_for(3600)
    assert len(world.sim.requests) == before and world.client.stats().closed


@then(parsers.re(r'the stored "(?P<name>[^"]+)" has (?!the |some )(?P<key>\S+) (?P<text>\S+)$'))
def stored_has(world, name, key, text):
    assert world.stored(name).json["properties"][key] == text


@then(parsers.parse('the stored "{name}" has some {key}'))
def stored_has_some(world, name, key):
    assert world.stored(name).json["properties"][key]


@then(parsers.parse('the stored "{name}" belongs to "{who}"'))
def stored_belongs(world, name, who):
    assert world.stored(name).distinct_id == who


@then(parsers.parse('the stored "{name}" has the time {time} and a uuid'))
def stored_time(world, name, time):
    event = world.stored(name)
    assert event.timestamp == time and re.fullmatch(r"[0-9a-f-]{36}", event.uuid)


@then(parsers.parse('the stored "{name}" has the uuid that the call returned'))
def stored_uuid(world, name):
    assert world.stored(name).uuid == world.results[name].uuid


@then("the last hook was not called")
def not_called(world):
    assert world.hooks_called == []


@then(parsers.re(r'only "(?P<name>[^"]+)" arrives at (?P<path>\S+)'))
def arrives_at(world, name, path):
    assert world.names(path) == [[name]]


@then(parsers.parse("nothing arrives at {path}"))
def nothing_arrives_at(world, path):
    assert world.names(path) == []


# --- the table in the documents -------------------------------------------------------------------


def test_the_table_names_every_scenario():
    pattern = re.compile(r"^(Feature|  Scenario(?: Outline)?): (.+)$", re.MULTILINE)
    expected = []
    for file in sorted(FOLDER.glob("*.feature")):
        (_, feature), *found = pattern.findall(file.read_text())
        expected += [(feature, name) for _, name in found]
    table = (ROOT / "docs" / "acceptance.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| passes \|", table, re.MULTILINE)
    assert rows == expected
