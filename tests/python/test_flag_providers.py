"""The flag providers from Python: in virtual time, and over the real transport."""

import gc
import os
import pathlib
import threading

import pytest

import lockstep
from lockstep import Flag, Response, Simulation
from lockstep.openfeature import (
    Api,
    Client,
    ContextLevel,
    ErrorCode,
    EvaluationContext,
    FlagType,
    PayloadShape,
    ProviderEventType,
    ProviderStatus,
    Reason,
    Tracker,
    TrackingEventDetails,
    TrackingProvider,
)
from lockstep.providers import LaunchDarkly, Memory, Ofrep, Posthog, Static, Statsig, Unleash

BACKENDS = {
    "ofrep": lambda url, **more: Ofrep(url, token="t", **more),
    "posthog": lambda url, **more: Posthog("phc_test", url, **more),
    "unleash": lambda url, **more: Unleash(url, "t", **more),
    "launchdarkly": lambda url, **more: LaunchDarkly(url, "sdk-key", **more),
    "statsig": lambda url, **more: Statsig("secret", url, **more),
}
USER = EvaluationContext("user-1", {"plan": "pro"})
FLAGS = {
    "beta": Flag(True, subjects={"user-2": Flag(False)}),
    "limits": Flag({"seats": 3}, variant="big", payload={"seats": 3}),
}


def simulated(**options):
    """OFREP in a simulation without latency."""
    sim = Simulation(latency=0)
    sim.server.set_flags({"checkout": Flag("v2", variant="new")})
    provider = Ofrep("http://flags.test", simulation=sim, **options)
    return sim, provider, Client(provider)


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_a_backend_in_virtual_time(backend):
    sim = Simulation(latency=0.25)
    sim.server.set_flags(FLAGS)
    client = Client(BACKENDS[backend]("http://flags.test", simulation=sim))
    assert client.get_boolean_value("beta", False, USER) is True
    assert sim.now == 0.5  # there and back
    assert client.get_boolean_value("beta", True, EvaluationContext("user-2")) is False
    assert client.get_object_value("limits", {}, USER) == {"seats": 3}
    assert len(sim.requests) == 3 and client.provider_status is ProviderStatus.READY


@pytest.mark.parametrize("backend", sorted(BACKENDS))
def test_a_backend_over_the_network(backend, mock_server):
    mock_server.set_flags(FLAGS)
    client = Client(BACKENDS[backend](mock_server.url))
    assert client.get_boolean_value("beta", False, USER) is True
    assert client.get_boolean_value("beta", True, EvaluationContext("user-2")) is False
    assert mock_server.request_count == 2


def test_options_reach_their_backend():
    sim = Simulation()
    sim.server.set_flags(FLAGS)
    statsig = Statsig("s", "http://x.test", log_exposures=False, simulation=sim)
    Client(statsig).get_boolean_value("beta", False, USER)
    assert sim.requests[-1].json["statsigMetadata"]["exposureLoggingDisabled"] is True
    relay = LaunchDarkly("http://x.test", "k", report=True, headers={"X-Own": "1"}, simulation=sim)
    Client(relay).get_boolean_value("beta", False, USER)
    assert (sim.requests[-1].method, sim.requests[-1].header("x-own")) == ("REPORT", "1")
    unleash = Unleash("http://x.test", "secret", app_name="shop", simulation=sim)
    Client(unleash).get_boolean_value("beta", False, USER)
    assert "appName=shop" in sim.requests[-1].query
    assert sim.requests[-1].header("Authorization") == "secret"
    posthog = Posthog("phc", "http://x.test", disable_geoip=True, simulation=sim)
    Client(posthog).get_boolean_value("beta", False, USER)
    assert sim.requests[-1].json["geoip_disable"] is True
    Client(Ofrep("http://x.test/base", bulk=True, simulation=sim)).get_boolean_value("beta", False)
    assert sim.server.unrouted == ["POST /base/ofrep/v1/evaluate/flags"]


