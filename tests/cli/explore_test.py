"""`lockstep explore`: an exploration that is stopped, by whatever, and goes on; one that stops
when little new is left; one that finds something.

Nothing here sleeps: what is waited for is the file that an exploration writes after its first
round.
"""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from serving import LOCKSTEP, run

ROUND = 50
ENDLESS = 100_000_000


class State(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "state"

    def command(self, seeds, *more):
        return ["explore", "--format", "json", "--round", str(ROUND), "--verify-one-in", "40",
                "--seeds", str(seeds), *more]

    def found(self, seeds, *more):
        """What must not depend on who was stopped when."""
        done = run(*self.command(seeds, *more))
        self.assertEqual(done.returncode, 0, done)
        report = json.loads(done.stdout)
        del report["real_seconds"]
        return report

    def begin(self):
        """An exploration without end that has written its state."""
        process = subprocess.Popen(
            [LOCKSTEP, *self.command(ENDLESS, "--state", str(self.file), "--jobs", "2")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        while not self.file.exists():
            try:
                self.fail(f"it ended: {process.wait(timeout=0.05)}")
            except subprocess.TimeoutExpired:
                pass
        return process

    def test_killed_it_goes_on_from_its_last_state(self):
        process = self.begin()
        process.kill()
        process.communicate()
        runs = 3 * ROUND
        self.assertEqual(self.found(runs, "--state", str(self.file), "--jobs", "1"),
                         self.found(runs))

    def test_interrupted_it_reports_and_goes_on_from_there(self):
        process = self.begin()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGINT)
        runs = json.loads(out)["runs"]
        self.assertEqual(runs % ROUND, 0)
        self.assertEqual(self.found(runs + ROUND, "--state", str(self.file)),
                         self.found(runs + ROUND))

    def test_a_crash_says_in_which_run_it_was(self):
        process = self.begin()
        process.send_signal(signal.SIGABRT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGABRT)
        self.assertRegex(errors, r"the process dies in run [1-9]\d*, of signal 6; ")

    def test_what_is_no_state_is_refused_and_left_alone(self):
        for text in ("scenario: a\n", ""):
            self.file.write_text(text)
            done = run(*self.command(ROUND, "--state", str(self.file)))
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(f"--state {self.file}: line 1: found", done.stderr)
            self.assertEqual(self.file.read_text(), text)

    def test_a_place_that_cannot_be_written_is_told_after_the_first_round(self):
        done = run(*self.command(ENDLESS, "--state", os.path.join(self.file, "none")))
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("cannot write it", done.stderr)

    def test_it_stops_after_the_round_by_which_a_new_transition_is_unlikely(self):
        few = ("--seeds-only", "--capture", "confidence", "--until-unseen", "0.999999")
        enough = self.found(ENDLESS, *few, "--jobs", "2")
        self.assertLess(enough["unseen_probability"], 0.999999)
        self.assertEqual(enough["runs"] % ROUND, 0)
        before = self.found(enough["runs"] - ROUND, *few)
        self.assertEqual(before["runs"], enough["runs"] - ROUND)
        self.assertGreaterEqual(before["unseen_probability"], 0.999999)
        self.found(ROUND, *few, "--state", str(self.file))
        self.assertEqual(self.found(ENDLESS, *few, "--state", str(self.file), "--jobs", "1"),
                         enough)

    def test_what_is_no_probability_is_refused(self):
        for arguments, named in ((["0"], "found \"0\""), (["1"], "found \"1\""),
                                 (["few"], "found \"few\""), (["-0.5"], "--until-unseen"),
                                 (["0.5", "--workload", "flags"], "--workload flags")):
            done = run("explore", "--seeds", "1", "--until-unseen", *arguments)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(named, done.stderr)


class Canary(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_a_run_that_fails_exits_with_1_and_its_file_fails_alike(self):
        done = run("explore", "--canary", "--out", str(self.folder))
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("FAIL  canary: no server is ever busy", done.stdout)
        self.assertIn("expected: no 503", done.stdout)
        (file,) = self.folder.glob("*.yaml")
        self.assertIn(f"shrunk to {file}", done.stdout)
        self.assertIn("canary: true", file.read_text())
        again = run("replay", str(file))
        self.assertEqual(again.returncode, 1, again)
        self.assertIn("canary: no server is ever busy", again.stdout)

    def test_in_json_too(self):
        done = run("explore", "--canary", "--out", str(self.folder), "--format", "json")
        self.assertEqual(done.returncode, 1, done)
        report = json.loads(done.stdout)
        self.assertEqual([failure["behaviour"] for failure in report["failures"]],
                         ["canary: no server is ever busy"])

    def test_a_failure_that_cannot_be_written_is_no_mere_failure(self):
        taken = self.folder / "taken"
        taken.mkdir()
        taken.chmod(0o500)
        done = run("explore", "--canary", "--seeds", "50", "--out", str(taken))
        self.assertEqual(done.returncode, 1 if os.geteuid() == 0 else 2, done)

if __name__ == "__main__":
    unittest.main()
