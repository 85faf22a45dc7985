"""What bin/mutants --explore makes of the explorer's answers, with a tool made up for it."""

import json
import pathlib
import stat

import exploring
import patches
import pytest
from exploring import Effort, Finding, First, Search
from kept import BadKeptFile, Kept
from patches import Mutant
from workspace import BuildError

HEADER = {"Plants": "a", "Stands for": "rule: c", "Part": "engine"}
MUTANT = Mutant("one", HEADER, [patches.Hunk("sdk/a.cpp", "a\n", "b\n")], pathlib.Path(__file__))

# Finds at the seed `at` of each search, where that is not 0; what it was asked goes into a file.
TOOL = """#!/bin/sh
echo "$@" >>{asked}
if [ "$1" = replay ]; then exit {again}; fi
while [ "$1" != --first ]; do shift; done
echo "{report}"
exit {status}
"""

SCHEDULES = """#!/bin/sh
if [ "{law}" = "" ]; then exit 0; fi
echo "seed 20: {law}"
exit 1
"""


class FakeWorkspace:
    """Its tool finds the mutant at the seed `at` of each search; never, where that is None."""

    def __init__(self, folder, at, builds=True, law="", again=1):
        self.builds = builds
        self.log = []
        self.build = folder
        self.tool = folder / "tool"
        self._asked = folder / "asked"
        failure = {"run": "$(($2 + at - 1))", "from_seed": True, "behaviour": "order"}
        failure["shrunk_steps"] = 7
        text = json.dumps({"real_seconds": 0.5, "failures": [failure] if at else []})
        text = text.replace("at -", f"{at} -").replace('"', '\\"')
        text = text.replace('\\"$((', "$((").replace('))\\"', "))")
        self._write(
            self.tool,
            TOOL.format(asked=self._asked, report=text, status=1 if at else 0, again=again),
        )
        self._write(folder / "tests/schedules/schedules", SCHEDULES.format(law=law))

    @staticmethod
    def _write(file, text):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def asked(self):
        return self._asked.read_text().split("\n")[:-1]

    def plant(self, mutant):
        self.log.append(f"plant {mutant.name}")

    def make(self, target):
        self.log.append(target)
        if not self.builds:
            raise BuildError("no")

    def revert(self):
        self.log.append("revert")


def examine(workspace, starts=3, mutant=MUTANT):
    return exploring.examine(mutant, workspace, Effort(starts, 5000))


def test_what_is_found_before_the_first_guidance_is_looked_for_once(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=12)
    finding = examine(workspace)
    assert workspace.log == ["plant one", "lockstep", "revert"]
    assert finding.first == First("explorer", 12, 7, "order", True)
    assert finding.searches == {mode: [Search(12, 0.5, 7)] * 3 for mode in exploring.MODES}
    assert len(workspace.asked()) == 2 + 3


def test_what_guidance_may_have_found_is_looked_for_without(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=exploring.ROUND + 1)
    finding = examine(workspace)
    assert finding.searches["guided"] == [Search(exploring.ROUND + 1, 0.5, 7)] * 3
    assert finding.searches["seeds only"] == [Search(exploring.ROUND + 1, 0.5, None)] * 3
    assert sum("--seeds-only" in line for line in workspace.asked()) == 1 + 3


def test_not_every_find_is_shrunk(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=12)
    finding = examine(workspace, starts=exploring.SHRUNK + 2)
    steps = [search.steps for search in finding.searches["guided"]]
    assert steps == [7] * exploring.SHRUNK + [None] * 2
    assert exploring.shrunk_size(finding) == 7


def test_a_seed_that_does_not_show_it_again_says_so(tmp_path):
    finding = examine(FakeWorkspace(tmp_path, at=12, again=0), starts=0)
    assert not finding.first.replayed
    assert exploring.short_cells(finding)[3] == "12 (not again)"


def test_what_the_first_look_does_not_find_is_not_looked_for_again(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=None)
    finding = examine(workspace)
    assert not finding.found
    assert exploring.cells(finding)[0] == "not found"
    assert len(workspace.asked()) == 2


def test_what_only_threads_show_is_found_by_the_schedules(tmp_path):
    finding = examine(FakeWorkspace(tmp_path, at=None, law="an event ended twice"))
    assert finding.first == First("schedules", 20, None, "an event ended twice", True)
    assert exploring.short_cells(finding)[2:] == ["schedules", "20", "-", "an event ended twice"]
    text = exploring.as_markdown([finding], "c", Effort(0, 5000))
    assert text.startswith("0 of 1 found by the explorer alone; 1 more by the schedule explorer")


