"""The pytest plugin, from outside: what a user's suite sees of it."""

from importlib.metadata import PackageNotFoundError, distribution

import pytest

pytest_plugins = ["pytester"]

GOOD = """
scenario: a lost response is retried
steps:
  - action: configure_mock_responses
    params: { responses: [{ fault: reset_after }, { status_code: 200 }] }
  - action: init
  - action: capture
    params: { distinct_id: user-1, event: order placed }
  - action: flush
  - action: assert_request_count
    params: { expected: %d }
"""


def run(pytester, *arguments):
    # Installed, it is there by its entry point.
    installed = any(entry.value == "lockstep.pytest_plugin" for entry in _plugins())
    named = () if installed else ("-p", "lockstep.pytest_plugin")
    return pytester.runpytest_subprocess(*named, *arguments)


def _plugins():
    try:
        return distribution("lockstep").entry_points
    except PackageNotFoundError:
        return ()


def test_fixtures(pytester):
    pytester.makepyfile("""
        import lockstep

        def test_sim(sim, lockstep_seed):
            assert sim.seed == lockstep_seed == 7
            sim.client().capture("u", "e")
            assert sim.run_until_idle() and len(sim.stored) == 1

        def test_mock_server(mock_server):
            with lockstep.Client("phc_x", mock_server.url) as client:
                client.capture("u", "e")
            assert len(mock_server.stored) == 1
        """)
    result = run(pytester, "--lockstep-seed=7")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["lockstep: seed 7"])


def test_a_failing_test_shows_seed_requests_trace_and_timeline(pytester):
    pytester.makepyfile("""
        import lockstep

        earlier = []

        def test_zero(sim):
            sim.name = "of another test"
            earlier.append(sim)

        def test_one(sim):
            sim.server.respond(503)
            client = sim.client()
            client.capture("u", "e")
            client.flush()
            assert len(sim.requests) == 1

        def test_own():
            sim = lockstep.Simulation(seed=99, name="mine")
            assert False

        def test_mock(mock_server):
            with lockstep.Client("phc_x", mock_server.url) as client:
                client.capture("u", "e")
            assert False

        def test_good(sim):
            pass
        """)
    result = run(pytester, "--lockstep-seed=5")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.no_fnmatch_line("*of another test*")
    result.stdout.fnmatch_lines(
        [
            "*lockstep test_one: 2 requests*",
            "seed 5; again: --lockstep-seed=5",
            "timeline: *.html",
            "<Request 1 at *POST /batch/ -> 503 attempt 1, 1 events>",
            "*lockstep test_one: trace*",
            "*capture*",
            "*lockstep mine: 0 requests*",
            "seed 99; again: --lockstep-seed=99",
            "*lockstep mock_server: 1 requests*",
        ]
    )
    (line,) = [line for line in result.outlines if line.startswith("timeline:") and "one" in line]
    with open(line.split(": ", 1)[1], encoding="utf-8") as page:
        assert "<html" in page.read(200).lower()


def test_scenario_files_are_tests(pytester):
    pytester.makefile(".scenario.yaml", good=GOOD % 2, bad=GOOD % 3, broken="scenario: [")
    pytester.makefile(".yaml", other="no scenario")
    result = run(pytester, "good.scenario.yaml", "bad.scenario.yaml")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*bad.scenario.yaml:*step 5 of 5 (assert_request_count)*", "*timeline: *.html"]
    )
    result = run(pytester)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*broken.scenario.yaml:*found*"])


def test_xdist(pytester):
    pytest.importorskip("xdist")
    pytester.makefile(".scenario.yaml", good=GOOD % 2, bad=GOOD % 3)
    pytester.makepyfile("def test_sim(sim):\n    assert sim.seed == 3 and not sim.requests\n" * 1)
    result = run(pytester, "-p", "xdist", "-n2", "--lockstep-seed=3")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*step 5 of 5 (assert_request_count)*"])
