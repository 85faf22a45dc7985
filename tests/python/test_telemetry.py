"""A tool's telemetry from Python: what is on every event, what ends a command, what must not."""

import gc
import subprocess
import sys
import textwrap

import pytest

from lockstep import Response, Simulation
from lockstep.telemetry import (
    Direction,
    Flow,
    FlowTracker,
    Telemetry,
    UserCancelled,
    error_class,
    run_command,
)

AUTH = Flow("Auth", ("browser_wait", "code_exchange"))


class Private(Exception):
    pass


class Stand:
    """A tool in a simulation, and what the service stored of it."""

    def __init__(self, **options):
        self.sim = Simulation(strict=True, latency=0)
        self.made = {
            "write_key": "key",
            "version": "1.2.3",
            "anonymous_id": "device-1",
            "environment": {},
            "simulation": self.sim,
            "endpoint": "http://telemetry.test",
            **options,
        }
        self.tool = Telemetry(**self.made)

    def stored(self):
        self.tool.close()
        assert self.sim.server.violations == []
        return [(event.event, event.json.get("properties", {})) for event in self.sim.stored]

    def names(self):
        return [name for name, _ in self.stored()]

    def ending(self):
        name, properties = self.stored()[-1]
        assert name == "Command Completed"
        wanted = ("succeeded", "exit_code", "duration_ms", "error_class", "user_cancelled")
        return {key: properties[key] for key in wanted if key in properties}


@pytest.fixture
def stand():
    return Stand()


def test_every_event_says_where_it_comes_from():
    stand = Stand(base={"app_id": "APP", "version": "forged"}, environment={"CI": "true"})
    with stand.tool.command("objects browse", ["--query", "--limit"]):
        stand.tool.track("E", {"own": 1, "sequence": 7, "app_id": "x", "command": "x"})
    events = stand.stored()
    assert [name for name, _ in events] == ["Command Invoked", "E", "Command Completed"]
    assert [properties["sequence"] for _, properties in events] == [1, 2, 3]
    assert len({properties["invocation_id"] for _, properties in events}) == 1
    for _, properties in events:
        assert (properties["command"], properties["app_id"]) == ("objects browse", "APP")
        assert properties["flags"] == ["--query", "--limit"]
        assert (properties["version"], properties["is_ci"]) == ("1.2.3", 1)
        assert properties["operating_system"] == sys.platform
    assert events[1][1]["own"] == 1


def test_a_command_completes_exactly_when_one_started(stand):
    assert run_command(stand.tool, lambda: 2) == 2
    assert stand.names() == []

    started = Stand()

    def command():
        started.tool.command_started("import")
        started.sim.run_for(1.5)
        return 3

    assert run_command(started.tool, command) == 3
    assert started.tool.stats().closed
    started.tool.command_completed(exit_code=0)  # once only
    assert started.names() == ["Command Invoked", "Command Completed"]
    assert started.ending() == {
        "succeeded": False,
        "exit_code": 3,
        "duration_ms": 1500,
        "user_cancelled": False,
    }


def test_no_return_value_is_success(stand):
    assert run_command(stand.tool, lambda: stand.tool.command_started("c")) == 0
    assert stand.ending() == {"succeeded": True, "exit_code": 0, "duration_ms": 0}


@pytest.mark.parametrize(
    "raised, ending",
    [
        (ValueError("secret"), (False, 1, "ValueError", False)),
        (KeyboardInterrupt(), (False, 130, "KeyboardInterrupt", True)),
        (UserCancelled(), (False, 130, "lockstep.telemetry.UserCancelled", True)),
        (SystemExit(4), (False, 4, None, False)),
        (SystemExit("a message"), (False, 1, None, False)),
        (SystemExit(), (True, 0, None, None)),
    ],
)
@pytest.mark.parametrize("way", ["run_command", "with", "decorator"])
def test_what_a_command_raises_is_told_and_raised(raised, ending, way):
    stand = Stand()

    def work():
        raise raised

    def whole():
        stand.tool.command_started("c")
        work()

    with pytest.raises(type(raised)):
        if way == "run_command":
            run_command(stand.tool, whole)
        elif way == "decorator":
            stand.tool.command("c")(work)()
        else:
            with stand.tool.command("c"):
                work()
    told = stand.ending()
    told.pop("duration_ms")
    names = ("succeeded", "exit_code", "error_class", "user_cancelled")
    assert told == {name: value for name, value in zip(names, ending) if value is not None}
    assert "secret" not in str(stand.stored())