@pytest.mark.parametrize(
    "make, error, named",
    [
        (lambda: Ofrep("nonsense"), lockstep.ConfigError, "base_url"),
        (lambda: Unleash("http://x.test", ""), lockstep.ConfigError, "token"),
        (lambda: LaunchDarkly("http://x.test", ""), lockstep.ConfigError, "sdk_key"),
        (lambda: Statsig(""), lockstep.ConfigError, "api_key"),
        (lambda: Posthog("p", poll_interval=-1), lockstep.ConfigError, "poll_interval"),
        (lambda: Ofrep("http://x.test", timeout="1"), TypeError, "timeout: found str"),
        (lambda: Ofrep("http://x.test", token=7), TypeError, "token: found int"),
        (lambda: Ofrep("http://x.test", colour="red"), TypeError, "colour"),
        (lambda: Ofrep("http://x.test", max_contexts=-1), ValueError, "max_contexts"),
        (lambda: Ofrep("http://x.test", curl={}, simulation=Simulation()), TypeError, "curl"),
    ],
)
def test_a_wrong_option_is_named(make, error, named):
    with pytest.raises(error, match=named):
        make()
    gc.collect()


def test_a_silent_backend_costs_its_timeout_in_virtual_time():
    sim, provider, client = simulated(timeout=7)
    sim.server.respond(Response(fault="no_answer"))
    details = client.get_string_details("checkout", "v1", USER)
    assert (details.value, details.error_code) == ("v1", ErrorCode.GENERAL)
    assert details.error_message.startswith("timeout") and sim.now == 7
    assert provider.status is ProviderStatus.ERROR and not provider.is_healthy


def test_an_outage_is_stale_and_ends():
    sim, provider, client = simulated(max_stale=60)
    heard = []
    for kind in ProviderEventType:
        client.on(kind, lambda event: heard.append(event.type))
    assert client.get_string_value("checkout", "v1", USER) == "v2"
    sim.run_for(1)
    sim.server.respond(Response(503, repeat=2))
    stale = client.get_string_details("checkout", "v1", USER)
    assert (stale.value, stale.reason) == ("v2", Reason.STALE)
    assert client.provider_status is ProviderStatus.STALE
    sim.run_for(61)
    assert client.get_string_value("checkout", "v1", USER) == "v1"  # too old to stand in
    assert client.get_string_details("checkout", "v1", USER).value == "v2"
    assert heard == [ProviderEventType.READY, ProviderEventType.STALE, ProviderEventType.READY]


def test_a_poll_brings_changes_in_virtual_time():
    sim, provider, client = simulated(max_age=3600, poll_interval=30)
    changes = []

    @client.on(ProviderEventType.CONFIGURATION_CHANGED)
    def changed(event):
        changes.append((sim.now, event.flags_changed))

    assert client.get_string_value("checkout", "v1", USER) == "v2"
    sim.server.set_flags({"checkout": Flag("v3")})
    details = client.get_string_details("checkout", "v1", USER)
    assert (details.value, details.reason, provider.remembered) == ("v2", Reason.CACHED, 1)
    sim.run_for(45)
    assert changes == [(30.0, ["checkout"])]
    assert client.get_string_value("checkout", "v1", USER) == "v3"
    provider.stop()
    requests = len(sim.requests)
    sim.run_for(600)
    assert len(sim.requests) == requests


def test_what_a_handler_raises_surfaces_where_time_passed():
    sim, provider, client = simulated(poll_interval=30)
    client.get_string_value("checkout", "v1", USER)
    client.on(ProviderEventType.CONFIGURATION_CHANGED, lambda event: 1 / 0)
    sim.server.set_flags({"checkout": Flag("v3")})
    with pytest.raises(ZeroDivisionError):
        sim.run_for(60)
    assert sim.now == 30


def test_what_a_responder_raises_surfaces_from_the_evaluation():
    sim, provider, client = simulated()

    @sim.server.respond_with
    def wrong(request):
        raise LookupError(request.path)

    with pytest.raises(LookupError, match="/ofrep/v1/evaluate/flags/checkout"):
        client.get_string_value("checkout", "v1", USER)


def test_a_batch_is_one_request():
    sim, provider, client = simulated(bulk=True)
    sim.server.set_flags({"checkout": Flag("v2"), "on": Flag(True)})
    queries = [("on", FlagType.BOOLEAN), ("absent", FlagType.STRING), ("checkout", FlagType.STRING)]
    answers = provider.evaluate_batch(queries, USER)
    assert [answer.value for answer in answers] == [True, None, "v2"]
    assert answers[1].error_code is ErrorCode.FLAG_NOT_FOUND
    assert len(sim.requests) == 1
    assert provider.evaluate("on", FlagType.BOOLEAN, USER).value is True
    with pytest.raises(ValueError, match="colour"):
        provider.evaluate("on", "colour", USER)


