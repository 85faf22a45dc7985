"""The simulation from Python: time, answers, faults, what it says of a run."""

import datetime
import gc
import pathlib
import re
import signal
import sys
import threading

import pytest

import lockstep
from lockstep import EventError, Fault, Flag, Response, Simulation


def plain(**options):
    """A simulation without latency, and a client whose backoff is exact."""
    sim = Simulation(latency=0)
    client = sim.client(retry_initial_backoff=1, retry_jitter_percent=0, **options)
    return sim, client


def test_a_503_is_retried_after_the_backoff_which_doubles():
    sim, client = plain()
    sim.server.respond(503, 503, 200)
    result = client.capture("user-1", "order placed", {"total": 42.5})
    assert client.flush(60).ok
    assert [request.status for request in sim.requests] == [503, 503, 200]
    assert sim.delays == [1.0, 2.0]
    assert [request.attempt for request in sim.requests] == [1, 2, 3]
    assert [event.uuid for event in sim.stored] == [result.uuid]


def test_nothing_happens_unless_time_passes():
    sim, client = plain(flush_interval=5)
    client.capture("u", "e")
    assert (sim.now, sim.requests, sim.next_instant) == (0, [], 5.0)
    sim.run_until(4.999999)
    assert sim.requests == []
    sim.run_for(0.000001)
    assert [request.at for request in sim.requests] == [5.0]


def test_time_is_given_in_seconds_or_as_timedelta():
    sim = Simulation()
    sim.run_for(datetime.timedelta(hours=1))
    sim.run_for(1)
    sim.run_for(0.5)
    assert sim.now == 3601.5
    for wrong in ("1", None, -1, float("nan")):
        with pytest.raises((TypeError, ValueError), match="span|time"):
            sim.run_for(wrong)
    assert sim.now == 3601.5


def test_run_until_a_condition_stops_at_the_instant_at_which_it_holds():
    sim, client = plain()
    sim.server.script({"default": {"status": 503}})
    client.capture("u", "e")
    client.begin_flush(60)
    assert sim.run_until(lambda: len(sim.requests) == 2)
    assert sim.now == 1.0
    assert not sim.run_until(lambda: len(sim.requests) == 100)
    assert len(sim.requests) == 4  # the first, and max_retries


def test_run_until_idle_says_whether_it_is():
    sim, client = plain(flush_interval=5)
    client.capture("u", "e")
    assert not sim.run_until_idle(limit=4)
    assert sim.run_until_idle()
    assert len(sim.stored) == 1


def test_an_answer_may_be_a_function_of_the_request():
    sim, client = plain(flush_at=2)
    asked = []

    @sim.server.respond_with
    def answer(request):
        asked.append((request.number, request.path, request.attempt, len(request.events)))
        return Response(429, {"Retry-After": "7"}) if request.attempt == 1 else None

    client.capture("u", "one")
    client.capture("u", "two", {"nested": {"list": [1, None, True]}})
    assert client.flush(60).ok
    assert asked == [(1, "/batch/", 1, 2), (2, "/batch/", 2, 2)]
    assert sim.delays == [7.0]
    assert sim.requests[1].events[1]["properties"]["nested"] == {"list": [1, None, True]}


def test_answers_can_be_lost_and_the_event_is_stored_once():
    sim, client = plain()
    sim.server.respond(Response(fault="reset_after"), 200)
    client.capture("u", "e")
    assert client.flush(60).ok
    assert len(sim.requests) == 2 and len(sim.stored) == 1
    assert sim.stored[0].requests == [1, 2] and sim.stored[0].same_bytes
    assert sim.requests[0].fault == "reset_after"


def test_the_network_has_faults_of_its_own():
    sim, client = plain()
    seen = []

    @sim.network
    def network(passing):
        seen.append((passing.path, passing.at, passing.number))
        return ["refuse_connection", Fault("reset_after"), Fault(delay=3), None][len(seen) - 1]

    client.capture("u", "e")
    assert client.flush(60).ok
    assert seen == [("/batch/", 0.0, 1), ("/batch/", 1.0, 2), ("/batch/", 3.0, 3)]
    # The first never arrived; of the others the last one's answer took three seconds.
    assert [request.at for request in sim.requests] == [1.0, 3.0]
    assert sim.now == 6.0
    with pytest.raises(ValueError, match="nonsense"):
        sim.network(lambda passing: "nonsense")
        client.capture("u", "e")
        client.flush()


