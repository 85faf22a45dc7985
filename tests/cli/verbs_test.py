"""The verbs that run something, as a caller sees them: exit status, output, files, bad usage."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from serving import LOCKSTEP, run

SHRUNK = """\
# As explore writes one: the request is never answered, and its time-out is too long.
scenario: "assert_converges (seed 1)"
options: { seed: 1 }
steps:
  - { action: script_server, params: {"default":{"fault":"no_answer"}} }
  - { action: init, params: {"flush_at":1,"request_timeout_ms":600000} }
  - { action: capture_burst, params: {"count":1} }
  - { action: advance, params: {"by":"1s"} }
  - { action: assert_converges, params: {"within":"1m"} }
"""
# A date that the law of time's beginning takes for none, and the SDK does not.
LAW = """\
scenario: time has no beginning
steps:
  - action: script_server
    params:
      responses: [{ status: 503, headers: { Retry-After: "\\tWed, 01 Jan 2025 00:00:30 GMT" } }]
  - { action: init, params: { flush_at: 1 } }
  - { action: capture_burst, params: { count: 2 } }
  - { action: advance, params: { by: 1m } }
"""
PASSING = "scenario: nothing happens\nsteps:\n  - { action: init }\n"
# More than the largest number there is.
HUGE = str(2**64)


def stream(name):
    """The number by which a tape names a stream of choices: FNV-1a."""
    number = 0xCBF29CE484222325
    for byte in name.encode():
        number = (number ^ byte) * 0x100000001B3 % 2**64
    return number


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, text):
        path = self.folder / "a.yaml"
        path.write_text(text)
        return str(path)


class Replay(Files):
    def test_a_failure_that_explore_wrote_fails_again(self):
        for arguments in ([], ["--quiet"], ["--times", "3"]):
            done = run("replay", self.file(SHRUNK), *arguments)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("step 5 of 5 (assert_converges)", done.stdout)

    def test_a_run_that_passes_is_held_to_the_laws_of_determinism_and_time(self):
        done = run("replay", self.file(LAW))
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("after the last step (time has no beginning)", done.stdout)

    def test_a_check_that_names_an_instant_is_not_held_against_it(self):
        check = "  - { action: assert_event_field, params: { field: timestamp, " \
                "expected: \"2025-01-01T00:00:00.000Z\" } }\n"
        done = run("replay", self.file(LAW + check))
        self.assertEqual(done.returncode, 0, done)

    def test_what_passes_exits_with_0(self):
        for arguments in ([self.file(PASSING)], ["--seed", "17"],
                          ["--seed", "2", "--capture", "v1"]):
            done = run("replay", *arguments)
            self.assertEqual(done.returncode, 0, done)
            self.assertIn("1 passed, 0 failed", done.stdout)

    def test_a_seed_is_printed_as_the_file_that_replays_it(self):
        printed = run("replay", "--seed", "17", "--print")
        self.assertEqual(printed.returncode, 0, printed)
        by_seed = run("replay", "--seed", "17", "--quiet").stdout.rpartition("digest")[2]
        by_file = run("replay", self.file(printed.stdout), "--quiet").stdout.rpartition("digest")[2]
        self.assertEqual(by_seed.split()[0], by_file.split()[0])

    def test_a_tape_is_a_run_and_its_beginning_goes_on_from_a_seed(self):
        tape = self.folder / "a.tape"
        # Two operations more than the least, and nothing else: every other choice is 0.
        tape.write_text("%x 0 0 2\n" % stream("operations"))
        whole = run("replay", "--tape", str(tape), "--print")
        self.assertEqual(whole.returncode, 0, whole)
        self.assertEqual(whole.stdout.count("action: "), 7, whole.stdout)
        again = run("replay", "--tape", str(tape), "--keep", "1", "--print")
        self.assertEqual(again.stdout, whole.stdout)
        other = run("replay", "--tape", str(tape), "--keep", "1", "--seed", "7", "--print")
        self.assertEqual(other.returncode, 0, other)
        self.assertNotEqual(other.stdout, whole.stdout)

    def test_a_tape_that_is_none_exits_with_2_and_its_line(self):
        tape = self.folder / "a.tape"
        tape.write_text("1 2 3 4\n1 2 x 4\n")
        done = run("replay", "--tape", str(tape))
        self.assertEqual(done.returncode, 2, done)
        self.assertIn(f"{tape}: choice tape, line 2: index \"x\"", done.stderr)
        done = run("replay", "--tape", str(self.folder / "missing.tape"))
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("cannot be read", done.stderr)

    def test_bad_input_exits_with_2_and_is_named(self):
        for arguments, named in (([], "expected a FILE, or --seed, --tape or both"),
                                 (["/no/such/file.yaml"], "/no/such/file.yaml"),
                                 (["--seed", "1", "--timeline", "/no/such/page.html"],
                                  "cannot write /no/such/page.html")):
            done = run("replay", *arguments)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(named, done.stderr)
            self.assertEqual(done.stdout, "")


class Explore(Files):
    def test_a_budget_ends_it_and_what_was_found_is_told(self):
        done = run("explore", "--budget", "1ms", "--round", "20", "--jobs", "1", "--seeds-only",
                   "--out", str(self.folder), "--format", "json")
        self.assertIn(done.returncode, (0, 1), done)
        report = json.loads(done.stdout)
        self.assertLessEqual(report["runs"], 20)
        for failure in report["failures"]:
            self.assertTrue(pathlib.Path(failure["file"]).is_file())
        self.assertEqual(done.stderr, "")

    def test_no_budget_or_no_folder_exits_with_2_and_is_named(self):
        for arguments, named in ((["--budget", "soon"], "--budget"),
                                 (["--budget", "-1s"], "--budget"),
                                 (["--out", "/no/such/folder"], "--out")):
            done = run("explore", "--seeds", "1", *arguments)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn(named, done.stderr)


class Prove(unittest.TestCase):
    def test_a_small_scope_is_closed(self):
        done = run("prove", "partial", "--events", "1", "--faults", "1")
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"(?s)^pass  partial .*\ncertificate: \d+ states closed")

    def test_one_that_is_given_up_is_not(self):
        done = run("prove", "retry", "--most-states", "10", "--format", "json")
        self.assertEqual(done.returncode, 1, done)
        [test] = json.loads(done.stdout)["suites"][0]["tests"]
        self.assertEqual((test["name"], test["passed"]), ("retry", False))

    def test_its_scopes_are_in_its_help_and_no_other_is_taken(self):
        help_text = run("prove", "--help").stdout
        self.assertIn("partial: verdicts for each event", help_text)
        self.assertIn("shutdown: a shutdown at any moment", help_text)
        done = run("prove", "everything")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn('found no scope "everything"', done.stderr)


class Usage(Files):
    def test_a_verb_that_there_is_not_is_named_beside_those_that_there_are(self):
        done = run("zork", "--seed", "1")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn('found no verb "zork"; there are run contract explore', done.stderr)

    def test_a_number_that_is_none_exits_with_2_and_its_option_is_named(self):
        for verb, *arguments in (
                ["run", "--seed"], ["replay", "--seed"], ["explore", "--seeds"],
                ["explore", "--first"], ["explore", "--round"], ["explore", "--verify-one-in"],
                ["explore", "--stop-after"], ["explore", "--shrink-limit"],
                ["replay", "--seed", "1", "--times"], ["prove", "--most-states"],
                ["contract", "/dev/null", "--seed"]):
            for wrong in ("-1", HUGE, "1.5", "many", "0x1f"):
                done = run(verb, *arguments, wrong)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(f"{arguments[-1]}: found {wrong}; expected a whole number",
                              done.stderr)
        for verb, *arguments in (["replay", "--seed", "1", "--times"], ["explore", "--round"],
                                 ["explore", "--stop-after"], ["prove", "--most-states"]):
            self.assertEqual(run(verb, *arguments, "0").returncode, 2, arguments)

    def test_the_largest_number_is_a_seed(self):
        done = run("run", self.file(PASSING), "--seed", str(2**64 - 1))
        self.assertEqual(done.returncode, 0, done)

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_output_that_is_lost_is_no_success(self):
        for arguments in (["run", self.file(PASSING)], ["actions"], ["--help"],
                          ["run", self.file(PASSING), "--list"], ["replay", "--seed", "1"],
                          ["explore", "--seeds", "1"], ["prove", "partial", "--events", "1"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([LOCKSTEP, *arguments], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60)
            self.assertEqual(done.returncode, 2, (arguments, done))
            self.assertIn("lockstep: cannot write the output", done.stderr)

    def test_a_drawing_without_a_place_is_refused_before_anything_runs(self):
        for option in ("--trace", "--timeline", "--chrome-trace"):
            for place in ("/no/such/folder/file", str(self.folder)):
                done = run("run", self.file(PASSING), option, place)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(f"lockstep: cannot write {place}", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_a_list_has_one_format(self):
        done = run("run", "--list", "--format", "json")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("--format", done.stderr)


class Run(Files):
    def test_what_no_scenario_means_is_refused_with_its_place(self):
        done = run("run", self.file(PASSING + "  - { action: advance, params: { by: -5s } }\n"))
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("a.yaml:4:38: found the text \"-5s\"", done.stderr)


if __name__ == "__main__":
    unittest.main()
