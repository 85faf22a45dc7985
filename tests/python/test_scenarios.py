"""Scenario files and the contract from Python."""

import pathlib

import pytest

import lockstep

ROOT = pathlib.Path(__file__).resolve().parents[2]

FAILING = """
scenario: it fails
steps:
  - action: init
    params: { flush_at: 50 }
  - action: capture
    params: { distinct_id: user-1, event: one }
  - action: capture
    params: { distinct_id: user-1, event: two }
  - action: capture
    params: { distinct_id: user-1, event: three }
  - action: flush
  - action: assert_request_count
    params: { expected: 2 }
"""


def test_the_catalogue_passes_with_the_digests_of_the_tool():
    scenarios = lockstep.load(ROOT / "scenarios" / "catalogue")
    assert len(scenarios) > 100
    for scenario in scenarios:
        result = scenario.run(trace=False)
        assert result.passed, result.explanation


def test_a_failure_says_where_and_what():
    (scenario,) = lockstep.loads(FAILING, "mine.yaml")
    result = scenario.run()
    assert not result.passed and result.failed.action == "assert_request_count"
    assert (result.failed.number, result.failed.line) == (6, 13)
    assert "2" in result.failed.expected and "1" in result.failed.seen
    assert "mine.yaml" in result.explanation and len(result.requests) == 1
    assert result.trace.digest == result.digest and "<html" in result.trace.to_html()[:200].lower()


def test_a_failing_scenario_is_shrunk_to_one_that_fails_alike():
    (scenario,) = lockstep.loads(FAILING)
    small = scenario.shrink()
    assert small.finished and small.scenario.steps < scenario.steps
    (again,) = lockstep.loads(small.scenario.to_yaml("a comment"))
    assert again.run().failed.action == "assert_request_count"
    (fine,) = lockstep.loads(FAILING.replace("expected: 2", "expected: 1"))
    with pytest.raises(ValueError, match="does not fail"):
        fine.shrink()


def test_wrong_files_name_the_place():
    with pytest.raises(lockstep.ScenarioError) as wrong:
        lockstep.loads("scenario: s\nsteps:\n  - action: no_such\n", "mine.yaml")
    assert any(problem.startswith("mine.yaml:3:") for problem in wrong.value.problems)
    with pytest.raises(lockstep.ScenarioError, match="nowhere"):
        lockstep.load("/nowhere.yaml")


def test_a_seed_of_the_explorer_can_be_replayed():
    result = lockstep.replay(17)
    assert result.passed and result.digest == lockstep.replay(17).digest
    assert lockstep.scenario_of_seed(17).steps == result.steps


def test_the_shared_contract():
    contract = ROOT.parent / "shared" / "contract" / "CONTRACT.yaml"
    if not contract.exists():
        pytest.skip("the shared suite's contract is not here")
    results = lockstep.contract(contract, capture="v1", compression="gzip")
    assert len(results) > 50
    assert [result.explanation for result in results if not result.passed] == []
