"""The verbs that serve, as a caller sees them: one line, exit status, signals, real sockets.

Nothing here sleeps: a test waits for a line or for an exit.
"""
import contextlib
import os
import signal
import socket
import tempfile
import threading
import unittest

from serving import Server, run


class Usage(unittest.TestCase):
    def test_version_and_help_are_successes(self):
        for arguments in (["--version"], ["--help"], ["adapter", "--help"], ["mock", "--help"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 0, done)
            self.assertTrue(done.stdout)
        self.assertRegex(run("--version").stdout, r"^lockstep \d+\.\d+\.\d+\n$")

    def test_bad_usage_exits_with_2_and_says_why(self):
        for arguments in ([], ["nothing"], ["adapter"], ["adapter", "--port", "x"],
                          ["adapter", "--port", "70000"],
                          ["adapter", "--port", "0", "--capture", "v2"],
                          ["adapter", "--port", "0", "--compression", "lzma"],
                          ["adapter", "--port", "0", "--clock", "sundial"],
                          ["mock", "--prot", "0"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done))
            self.assertTrue(done.stderr, arguments)

    def test_a_port_that_is_taken_exits_with_1_and_says_which(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            for verb in ("adapter", "mock"):
                done = run(verb, "--port", str(port))
                self.assertEqual(done.returncode, 1, done)
                self.assertIn(f"127.0.0.1:{port}", done.stderr)
                self.assertEqual(done.stdout, "")


class Adapter(unittest.TestCase):
    def test_it_delivers_to_the_mock_over_real_sockets(self):
        for capture, capability, path in (
                ("v0", "capture_v0", "/batch/"),
                ("v1", "capture_v1", "/i/v1/analytics/events"),
                ("client", "capture_v0", "/e/")):
            with self.subTest(capture), Server("mock", "--strict") as mock, \
                    Server("adapter", "--capture", capture) as adapter:
                self.assertIn(capability, adapter.ask("GET", "/health")[1]["capabilities"])
                self.deliver(mock, adapter, path)
                self.assertEqual(adapter.stop(), (0, ""))
                self.assertEqual(mock.stop(), (0, ""))

    def deliver(self, mock, adapter, path):
        self.assertEqual(adapter.ask("POST", "/init?test_id=t-1", {
            "api_key": "phc_k", "host": mock.url, "enable_compression": True})[0], 200)
        captured = adapter.ask("POST", "/capture?test_id=t-1", {
            "distinct_id": "u", "event": "e", "properties": None, "timestamp": None})
        self.assertEqual(adapter.ask("POST", "/flush?test_id=t-1")[1]["events_flushed"], 1)
        requests = mock.ask("GET", "/_control/requests?test_id=t-1")[1]["requests"]
        self.assertEqual([r["path"] for r in requests], [path])
        self.assertEqual(requests[0]["parsed_events"][0]["uuid"], captured[1]["uuid"])

    def test_on_the_virtual_clock_a_driver_moves_its_time(self):
        with Server("mock") as mock, Server("adapter", "--clock", "virtual") as adapter:
            self.assertIn("virtual clock", adapter.line)
            self.assertEqual(adapter.ask("GET", "/health")[1]["clock"], "virtual")
            mock.ask("POST", "/_control/configure", {
                "responses": [{"status_code": 503, "headers": {"Retry-After": "3000"}}]})
            adapter.ask("POST", "/init", {"api_key": "phc_k", "host": mock.url})
            adapter.ask("POST", "/capture", {"distinct_id": "u", "event": "e"})
            flushed = []
            flushing = threading.Thread(target=lambda: flushed.append(
                adapter.ask("POST", "/flush?timeout_ms=10000000")))
            flushing.start()
            state = adapter.ask("POST", "/clock", {"calls": 3})[1]
            self.assertEqual((state["now_ms"], state["waiting"]), (0, 1))
            self.assertEqual(state["next_ms"], 3_000_000)
            state = adapter.ask("POST", "/clock", {"calls": 3, "advance_to_ms": 3_000_000})[1]
            self.assertEqual((state["now_ms"], state["waiting"]), (3_000_000, 0))
            flushing.join(timeout=60)
            self.assertEqual(flushed[0][1]["events_flushed"], 1)

            # While a flush waits and nobody moves the clock, a signal still ends it.
            mock.ask("POST", "/_control/configure", {"default": {"status_code": 503}})
            adapter.ask("POST", "/capture", {"distinct_id": "u", "event": "e"})

            def flush():
                with contextlib.suppress(OSError):
                    adapter.ask("POST", "/flush")

            flushing = threading.Thread(target=flush)
            flushing.start()
            self.assertEqual(adapter.ask("POST", "/clock", {"calls": 5})[1]["waiting"], 1)
            self.assertEqual(adapter.stop(), (0, ""))
            flushing.join(timeout=60)
            self.assertFalse(flushing.is_alive())

    def test_a_signal_ends_it_also_while_a_flush_waits(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server("mock") as mock, Server("adapter") as adapter:
                mock.ask("POST", "/_control/configure", {
                    "responses": [{"status_code": 503, "headers": {"Retry-After": "3000"}}]})
                adapter.ask("POST", "/init", {"api_key": "phc_k", "host": mock.url, "flush_at": 1})
                adapter.ask("POST", "/capture", {"distinct_id": "u", "event": "e"})
                adapter.ask("POST", "/flush?timeout_ms=1")

                def flush():
                    # An answer or a closed connection, as the signal came; but not silence.
                    with contextlib.suppress(OSError):
                        adapter.ask("POST", "/flush?timeout_ms=1000000")

                waiting = threading.Thread(target=flush)
                waiting.start()
                self.assertEqual(adapter.stop(number), (0, ""))
                waiting.join(timeout=60)
                self.assertFalse(waiting.is_alive())


class Mock(unittest.TestCase):
    def script(self, text):
        file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
        self.addCleanup(os.unlink, file.name)
        with file:
            file.write(text)
        return file.name

    def test_it_answers_as_its_script_says_and_then_as_usual(self):
        name = self.script('{"responses": [{"status_code": 503}]}')
        with Server("mock", "--script", name) as mock:
            batch = {"api_key": "phc_k", "batch": [{"event": "e", "distinct_id": "u"}]}
            self.assertEqual([mock.ask("POST", "/batch/", batch)[0] for _ in range(2)], [503, 200])

    def test_a_bad_script_exits_with_2_and_names_what_is_wrong(self):
        for text, named in (('{"responses": [{"statuz": 503}]}', "statuz"), ("{", "JSON")):
            done = run("mock", "--port", "0", "--script", self.script(text))
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(named, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_script_that_is_not_there_exits_with_2_and_names_it(self):
        done = run("mock", "--port", "0", "--script", "/no/such/script.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/no/such/script.json", done.stderr)
