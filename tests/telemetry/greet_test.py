"""A command-line tool and its telemetry as processes: killed, offline, ignored, failing.

Bounded, not timed: where closing did not keep its bound of half a second, the tool would wait for
its request's own ten, and the test's eight would be over.
"""
import collections
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from serving import Server  # noqa: E402

GREET = pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"]) / "examples" / "example_greet"
RUNS = int(os.environ.get("LOCKSTEP_GREET_RUNS", "20"))


def environment(endpoint, **more):
    clean = {**os.environ}
    for name in ("CI", "DO_NOT_TRACK", "GREET_TELEMETRY", "GREET_DEBUG"):
        clean.pop(name, None)
    return {**clean, "GREET_ENDPOINT": endpoint, **more}


def greet(endpoint, *arguments, **more):
    return subprocess.run([GREET, *arguments], capture_output=True, text=True, timeout=8,
                          env=environment(endpoint, **more))


def stored(mock):
    return [event["json"] for event in mock.ask("GET", "/_control/stored")[1]["events"]]


class Greet(unittest.TestCase):
    def setUp(self):
        self.mock = Server("mock", "--strict")
        self.addCleanup(self.mock.__exit__)

    def tearDown(self):
        self.assertEqual(self.mock.ask("GET", "/_control/violations")[1]["violations"], [])

    def names(self):
        return [event["event"] for event in stored(self.mock)]

    def test_every_event_of_every_run_arrives_in_sequence(self):
        for _ in range(RUNS):
            done = greet(self.mock.url, "Ada", "Bob")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        runs = collections.defaultdict(list)
        for event in stored(self.mock):
            properties = event["properties"]
            runs[properties["invocation_id"]].append((properties["sequence"], event["event"]))
        self.assertEqual(len(runs), RUNS)
        for events in runs.values():
            self.assertEqual(events, [(1, "Command Invoked"), (2, "Greeted"), (3, "Greeted"),
                                      (4, "Command Completed")])

    def test_a_failing_command_fails_as_it_would_without(self):
        done = greet(self.mock.url, "--fail", "Ada")
        self.assertEqual((done.returncode, done.stderr), (1, "greet: cannot greet Ada\n"))
        self.assertEqual(self.names(), ["Command Invoked", "Greeted", "Command Completed"])
        ending = stored(self.mock)[-1]["properties"]
        self.assertEqual((ending["succeeded"], ending["exit_code"], ending["error_class"]),
                         (False, 1, "std::out_of_range"))
        self.assertNotIn("Ada", json.dumps(stored(self.mock)))

    def test_what_never_started_says_nothing(self):
        self.assertEqual(greet(self.mock.url).returncode, 2)
        self.assertEqual(self.names(), [])

    def test_who_opts_out_is_not_asked(self):
        for name, value in (("GREET_TELEMETRY", "0"), ("DO_NOT_TRACK", "1")):
            self.assertEqual(greet(self.mock.url, "Ada", **{name: value}).returncode, 0)
        self.assertEqual(self.names(), [])

    def test_debug_mode_tells_what_becomes_of_each_event(self):
        done = greet(self.mock.url, "Ada", GREET_DEBUG="1")
        self.assertEqual(done.stderr.count("telemetry: captured"), 3)
        self.assertEqual(done.stderr.count("telemetry: delivered"), 3)

    def test_killed_it_says_no_more(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen([GREET, "--wait", "Ada"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True,
                                       env=environment(self.mock.url))
            self.assertEqual(process.stdout.readline(), "Hello, Ada!\n")
            process.send_signal(number)
            process.communicate(timeout=8)
            self.assertEqual(process.returncode, -number)
        self.assertNotIn("Command Completed", self.names())


class Unreachable(unittest.TestCase):
    def check(self, endpoint):
        done = greet(endpoint, "Ada")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "Hello, Ada!\n", ""))

    def test_nobody_listens(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.check(f"http://127.0.0.1:{closed.getsockname()[1]}")

    def test_nobody_answers(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            self.check(f"http://127.0.0.1:{silent.getsockname()[1]}")

    def test_the_name_is_unknown(self):
        self.check("http://telemetry.invalid")

    def test_the_address_goes_nowhere(self):
        self.check("http://192.0.2.1:9")

    def test_it_is_no_address(self):
        self.check("telemetry")