@pytest.mark.parametrize(
    "wrong, message",
    [
        (99, "status"),
        ("200", "str"),
        (Response(fault="no such"), "no such"),
        (Response(delay=-1), "delay"),
        ({"status": 200, "colour": "red"}, "colour"),
        ({"v1_event_results": 7}, "v1_event_results"),
        (Response(repeat=0), "repeat"),
    ],
)
def test_a_wrong_answer_is_refused_with_what_is_wrong(wrong, message):
    sim = Simulation()
    with pytest.raises((TypeError, ValueError), match=message):
        sim.server.respond(200, wrong)
    with pytest.raises((TypeError, ValueError), match=message):
        sim.server.respond_with(lambda request: wrong)
        sim.client().capture("u", "e")
        sim.run_for(60)


def test_two_runs_of_a_seed_leave_the_same_trace_and_another_seed_another():
    def run(seed):
        sim = Simulation(seed=seed)
        sim.server.respond(503, 503)
        client = sim.client(flush_at=3)
        for number in range(10):
            client.capture("u", "e", {"number": number})
        sim.run_until_idle()
        return sim.trace

    first, again, other = run(1), run(1), run(2)
    assert first.digest == again.digest and first.difference(again) is None
    assert first.digest != other.digest and "capture" in first.difference(other)


def test_the_ledger_and_the_outcomes_say_what_became_of_each_event():
    sim, client = plain(max_retries=0)
    sim.server.respond(500)
    lost = client.capture("u", "lost")
    client.flush()
    kept = client.capture("u", "kept")
    report = client.flush()
    assert (report.status, report.delivered, report.dropped) == ("complete", 1, 0)
    ends = {outcome.uuid: outcome for outcome in sim.outcomes}
    assert not ends[lost.uuid].delivered and ends[lost.uuid].reason == "attempts_exhausted"
    assert ends[lost.uuid].status == 500 and ends[lost.uuid].where == ("client-1", 0.0)
    assert ends[kept.uuid].delivered and ends[kept.uuid].attempts == 1
    stats = client.stats()
    assert stats.total.captured == 2 and stats.total.dropped == {"attempts_exhausted": 1}
    assert stats.lanes["analytics"].delivered == 1 and stats.total.balances
    sim.check()


def test_wall_time_is_given_and_can_jump():
    start = datetime.datetime(2030, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc)
    sim = Simulation(start=start)
    client = sim.client()
    client.capture("u", "before")
    sim.jump_wall(datetime.timedelta(days=-1))
    client.capture("u", "after")
    client.flush()
    assert [event.timestamp for event in sim.stored] == [
        "2030-05-06T07:08:09.123456Z",
        "2030-05-05T07:08:09.123456Z",
    ]
    assert sim.wall_time.date() == datetime.date(2030, 5, 5)


def test_a_second_thread_is_refused_while_one_is_inside():
    sim, client = plain()
    inside, go_on = threading.Event(), threading.Event()

    @sim.server.respond_with
    def answer(request):
        inside.set()
        assert go_on.wait(30)

    client.capture("u", "e")
    thread = threading.Thread(target=lambda: sim.run_for(60))
    thread.start()
    assert inside.wait(30)
    try:
        with pytest.raises(RuntimeError, match="one thread at a time"):
            client.capture("u", "from another thread")
        with pytest.raises(RuntimeError, match="let time pass|one thread"):
            sim.run_for(1)
    finally:
        go_on.set()
        thread.join()
    assert [event.event for event in sim.stored] == ["e"]


def endless(**options):
    """A simulation in which something is always due: a retry each second."""
    sim = Simulation(keep_trace=False)
    sim.server.script({"default": {"status": 503}})
    client = sim.client(max_retries=2**32 - 1, retry_max_backoff=1, **options)
    client.capture("u", "e")
    return sim, client


def test_other_threads_run_while_a_simulation_does():
    sim, client = endless()
    go, turned = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: go.wait() and turned.set())
    thread.start()
    before = sys.getswitchinterval()
    # From now on a thread gets the GIL only when another one lets go of it.
    sys.setswitchinterval(1000)
    try:
        go.set()
        assert not turned.is_set()
        sim.run_until(turned.is_set, limit=5_000)
        assert turned.is_set()
    finally:
        sys.setswitchinterval(before)
        thread.join()


def test_a_signal_ends_a_run_that_would_not_end():
    class Enough(Exception):
        pass

    def handle(number, frame):
        raise Enough

    sim, client = endless()
    former = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Enough):
            sim.run_for(5e9)
    finally:
        signal.signal(signal.SIGALRM, former)
    before = sim.now
    assert 0 < before < 5e9
    sim.run_for(1)
    assert sim.now == pytest.approx(before + 1)


def test_without_a_trace_its_digest_is_still_the_same():
    digests = set()
    for keep in (False, True):
        sim = Simulation(keep_trace=keep)
        sim.client().capture("u", "e")
        sim.run_until_idle()
        digests.add(sim.digest)
        assert (len(sim.trace) > 0) == keep
    assert len(digests) == 1