def test_a_decorated_command_has_its_exit_code(stand):
    @stand.tool.command("greet", ["--all"])
    def greet(name):
        """Greets."""
        stand.sim.run_for(0.25)
        return 5

    assert greet("Ada") == 5 and greet.__doc__ == "Greets."
    assert stand.ending() == {
        "succeeded": False,
        "exit_code": 5,
        "duration_ms": 250,
        "user_cancelled": False,
    }


def test_an_exit_code_can_be_set_on_the_way(stand):
    with stand.tool.command("c") as command:
        command.exit_code = 9
    assert stand.ending()["exit_code"] == 9


def test_an_error_is_called_by_its_first_informative_type():
    assert error_class(None) == ""
    assert error_class(KeyError("x")) == "KeyError"
    assert error_class(Private("x")) == f"{Private.__module__}.Private"

    def chained(outer, inner, *, cause):
        try:
            try:
                raise inner
            except BaseException as error:
                raise outer from error if cause else None
        except BaseException as error:
            return error

    assert error_class(chained(RuntimeError("x"), KeyError("y"), cause=True)) == "KeyError"
    assert error_class(chained(RuntimeError("x"), KeyError("y"), cause=False)) == "RuntimeError"
    assert error_class(chained(OSError("x"), KeyError("y"), cause=True)) == "OSError"
    assert error_class(chained(RuntimeError("x"), Exception("y"), cause=True)) == "Exception"


def test_who_is_logged_in_is_the_user():
    stand = Stand(user_id="anna")
    stand.tool.identify({"plan": "pro"})
    stand.tool.track("E")
    stand.tool.close()
    identified, tracked = (event.json for event in stand.sim.stored)
    assert (identified["type"], identified["traits"]) == ("identify", {"plan": "pro"})
    assert (tracked["userId"], tracked["anonymousId"]) == ("anna", "device-1")
    assert tracked["properties"]["sequence"] == 1


@pytest.mark.parametrize(
    "options",
    [
        {"endpoint": ""},
        {"endpoint": "no address"},
        {"anonymous_id": ""},
        {"opt_out": "TOOL", "environment": {"TOOL": "off"}},
        {"environment": {"DO_NOT_TRACK": "1"}},
    ],
)
def test_one_that_is_off_does_nothing(options):
    stand = Stand(**options)
    assert not stand.tool.enabled and repr(stand.tool) == "<Telemetry off>"
    stand.tool.identify({"a": 1})
    with stand.tool.command("c"), FlowTracker(stand.tool, AUTH):
        stand.tool.track("E")
    assert stand.names() == [] and stand.tool.stats().total.captured == 0


def test_the_process_s_environment_is_looked_at(monkeypatch):
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    assert not Stand(environment=None).tool.enabled


def test_what_json_cannot_hold_costs_the_event_and_no_number(stand, caplog):
    stand.tool.track("lost", {"a": object()})
    stand.tool.track("lost too", 7)
    stand.tool.track("kept")
    assert [(name, properties["sequence"]) for name, properties in stand.stored()] == [("kept", 1)]
    assert "'lost' was refused: a value of type object" in caplog.text