def test_a_protocols_mutant_is_looked_for_in_runs_of_that_protocol(tmp_path):
    hunk = patches.Hunk("sdk/protocol/segment.cpp", "a\n", "b\n")
    workspace = FakeWorkspace(tmp_path, at=12)
    examine(workspace, 1, Mutant("two", HEADER, [hunk], MUTANT.file))
    assert all("--capture segment" in line for line in workspace.asked())


def test_a_crash_is_a_find_without_a_seed(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=1)
    workspace.tool.write_text("#!/bin/sh\necho gone >&2\nexit 3\n")
    finding = examine(workspace, starts=2)
    assert finding.found
    assert exploring.cells(finding)[:6] == [
        *("by crash (status 3: gone)", "explorer", "-"),
        *("-", "-", "2/2"),
    ]


def test_a_crash_that_names_its_run_can_be_seen_again(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=1)
    words = "lockstep explore: the process dies in run 7, of signal 6; `lockstep replay --seed 7`"
    workspace.tool.write_text(f"#!/bin/sh\necho gone >&2\necho '{words}' >&2\nkill -ABRT $$\n")
    finding = examine(workspace, starts=2)
    assert finding.first.seed == 7 and finding.first.replayed
    assert finding.first.behaviour == "by crash (signal 6: gone)"


def test_a_mutant_that_does_not_build_says_so_and_is_taken_out(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=1, builds=False)
    assert exploring.cells(examine(workspace)) == ["does not build: no"]
    assert workspace.log[-1] == "revert"


def test_a_search_without_a_find_counts_as_longer_than_all():
    assert exploring.middle([1, None, 3]) == 3
    assert exploring.middle([1, 3]) == 2
    assert exploring.middle([None, 1, None]) is None


def finding_of(searches):
    return Finding(MUTANT, First("explorer", 4, 6, "order", True), searches, "", 3.4, 17.2)


def test_the_table_tells_medians_and_how_many_found_it():
    searches = {"guided": [Search(4, 0.1, 6), Search(8, 0.3, 8), Search()]}
    searches["seeds only"] = [Search(10, 1.0), Search(), Search()]
    finding = finding_of(searches)
    expected = ["order", "explorer", "4", "8", "0.30", "2/3", "-", "-", "1/3", "6", "3", "17"]
    assert exploring.cells(finding) == expected
    text = exploring.as_markdown([finding, Finding(MUTANT)], "bin/mutants", Effort(3, 5000))
    assert text.startswith(
        "1 of 2 found by the explorer alone; guided: median of the medians 8 seeds; "
        "seeds only: median of the medians - seeds; shrunk to 6 steps"
    )
    assert f"| one | {' | '.join(expected)} |" in text


def test_who_was_stopped_goes_on_from_what_is_kept(tmp_path):
    file, effort = tmp_path / "kept", Effort(3, 5000)
    finding = finding_of({"guided": [Search(4, 0.1, 6)], "seeds only": [Search()]})
    Kept(file, "a" * 64, effort).add(finding)
    file.write_text(file.read_text() + '{"mutant": "tw')  # stopped in the middle of a line
    again = Kept(file, "a" * 64, effort)
    assert again.find(MUTANT) == finding
    assert again.find(MUTANT._replace(name="two")) is None
    again.add(finding._replace(mutant=MUTANT._replace(name="two")))
    assert Kept(file, "a" * 64, effort).find(MUTANT._replace(name="two")) is not None


def test_a_patch_that_has_changed_is_looked_at_again(tmp_path):
    patch = tmp_path / "one.patch"
    patch.write_text("one")
    kept = Kept(tmp_path / "kept", "a", Effort(3, 5000))
    kept.add(finding_of({})._replace(mutant=MUTANT._replace(file=patch)))
    patch.write_text("another")
    again = Kept(tmp_path / "kept", "a", Effort(3, 5000))
    assert again.find(MUTANT._replace(file=patch)) is None


@pytest.mark.parametrize("sources, starts", [("b" * 64, 3), ("a" * 64, 4)])
def test_what_is_kept_of_other_sources_or_another_effort_is_refused(tmp_path, sources, starts):
    Kept(tmp_path / "kept", "a" * 64, Effort(3, 5000))
    with pytest.raises(BadKeptFile, match="line 1: found .* expected"):
        Kept(tmp_path / "kept", sources, Effort(starts, 5000))


def test_another_file_is_refused_and_left_alone(tmp_path):
    file = tmp_path / "notes"
    file.write_text("notes\nof mine")
    with pytest.raises(BadKeptFile, match="line 1: found notes; expected"):
        Kept(file, "a" * 64, Effort(3, 5000))
    assert file.read_text() == "notes\nof mine"
