"""What bin/mutants --explore makes of the explorer's answers, with a tool made up for it."""

import json
import pathlib
import stat

import exploring
import patches
from exploring import Finding, Search
from patches import Mutant
from workspace import BuildError

HEADER = {"Plants": "a", "Stands for": "rule: c", "Part": "engine"}
MUTANT = Mutant("one", HEADER, [patches.Hunk("sdk/a.cpp", "a\n", "b\n")], pathlib.Path("one.patch"))


class FakeWorkspace:
    """Its tool finds the mutant at the seed `at` of each search; never, where that is None."""

    def __init__(self, folder, at, builds=True):
        self.builds = builds
        self.log = []
        self.tool = folder / "tool"
        failure = {"run": "$((first + at - 1))", "behaviour": "order", "shrunk_steps": 7}
        text = json.dumps({"real_seconds": 0.5, "failures": [failure] if at else []})
        text = text.replace('"', '\\"').replace('\\"$((', "$((").replace('))\\"', "))")
        script = f"""#!/bin/sh
while [ "$1" != --first ]; do shift; done
first=$2 at={at or 0}
echo "{text}"
exit {1 if at else 0}
"""
        self.tool.write_text(script)
        self.tool.chmod(self.tool.stat().st_mode | stat.S_IXUSR)

    def plant(self, mutant):
        self.log.append(f"plant {mutant.name}")

    def make(self, target):
        self.log.append(target)
        if not self.builds:
            raise BuildError("no")

    def revert(self):
        self.log.append("revert")


def test_each_mode_searches_from_every_start(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=12)
    finding = exploring.examine(MUTANT, workspace, starts=3, seeds=100)
    assert workspace.log == ["plant one", "lockstep", "revert"]
    assert finding.behaviour == "order"
    assert finding.searches == {mode: [Search(12, 0.5, 7)] * 3 for mode in exploring.MODES}


def test_what_the_first_look_does_not_find_is_not_looked_for_again(tmp_path):
    finding = exploring.examine(MUTANT, FakeWorkspace(tmp_path, at=None), starts=3, seeds=100)
    assert not finding.found
    assert exploring.cells(finding) == ["not found"]


def test_a_crash_is_a_find_without_a_seed(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=1)
    workspace.tool.write_text("#!/bin/sh\necho gone >&2\nexit 3\n")
    finding = exploring.examine(MUTANT, workspace, starts=2, seeds=100)
    assert finding.found
    assert finding.behaviour == "by crash (status 3: gone)"
    assert exploring.cells(finding)[1:4] == ["-", "-", "2/2"]


def test_a_mutant_that_does_not_build_says_so_and_is_taken_out(tmp_path):
    workspace = FakeWorkspace(tmp_path, at=1, builds=False)
    finding = exploring.examine(MUTANT, workspace, starts=2, seeds=100)
    assert exploring.cells(finding) == ["does not build: no"]
    assert workspace.log[-1] == "revert"


def test_a_search_without_a_find_counts_as_longer_than_all():
    assert exploring.middle([1, None, 3]) == 3
    assert exploring.middle([1, 3]) == 2
    assert exploring.middle([None, 1, None]) is None


def test_the_table_tells_medians_and_how_many_found_it():
    searches = {"guided": [Search(4, 0.1, 6), Search(8, 0.3, 8), Search()]}
    searches["seeds only"] = [Search(10, 1.0, 6), Search(), Search()]
    finding = Finding(MUTANT, searches, "order")
    assert exploring.cells(finding) == ["order", "8", "0.30", "2/3", "-", "-", "1/3", "6"]
    text = exploring.as_markdown([finding, Finding(MUTANT, {})], "bin/mutants --explore")
    assert text.startswith(
        "1 of 2 found by the explorer alone; guided: median of the medians 8 seeds; "
        "seeds only: median of the medians - seeds; shrunk to 6 steps"
    )
    assert "| one | order | 8 | 0.30 | 2/3 | - | - | 1/3 | 6 |" in text