def test_refresh_says_whether_it_worked():
    sim, provider, client = simulated()
    client.get_string_value("checkout", "v1", USER)
    assert provider.refresh()
    sim.server.respond(500)
    assert not provider.refresh() and provider.status is ProviderStatus.STALE


def test_one_api_lives_in_one_world():
    api = Api()
    api.set_provider(Memory(), domain="memory")
    api.set_provider(Ofrep("http://x.test", simulation=Simulation()))
    with pytest.raises(ValueError, match="another simulation"):
        api.set_provider(Ofrep("http://x.test", simulation=Simulation()), domain="other")


def test_the_trace_of_the_simulation_has_the_provider_s_requests():
    sim, provider, client = simulated(trace_name="flags")
    client.get_string_value("checkout", "v1", USER)
    assert [send.fields["client"] for send in sim.trace.labelled("send")] == ["flags"]
    again, _, other = simulated(trace_name="flags")
    other.get_string_value("checkout", "v1", USER)
    assert sim.trace.difference(again.trace) is None


# --- the real world -------------------------------------------------------------------------------


def test_an_evaluation_that_waits_lets_others_run(mock_server):
    turned = threading.Event()

    @mock_server.respond_with
    def answer(request):
        assert turned.wait(20)
        return None

    mock_server.set_flags(FLAGS)
    client = Client(Ofrep(mock_server.url))
    threading.Thread(target=turned.set).start()
    assert client.get_boolean_value("beta", False, USER)


def test_handlers_run_on_the_thread_that_polls(mock_server):
    mock_server.set_flags({"checkout": Flag("v2")})
    client = Client(Ofrep(mock_server.url, poll_interval=0.02, curl={"max_connections": 1}))
    changed, threads = threading.Event(), []

    @client.on(ProviderEventType.CONFIGURATION_CHANGED)
    def hear(event):
        threads.append(threading.get_ident())
        changed.set()

    client.get_string_value("checkout", "v1", USER)
    mock_server.set_flags({"checkout": Flag("v3")})
    assert changed.wait(20) and threads[0] != threading.get_ident()
    del client
    gc.collect()  # while its poller may be in the handler


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_gets_defaults_and_does_not_hang(mock_server):
    mock_server.set_flags(FLAGS)
    client = Client(Ofrep(mock_server.url))
    assert client.get_boolean_value("beta", False, USER)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            inherited = client.get_boolean_details("beta", False, EvaluationContext("other"))
            own = Client(Ofrep(mock_server.url)).get_boolean_value("beta", False, USER)
            status = 0 if inherited.error_code is ErrorCode.GENERAL and own else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# --- a file ---------------------------------------------------------------------------------------


TOML = """[flags.checkout]
variants = { old = "v1", new = "v2" }
default = "old"
rules = [{ when = [{ attribute = "plan", equals = "pro" }], variant = "new" }]
"""


def test_a_file_decides_by_its_rules(tmp_path):
    file = tmp_path / "flags.toml"
    file.write_text(TOML)
    provider = Static(file)
    client = Client(provider)
    assert client.get_string_value("checkout", "", USER) == "v2"
    assert client.get_string_value("checkout", "", EvaluationContext("user-1")) == "v1"
    changed = []
    client.on(ProviderEventType.CONFIGURATION_CHANGED, changed.append)
    file.write_text(TOML.replace('"v1"', '"v0"'))
    assert provider.refresh() and changed[0].flags_changed == ["checkout"]
    file.write_text(TOML + "nonsense = 1\n")
    assert not provider.refresh()
    assert provider.status is ProviderStatus.STALE
    assert pathlib.Path(file).name in provider.last_error and ":5:" in provider.last_error
    assert client.get_string_value("checkout", "", EvaluationContext("user-1")) == "v0"


def test_flags_from_text():
    provider = Static.from_text("[flags.a]\nvariants = 7\n", name="inline")
    client = Client(provider)
    assert "inline:2" in provider.last_error
    assert client.provider_status is ProviderStatus.ERROR
    assert Client(Static.from_text(TOML)).get_string_value("checkout", "", USER) == "v2"


# --- tracking -------------------------------------------------------------------------------------


