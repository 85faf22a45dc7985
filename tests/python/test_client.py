"""The real client against the mock server on a real port."""

import gc
import logging
import multiprocessing
import os
import pathlib
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest

import lockstep
from lockstep import Client, MockServer, Response

PACKAGE = pathlib.Path(lockstep.__file__).resolve().parents[1]


@pytest.fixture
def client(mock_server):
    with Client("phc_test", mock_server.url, retry_initial_backoff=0.01) as client:
        yield client


def program(text, *arguments, timeout=60):
    """Runs a program of its own, as a user's would be."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def test_events_arrive(mock_server, client):
    results = [client.capture("u", "e", {"number": number}) for number in range(250)]
    # Full batches leave at once: a slow caller's flush finds some of them delivered.
    assert client.flush().ok
    assert client.stats().total.delivered == 250
    stored = mock_server.stored
    assert {event.uuid for event in stored} == {result.uuid for result in results}
    assert sorted(event.json["properties"]["number"] for event in stored) == list(range(250))


def test_a_responder_runs_on_the_server_threads_while_flush_waits(mock_server, client):
    threads = set()

    @mock_server.respond_with
    def answer(request):
        threads.add(threading.current_thread())
        return Response(503, {"Retry-After": "0"}) if request.attempt < 3 else None

    client.capture("u", "e")
    assert client.flush().ok
    assert [request.status for request in mock_server.requests] == [503, 503, 200]
    assert threading.current_thread() not in threads


def test_what_a_responder_raises_is_raised_by_stop():
    server = MockServer()
    server.respond_with(lambda request: 1 / 0)
    with Client("phc_test", server.url, max_retries=0) as client:
        client.capture("u", "e")
        assert client.flush().dropped == 1
    with pytest.raises(ZeroDivisionError):
        server.stop()


def test_observers_hear_of_everything(mock_server):
    heard = {"on_outcome": [], "on_error": [], "on_request": []}
    mock_server.respond(400, 200)
    observers = {name: told.append for name, told in heard.items()}
    with Client("phc_test", mock_server.url, logger=False, **observers) as client:
        client.capture("u", "lost")
        client.flush()
        client.capture("u", "kept")
    assert [outcome.delivered for outcome in heard["on_outcome"]] == [False, True]
    assert [error.events for error in heard["on_error"]] == [1]
    assert [request.status for request in heard["on_request"]] == [400, 200]


def test_what_callables_raise_is_logged_and_nothing_is_lost(mock_server, caplog):
    def explode(*arguments):
        raise LookupError("on purpose")

    with Client("phc_test", mock_server.url, on_outcome=explode) as client:
        client.capture("u", "e")
    assert len(mock_server.stored) == 1
    assert "on_outcome raised" in caplog.text and "on purpose" in caplog.text
    with Client("phc_test", mock_server.url, before_send=explode) as client:
        assert client.capture("u", "e").reason == "hook_failed"
    assert "before_send 0 raised" in caplog.text


def test_the_log_goes_to_logging(mock_server, caplog):
    mock_server.respond(400)
    with (
        caplog.at_level(logging.WARNING, "lockstep"),
        Client("phc_test", mock_server.url) as client,
    ):
        client.capture("u", "e")
    assert any("400" in record.message for record in caplog.records)


def test_flush_and_shutdown_return_by_their_deadline_and_let_others_run(mock_server):
    mock_server.respond(Response(fault="no_answer", repeat=100))
    client = Client("phc_test", mock_server.url)
    client.capture("u", "e")
    turned = threading.Event()
    threading.Thread(target=turned.set).start()
    report = client.flush(0.2)
    assert (report.status, report.pending) == ("timed_out", 1)
    assert turned.is_set()
    assert client.shutdown(0).dropped == 1
    assert client.capture("u", "late").admission == "closed"


def test_threads_capture_side_by_side(mock_server, client):
    def work():
        for _ in range(500):
            assert client.capture("u", "e", {"a": [1, 2]}).ok

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.flush(30).ok
    assert client.stats().total.delivered == 2000 == len(mock_server.stored)


def test_options_are_checked():
    with pytest.raises(lockstep.ConfigError, match="api_key"):
        Client()
    with pytest.raises(TypeError, match="no_such"):
        Client("phc_test", no_such=1)
    with pytest.raises(TypeError, match="curl|no option"):
        Client("phc_test", curl={"no_such": 1})
    gc.collect()  # what could not be made must not be missed


def test_a_client_can_have_a_thread_of_its_own(mock_server):
    with Client("phc_test", mock_server.url, curl={"max_connections": 1}) as client:
        client.capture("u", "e")
    assert len(mock_server.stored) == 1


def test_a_client_that_is_let_go_delivers_first_and_is_collected(mock_server):
    heard = []

    class Owner:
        def __init__(self):
            self.client = Client("phc_test", mock_server.url, on_outcome=self.hear)

        def hear(self, outcome):
            heard.append(outcome.uuid)

    owner = Owner()
    captured = owner.client.capture("u", "e").uuid
    gone = weakref.ref(owner.client)
    del owner
    gc.collect()
    assert heard == [captured] and len(mock_server.stored) == 1
    assert gone() is None


def test_the_interpreter_ends_with_a_drain(mock_server):
    done = program(
        """
        import sys, lockstep
        client = lockstep.Client("phc_test", sys.argv[1], on_outcome=lambda outcome: None)
        for number in range(1000):
            client.capture("u", "e")
        """,
        mock_server.url,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(mock_server.stored) == 1000


def test_the_drain_has_a_bound(mock_server):
    mock_server.respond(Response(fault="no_answer", repeat=100))
    done = program(
        """
        import sys, lockstep
        lockstep.Client.atexit_timeout = 0.3
        clients = [lockstep.Client("phc_test", sys.argv[1]) for _ in range(3)]
        for client in clients:
            client.capture("u", "e")
        """,
        mock_server.url,
        timeout=20,
    )
    assert done.returncode == 0


def test_an_interpreter_ends_while_a_callback_hangs(mock_server):
    done = program(
        """
        import sys, threading, lockstep
        lockstep.Client.atexit_timeout = 0.2
        entered = threading.Event()
        def hang(outcome):
            entered.set()
            threading.Event().wait(600)
        client = lockstep.Client("phc_test", sys.argv[1], on_outcome=hang, flush_at=1)
        client.capture("u", "e")
        assert entered.wait(30)
        print("ends", flush=True)
        """,
        mock_server.url,
        timeout=30,
    )
    assert done.stdout == "ends\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_goes_on_by_itself(mock_server, client):
    client.capture("u", "of the parent")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            result = client.capture("u", "of the child")
            status = 0 if result.ok and client.flush().ok else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.flush().ok
    names = [event.event for event in mock_server.stored]
    assert sorted(names) == ["of the child", "of the parent"]


def _capture_in_child(client):
    client.capture("u", "of the child")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_of_multiprocessing_drains_at_its_end(mock_server, client):
    process = multiprocessing.get_context("fork").Process(target=_capture_in_child, args=(client,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert [event.event for event in mock_server.stored] == ["of the child"]