def test_objects_may_go_in_any_order():
    sim, client = plain()
    server, handle = sim.server, client.begin_flush()
    client.capture("u", "e")
    del sim
    gc.collect()
    assert client.flush().ok and server.request_count == 1
    del client
    gc.collect()
    assert handle.done and handle.report().status == "complete"
    del handle
    assert len(server.requests) == 1

    sim, client = plain()
    client.capture("u", "pending")
    del client
    gc.collect()
    sim.clients.clear()
    gc.collect()
    assert [outcome.delivered for outcome in sim.outcomes] == [True]  # drained as it went
    sim.run_for(1)


def test_a_cycle_through_a_callable_is_collected():
    import weakref

    class Owner:
        """Owns a simulation whose callables own it."""

        def __init__(self):
            self.sim = Simulation()
            self.client = self.sim.client(before_send=self.hook, on_outcome=self.hear)
            self.sim.server.respond_with(self.hear)
            self.sim.network(self.hear)

        def hook(self, event):
            return event

        def hear(self, anything):
            return None

    owner = Owner()
    owner.client.capture("u", "e")
    assert owner.client.flush().ok
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_options_are_checked_with_their_names():
    sim = Simulation()
    with pytest.raises(TypeError, match="no_such_option"):
        sim.client(no_such_option=1)
    with pytest.raises(TypeError, match="flush_at: found str"):
        sim.client(flush_at="3")
    with pytest.raises(lockstep.ConfigError, match="flush_at"):
        sim.client(flush_at=0)
    with pytest.raises(ValueError, match='capture: found "v9"'):
        sim.client(capture="v9")
    with pytest.raises(TypeError, match="before_send|callable|iterable"):
        sim.client(before_send=3)


def test_every_option_of_the_sdk_is_one_here():
    header = (pathlib.Path(__file__).resolve().parents[2] / "sdk" / "options.h").read_text()
    struct = header[header.index("\nstruct Options {") : header.index("void validate() const;")]
    members = re.findall(r"^  [\w:].*?[ >*](\w+)(?: = [^;]+|\{[^;]*\});", struct, re.MULTILINE)
    options = [name for name in members if not name.startswith(("k", "trace"))]
    assert len(options) > 35 and lockstep._lockstep.option_names() == options


def test_results_can_be_pickled_and_compared():
    import pickle

    sim, client = plain()
    client.capture("u", "e")
    client.flush()
    for result in (*sim.requests, *sim.outcomes, *sim.stored, client.stats(), sim.trace.entries[0]):
        assert pickle.loads(pickle.dumps(result)) == result


def test_single_events_are_refused_by_confidence():
    sim = Simulation(latency=0)
    client = sim.client(capture="confidence", flush_at=4)
    errors = [0, EventError(2, "EVENT_DEFINITION_NOT_FOUND", "no such event")]
    sim.server.respond(Response(event_errors=errors))
    uuids = [client.capture("u", f"e{number}").uuid for number in range(4)]
    assert client.flush().dropped == 2
    ended = {outcome.uuid: outcome for outcome in client.outcomes}
    assert [ended[uuid].delivered for uuid in uuids] == [False, True, False, True]
    assert ended[uuids[0]].reason == "rejected"
    assert "EVENT_SCHEMA_VALIDATION_FAILED" in ended[uuids[0]].detail
    assert "EVENT_DEFINITION_NOT_FOUND" in ended[uuids[2]].detail
    assert [event.json["eventDefinition"][-2:] for event in sim.stored] == ["e1", "e3"]


@pytest.mark.parametrize(
    "wrong, message",
    [
        ([0, "1"], r"event_errors\[1\]: found str"),
        ([EventError(0, 7)], "event_errors: reason: found int"),
        (7, "not iterable|iterable"),
    ],
)
def test_wrong_event_errors_are_named(wrong, message):
    with pytest.raises(TypeError, match=message):
        Simulation().server.respond(Response(event_errors=wrong))


def test_flags_of_the_server_are_checked():
    server = Simulation().server
    with pytest.raises(TypeError, match=r"flags\.beta: found bool; expected a Flag"):
        server.set_flags({"beta": True})
    with pytest.raises(ValueError, match=r"flags\.beta\.subjects\.u\.colour"):
        server.script({"flags": {"beta": {"subjects": {"u": {"colour": 1}}}}})


def test_a_flag_of_the_server_is_what_a_client_gets():
    sim = Simulation()
    subjects = {"user-2": Flag("other")}
    sim.server.set_flags({"checkout": Flag("new", payload={"a": 1}, subjects=subjects)})
    client = sim.client()
    flag = client.get_feature_flag("checkout", "user-1")
    assert (flag.value, flag.payload) == ("new", '{"a":1}')
    assert client.get_feature_flag("checkout", "user-2").value == "other"
    assert client.get_feature_flag("absent", "user-1").value is None