@pytest.mark.parametrize(
    "options, named",
    [
        ({"version": 7}, "version: found int"),
        ({"base": {"a": object()}}, "base: a value of type object"),
        ({"environment": {"CI": 1}}, "environment: found int"),
        ({"close_timeout": "1"}, "close_timeout: found str"),
        ({"log": 7}, "log: found int"),
        ({"client": {"colour": 1}}, "colour"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_wrong_option_is_named(options, named):
    with pytest.raises(TypeError, match=named):
        Stand(**options)


def test_closing_has_a_bound_in_virtual_time():
    stand = Stand(close_timeout=0.75)
    stand.sim.server.respond(Response(fault="no_answer", repeat=100))
    stand.tool.track("E")
    stand.tool.close()
    assert stand.sim.now == 0.7  # the rest is for the program's own end
    assert stand.tool.stats().total.dropped == {"shutdown_deadline": 1}
    stand.tool.track("late")
    stand.tool.close()
    assert stand.sim.now == 0.7 and stand.tool.stats().total.captured == 1


def test_debug_tells_what_becomes_of_each_event():
    lines, events = [], []
    stand = Stand(debug=True, log=lines.append, on_event=events.append)
    stand.tool.track("E", {"a": 1})
    stand.tool.close()
    assert [line.split()[1] for line in lines] == ["captured", "delivered"]
    assert (events[0]["event"], events[0]["properties"]["a"]) == ("E", 1)


def test_options_of_the_client_have_the_last_word():
    outcomes = []
    stand = Stand(client={"headers": {"X-Own": "1"}, "on_outcome": outcomes.append})
    stand.tool.track("E")
    stand.tool.close()
    assert stand.sim.requests[0].header("X-Own") == "1"
    assert len(outcomes) == 1
    assert [outcome.where[0] for outcome in stand.sim.outcomes] == ["telemetry"]


def test_what_on_event_raises_surfaces_in_a_simulation_and_is_logged_outside(mock_server, caplog):
    def explode(event):
        raise Private("on purpose")

    with pytest.raises(Private):
        Stand(on_event=explode).tool.track("E")
    with Telemetry(mock_server.url, anonymous_id="d", environment={}, on_event=explode) as tool:
        tool.track("E")
    assert "on_event raised" in caplog.text and len(mock_server.stored) == 1


# --- flows ----------------------------------------------------------------------------------------


def flow_events(stand):
    keys = ("step", "step_index", "flow_duration_ms", "error_class", "plan", "where")
    return [
        (name, {key: properties[key] for key in keys if key in properties})
        for name, properties in stand.stored()
    ]


def test_a_flow_says_where_the_user_stopped(stand):
    with FlowTracker(stand.tool, AUTH, {"plan": "pro"}) as flow:
        flow.step("browser_wait")
        stand.sim.run_for(2)
        assert (flow.current_step, flow.duration) == ("browser_wait", 2.0)
        flow.step("code_exchange")
        flow.completed({"where": "web"})
    step = {"plan": "pro", "step": "code_exchange", "step_index": 1, "flow_duration_ms": 2000}
    assert flow_events(stand) == [
        ("CLI Auth Started", {"plan": "pro"}),
        ("CLI Auth Completed", {**step, "where": "web"}),
    ]


@pytest.mark.parametrize(
    "raised, event",
    [
        (None, "CLI Auth Completed"),
        (LookupError("x"), "CLI Auth Failed"),
        (KeyboardInterrupt(), "CLI Auth Aborted"),
        (UserCancelled(), "CLI Auth Aborted"),
        (SystemExit(1), "CLI Auth Aborted"),
    ],
)
def test_a_flow_ends_as_its_block_does(stand, raised, event):
    try:
        with FlowTracker(stand.tool, AUTH) as flow:
            flow.step("elsewhere")
            if raised is not None:
                raise raised
    except BaseException as error:
        assert error is raised
    name, properties = flow_events(stand)[-1]
    assert name == event and "step_index" not in properties
    assert properties.get("error_class") == ("LookupError" if event.endswith("Failed") else None)


def test_a_flow_that_is_let_go_of_is_aborted(stand):
    flow = FlowTracker(stand.tool, Flow("Plan"), {"direction": Direction.UPGRADE})
    del flow
    gc.collect()
    assert stand.names() == ["CLI Plan Started", "CLI Plan Aborted"]


def test_a_flow_ends_once(stand):
    with pytest.raises(LookupError), FlowTracker(stand.tool, AUTH) as flow:
        flow.aborted()
        raise LookupError
    assert stand.names() == ["CLI Auth Started", "CLI Auth Aborted"]


# --- a tool ---------------------------------------------------------------------------------------

TOOL = """
import sys
from lockstep.telemetry import Telemetry, run_command

def main():
    tool.command_started("greet", [])
    tool.track("Greeted")
    if "--fail" in sys.argv:
        raise LookupError("private")
    print("Hello")

tool = Telemetry(sys.argv[1], anonymous_id="device-1", environment={})
if "--forget" in sys.argv:
    main()
else:
    sys.exit(run_command(tool, main))
"""


def run_tool(endpoint, *arguments, timeout=60):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(TOOL), endpoint, *arguments],
        capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip


def test_a_tool_delivers_and_fails_as_it_would_without(mock_server):
    done = run_tool(mock_server.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Hello\n", "")
    done = run_tool(mock_server.url, "--fail")
    assert done.returncode == 1 and "LookupError: private" in done.stderr
    names = ["Command Invoked", "Greeted", "Command Completed"]
    assert [event.event for event in mock_server.stored] == names * 2
    assert mock_server.stored[-1].json["properties"]["error_class"] == "LookupError"


def test_what_nobody_closed_is_sent_when_the_interpreter_ends(mock_server):
    assert run_tool(mock_server.url, "--forget").returncode == 0
    assert [event.event for event in mock_server.stored] == ["Command Invoked", "Greeted"]


def test_an_endpoint_that_is_silent_does_not_hold_the_tool(mock_server):
    mock_server.respond(Response(fault="no_answer", repeat=1000))
    for way in ((), ("--forget",)):
        done = run_tool(mock_server.url, *way, timeout=8)  # the request alone would take ten
        assert (done.returncode, done.stderr) == (0, "")
