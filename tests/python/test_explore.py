"""The explorer over executors: the merged result depends on the seeds alone."""

import concurrent.futures
import os
import pathlib

import pytest

import lockstep
from lockstep import _explore
from lockstep._explore import SeedRange, Settings, explore_range, merge, ranges_of

SETTINGS = dict(range_size=20, round=10, verify_one_in=20)


@pytest.fixture(scope="module")
def expected():
    return lockstep.explore(100, **SETTINGS)


def test_here(expected):
    assert expected.passed and expected.runs == 100 and expected.verified > 3
    assert expected.virtual_time > 3600 and len(expected.transitions) > 300
    assert 0 < expected.unseen_probability <= 1


def test_threads_and_processes_find_the_same(expected):
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert lockstep.explore(100, threads, **SETTINGS) == expected
    with concurrent.futures.ProcessPoolExecutor(2) as processes:
        assert lockstep.explore(range(1, 101), processes, **SETTINGS) == expected


def test_other_seeds_find_something_else(expected):
    assert lockstep.explore(range(2, 102), **SETTINGS).digest != expected.digest


@pytest.mark.parametrize(
    "seeds, size, ranges",
    [
        (0, 5, []),
        (5, 5, [(1, 5)]),
        (7, 3, [(1, 3), (4, 3), (7, 1)]),
        (range(10, 14), 3, [(10, 3), (13, 1)]),
    ],
)
def test_seeds_are_split_without_gap_or_overlap(seeds, size, ranges):
    assert ranges_of(seeds, size) == ranges


@pytest.mark.parametrize("seeds, size", [(range(0, 9, 2), 3), (range(-3, 3), 3), (5, 0)])
def test_wrong_seeds_are_refused(seeds, size):
    with pytest.raises(ValueError):
        ranges_of(seeds, size)


class DyingOnce:
    """Explores, but the first worker that gets the third range dies in the middle of it."""

    def __init__(self, mark):
        self.mark = mark

    def __call__(self, seeds, settings):
        if seeds.first == 41:
            try:
                os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                pass
            else:
                explore_range(SeedRange(seeds.first, 5), settings)
                os.kill(os.getpid(), 9)
        return explore_range(seeds, settings)


def test_the_range_of_a_killed_process_is_run_again(expected, tmp_path):
    with concurrent.futures.ProcessPoolExecutor(2) as broken:
        work = DyingOnce(str(tmp_path / "one"))
        assert lockstep.explore(100, broken, work=work, **SETTINGS) == expected
    made = []

    def make():
        made.append(concurrent.futures.ProcessPoolExecutor(2))
        return made[-1]

    work = DyingOnce(str(tmp_path / "two"))
    assert lockstep.explore(100, make, work=work, **SETTINGS) == expected
    assert len(made) == 2


def test_a_range_that_is_always_lost_is_an_error():
    class Losing:
        def submit(self, work, *arguments):
            future = concurrent.futures.Future()
            future.set_exception(type("KilledWorker", (Exception,), {})())
            return future

    with pytest.raises(RuntimeError, match="2 ranges were lost"):
        lockstep.explore(2, Losing(), range_size=1)


def test_work_that_is_wrong_is_not_run_again():
    calls = []

    def wrong(seeds, settings):
        calls.append(seeds)
        raise LookupError("on purpose")

    with concurrent.futures.ThreadPoolExecutor(1) as threads, pytest.raises(LookupError):
        lockstep.explore(2, threads, work=wrong)
    assert len(calls) == 1


def test_dask_with_a_worker_killed_midway(expected, tmp_path):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path),
    )
    # Its workers import this file's class by name.
    path = str(pathlib.Path(__file__).parent)
    with cluster, distributed.Client(cluster) as client:
        client.run(_add_path, path)
        assert lockstep.explore(100, client, **SETTINGS) == expected
        mark = tmp_path / "dask"
        work = DyingOnce(str(mark))
        assert lockstep.explore(100, client, work=work, **SETTINGS) == expected
        assert mark.exists()


