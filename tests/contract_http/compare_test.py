"""bin/compare-verdicts: two reports, test by test."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).parents[2] / "bin" / "compare-verdicts"


def report(tests, prefix=""):
    return {"duration_ms": 1500, "suites": [{"name": "capture", "tests": [
        {"name": prefix + name, "passed": passed, "message": None if passed else f"no {name}\nmore"}
        for name, passed in tests.items()]}]}


class CompareVerdicts(unittest.TestCase):
    def compare(self, left, right, *options):
        names = []
        for content in (left, right):
            file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
            self.addCleanup(os.unlink, file.name)
            with file:
                file.write(content if isinstance(content, str) else json.dumps(content))
            names.append(file.name)
        return subprocess.run([sys.executable, TOOL, *options, *names], capture_output=True,
                              text=True, check=False)

    def test_the_same_verdicts_are_the_same_whatever_else_differs(self):
        ours = report({"a.x": True, "a.y": False}, prefix="capture.")
        ours["suites"][0]["tests"][1]["message"] = "said otherwise"
        done = self.compare(report({"a.x": True, "a.y": False}), ours)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("capture: 1/2 and 1/2", done.stdout)

    def test_a_verdict_that_differs_is_shown_with_both_messages(self):
        one = report({"a.x": True, "a.y": False})
        done = self.compare(one, report({"a.x": False, "a.y": True}))
        self.assertEqual(done.returncode, 1)
        self.assertIn("capture a.x\n  original: passed\n  ours:     failed: no a.x\n", done.stdout)
        self.assertIn("capture a.y\n  original: failed: no a.y\n  ours:     passed\n", done.stdout)

    def test_a_test_that_only_one_of_them_ran_is_a_difference(self):
        both, one = report({"a.x": True, "a.y": True}), report({"a.x": True})
        for left, right in ((both, one), (one, both)):
            done = self.compare(left, right)
            self.assertEqual(done.returncode, 1)
            self.assertIn("did not run it", done.stdout)

    def test_a_skipped_test_did_not_run(self):
        ours = report({"a.x": True, "a.y": False})
        ours["suites"][0]["tests"][1]["skipped"] = "needs capture_v1"
        self.assertEqual(self.compare(report({"a.x": True}), ours).returncode, 0)

    def test_a_row_of_the_table(self):
        done = self.compare(report({"a.x": True}), report({"a.x": False}), "--markdown", "some SDK")
        self.assertEqual(done.stdout,
                         "| some SDK | capture | 1/1 | 0/1 | 1 differ | 1.5 s | 1.5 s |\n")
        self.assertEqual(done.returncode, 1)

    def test_what_is_no_report_is_refused(self):
        for wrong in ("", "[]", '{"suites": 1}', report({})):
            done = self.compare(report({"a.x": True}), wrong)
            self.assertEqual(done.returncode, 2, wrong)
            self.assertTrue(done.stderr.startswith("compare-verdicts: "), done.stderr)
