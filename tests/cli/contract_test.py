"""`lockstep contract --adapter-url`: contract files against a running adapter, in virtual time.

Nothing here sleeps. What takes the SDK minutes takes no time; times asserted are virtual.
"""
import json
import os
import pathlib
import tempfile
import unittest

from serving import Server, run

# The shared suite's own contract, where a copy of it stands beside the repository.
SHARED = pathlib.Path(__file__).parents[3] / "shared" / "contract" / "CONTRACT.yaml"

CONTRACT = """
test_suites:
  patience:
    requires: capture_v0
    categories:
      retry:
        tests:
          - name: waits_for_an_hour
            steps:
              - action: configure_mock_responses
                params:
                  responses: [{status_code: 503, headers: {Retry-After: "RETRY_AFTER"}}]
              - {action: init, params: {flush_at: 1}}
              - {action: capture, params: {distinct_id: u, event: e}}
              - {action: wait, params: {duration_ms: 7200000}}
              - {action: assert_request_count, params: {expected: 2}}
              - {action: assert_retry_delay, params: {min_delay_ms: 3600000}}
"""


class Contract(unittest.TestCase):
    def file(self, text):
        file = tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False)
        self.addCleanup(os.unlink, file.name)
        with file:
            file.write(text)
        return file.name

    def report(self, *arguments):
        done = run("contract", *arguments, "--format", "json")
        self.assertIn(done.returncode, (0, 1), done)
        return done.returncode, json.loads(done.stdout)

    def test_hours_pass_in_an_adapter_on_a_virtual_clock(self):
        with Server("adapter", "--clock", "virtual") as adapter:
            status, report = self.report(self.file(CONTRACT.replace("RETRY_AFTER", "3600")),
                                         "--adapter-url", adapter.url)
            self.assertEqual(status, 0, report)
            self.assertEqual(report["virtual_seconds"], 7200)

    def test_a_failure_shows_the_requests_at_their_virtual_times(self):
        with Server("adapter", "--clock", "virtual") as adapter:
            name = self.file(CONTRACT.replace("RETRY_AFTER", "1800"))
            status, report = self.report(name, "--adapter-url", adapter.url)
            self.assertEqual(status, 1)
            [test] = report["suites"][0]["tests"]
            requests = test["failure"]["requests"]
            self.assertIn("  0.000000000s  POST /batch/  503", requests[0])
            self.assertIn("  1800.000000000s  POST /batch/  200", requests[1])
            self.assertIn(f"contract {name} --test patience.retry.waits_for_an_hour "
                          f"--adapter-url {adapter.url}", test["replay"])

    def test_an_adapters_steps_and_requests_are_drawn_at_their_virtual_times(self):
        name = self.file(CONTRACT.replace("RETRY_AFTER", "3600"))
        trace, page = name + ".json", name + ".html"
        with Server("adapter", "--clock", "virtual") as adapter:
            self.report(name, "--adapter-url", adapter.url, "--trace", trace, "--timeline", page)
        for path in (trace, page):
            self.addCleanup(os.unlink, path)
        events = json.loads(pathlib.Path(trace).read_text())["traceEvents"]
        at = {event["name"]: event["ts"] for event in events}
        self.assertEqual(at["503, Retry-After 3600"], 0)
        self.assertEqual(at["200"], 3600e6)
        [wait] = [event for event in events if event["name"] == "4 wait"]
        self.assertEqual((wait["ph"], wait["ts"], wait["dur"]), ("X", 0, 7200e6))
        self.assertIn("patience.retry.waits_for_an_hour", pathlib.Path(page).read_text())

    def test_no_adapter_or_a_wrong_option_exits_with_2_and_says_why(self):
        name = self.file(CONTRACT)
        for arguments, named in (
                (["--adapter-url", "nonsense"], "nonsense"),
                (["--adapter-url", "http://127.0.0.1:1", "--start-timeout", "0"],
                 "the adapter at http://127.0.0.1:1, asked GET /health, does not answer"),
                (["--mock-port", "8081"], "--adapter-url"),
                (["--adapter-url", "http://127.0.0.1:1", "--capture", "v0"], "--capture")):
            done = run("contract", name, *arguments)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(named, done.stderr)

    @unittest.skipUnless(SHARED.is_file(), f"the shared suite's contract is not there: {SHARED}")
    def test_the_shared_suite_passes_over_http_in_virtual_time(self):
        for arguments, suites, tests in (
                (["--capture", "v0"], ["capture", "capture_ai", "feature_flags"], 52),
                (["--capture", "v1", "--compression", "gzip"], ["capture_v1"], 95)):
            with Server("adapter", "--clock", "virtual", *arguments) as adapter:
                asked = [word for suite in suites for word in ("--suite", suite)]
                status, report = self.report(str(SHARED), "--adapter-url", adapter.url, *asked)
                self.assertEqual((status, report["summary"]["passed"]), (0, tests))
                self.assertGreater(report["virtual_seconds"], 80)