def _add_path(path):
    import sys

    sys.path.insert(0, path)


def failing(seed, behaviour):
    return {
        "seed": seed,
        "from_seed": True,
        "behaviour": behaviour,
        "yaml": "",
        "expected": "e",
        "seen": "s",
        "explanation": "x",
    }


def result(digest, failures, transitions):
    return {
        "runs": 10,
        "failed_runs": len(failures),
        "verified": 1,
        "digest": digest,
        "virtual_ns": 1,
        "families": {"a": 2},
        "transitions": transitions,
        "transitions_of_seeds": transitions,
        "seed_runs": 5,
        "failures": failures,
    }


def test_merging_keeps_the_first_failure_of_each_kind_and_adds_coverage():
    one = result(1, [failing(3, "order")], {7: 1, 8: 2})
    two = result(2, [failing(13, "order"), failing(14, "bounds")], {8: 1, 9: 1})
    merged = merge([one, two])
    assert [(f.seed, f.behaviour) for f in merged.failures] == [(3, "order"), (14, "bounds")]
    assert merged.transitions == {7: 1, 8: 3, 9: 1} and merged.families == {"a": 4}
    assert (merged.runs, merged.failed_runs, merged.passed) == (20, 3, False)
    assert merge([two, one]).digest != merged.digest
    assert _explore.Exploration.missing_families.fget(merged)


def test_a_failure_can_be_shrunk_and_opened():
    yaml = lockstep.scenario_of_seed(5).to_yaml()
    yaml += "  - action: assert_request_count\n    params: { expected: 999 }\n"
    failure = lockstep.Failure(**{**failing(5, "assert_request_count"), "yaml": yaml})
    opened = failure.open()
    assert opened.failed.action == "assert_request_count" and len(opened.trace) > 10
    small = failure.shrink(limit=2000)
    assert small.scenario.steps < failure.scenario.steps
    assert small.scenario.run().failed.action == "assert_request_count"


def test_settings_are_part_of_the_meaning():
    one = explore_range(SeedRange(1, 20), Settings(novelty=False, round=10))
    assert one == explore_range(SeedRange(1, 20), Settings(novelty=False, round=10))
    assert one["digest"] != explore_range(SeedRange(1, 20), Settings(True, round=10))["digest"]


def test_all_runs_can_be_of_one_protocol():
    found = lockstep.explore(12, capture="confidence", range_size=6)
    assert found.passed and found.capture == "confidence"
    names = set(lockstep._lockstep.family_names("confidence"))
    assert names > set(lockstep._lockstep.family_names())
    drawn = set(lockstep.explore(12).families)
    protocols = ("v0", "v1", "client", "segment", "confidence")
    assert drawn <= {name for one in protocols for name in lockstep._lockstep.family_names(one)}
    assert found.digest != lockstep.explore(12, range_size=6).digest
    with pytest.raises(ValueError, match='capture: found "v7"'):
        lockstep.explore(1, capture="v7")


def test_all_runs_can_be_about_flags():
    found = lockstep.explore(12, workload="flags", range_size=6)
    assert found.passed and found.workload == "flags"
    names = set(lockstep._lockstep.family_names(workload="flags"))
    assert "evaluate" in found.families and "evaluate" in names
    assert "evaluate" not in lockstep._lockstep.family_names()
    assert set(found.missing_families) == names - set(found.families)
    with pytest.raises(ValueError, match='workload: found "rest"; expected events or flags'):
        lockstep.explore(1, workload="rest")
    assert "assert_flags_converge" in lockstep.scenario_of_seed(1, workload="flags").to_yaml()
    assert lockstep.replay(1, workload="flags").passed


def test_a_run_of_one_protocol_is_replayed_in_it():
    paths = {
        name: lockstep.scenario_of_seed(1, capture=name).to_yaml() for name in ("v1", "segment")
    }
    assert "segment" in paths["segment"] and paths["v1"] != paths["segment"]
    assert lockstep.replay(1, capture="segment").passed