def test_a_tracker_sends_the_merged_context_to_confidence():
    sim = Simulation(strict=True)
    client = sim.client(capture="confidence")
    tracker = Tracker(client)
    tracker.set_context(ContextLevel.API, EvaluationContext("", {"a": 1, "b": 1, "c": 1}))
    tracker.set_context(ContextLevel.TRANSACTION, EvaluationContext("", {"b": 2, "c": 2}))
    tracker.set_context(ContextLevel.CLIENT, EvaluationContext("user-1", {"c": 3}))
    details = TrackingEventDetails(value=0, fields={"items": [1, 2]})
    assert tracker.track("checkout", EvaluationContext("", {"d": 4}), details).ok
    assert client.flush().ok
    (event,) = sim.stored
    assert event.json["eventDefinition"] == "eventDefinitions/checkout"
    assert event.json["payload"] == {
        "items": [1, 2],
        "value": 0,
        "context": {"a": 1, "b": 2, "c": 3, "d": 4, "targeting_key": "user-1"},
    }
    assert sim.server.violations == []


def test_a_flat_payload_becomes_properties_of_another_protocol():
    sim = Simulation()
    client = sim.client()
    tracker = Tracker(client, PayloadShape.FLAT)
    who = EvaluationContext("user-1", {"plan": "pro", "a": 1})
    tracker.track("checkout", who, TrackingEventDetails(99.5, {"a": 2}))
    client.flush()
    (event,) = sim.stored
    properties = event.json["properties"]
    assert (event.distinct_id, properties["plan"], properties["a"]) == ("user-1", "pro", 2)
    assert (properties["value"], properties["targeting_key"]) == (99.5, "user-1")


def test_what_cannot_be_tracked_is_refused():
    client = Simulation().client(capture="confidence")
    tracker = Tracker(client)
    assert tracker.track("").admission == "invalid"
    infinite = TrackingEventDetails(float("inf"))
    assert tracker.track("e", details=infinite).admission == "invalid"
    hiding = TrackingEventDetails(fields={"context": {}})
    assert tracker.track("e", details=hiding).admission == "invalid"
    with pytest.raises(TypeError, match=r"fields\.a: found object"):
        tracker.track("e", details=TrackingEventDetails(fields={"a": object()}))
    with pytest.raises(TypeError, match="value: found str"):
        tracker.track("e", details=TrackingEventDetails(value="1"))
    with pytest.raises(TypeError, match="client: found NoneType"):
        Tracker(None)


def test_a_flag_client_tracks_through_its_provider():
    sim = Simulation()
    sdk = sim.client(capture="confidence")
    flags = Client(TrackingProvider(Static.from_text(TOML), Tracker(sdk)))
    flags.set_context(EvaluationContext("user-1", {"plan": "pro"}))
    assert flags.get_string_value("checkout", "") == "v2"
    flags.track("bought", EvaluationContext("", {"country": "SE"}), TrackingEventDetails(2))
    assert sdk.flush().ok
    context = {"targeting_key": "user-1", "plan": "pro", "country": "SE"}
    assert sim.stored[0].json["payload"] == {"value": 2, "context": context}
    other = Simulation().client(capture="confidence")
    with pytest.raises(ValueError, match="different simulations"):
        TrackingProvider(Ofrep("http://x.test", simulation=sim), Tracker(other))


def test_what_was_tracked_is_delivered_before_the_apis_shutdown_is_over(mock_server):
    with lockstep.Client("secret", mock_server.url, capture="confidence") as sdk:
        api = Api()
        api.set_provider(TrackingProvider(Static.from_text(TOML), Tracker(sdk)))
        api.client().track("bought", EvaluationContext("user-1"))
        api.shutdown()
        assert [event.json["eventDefinition"] for event in mock_server.stored] == [
            "eventDefinitions/bought"
        ]


def test_a_tracker_over_the_network(mock_server):
    with lockstep.Client("secret", mock_server.url, capture="confidence") as client:
        assert Tracker(client).track("checkout", EvaluationContext("user-1")).ok
    assert mock_server.stored[0].json["payload"] == {"context": {"targeting_key": "user-1"}}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_tracker_goes_on_in_a_forked_child(mock_server):
    with lockstep.Client("secret", mock_server.url, capture="confidence") as client:
        tracker = Tracker(client)
        tracker.set_context(ContextLevel.CLIENT, EvaluationContext("user-1"))
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if tracker.track("of the child").ok and client.flush().ok else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert mock_server.stored[0].json["payload"] == {"context": {"targeting_key": "user-1"}}
