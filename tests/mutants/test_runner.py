"""What bin/mutants makes of what it sees, with judges and programs made up for it."""

import json
import os
import pathlib
import subprocess
import sys
import types

import pytest

import command
import judges
import patches
import process
import reports
from judges import Judge, Notice
from patches import Mutant
from reports import Result, Run
from workspace import BuildError, Workspace, first_error

HEADER = {"Plants": "a | b", "Stands for": "rule: c", "Part": "engine"}
MUTANT = Mutant("one", HEADER, [patches.Hunk("sdk/a.cpp", "a\n", "b\n")], pathlib.Path("one.patch"))


class FakeWorkspace:
    """Says what was done to it."""

    def __init__(self, broken=()):
        self.log = []
        self.broken = broken

    def plant(self, mutant):
        self.log.append(f"plant {mutant.name}")

    def revert(self):
        self.log.append("revert")

    def make(self, *targets):
        self.log += targets
        if set(targets) & set(self.broken):
            raise BuildError("a.cpp:1: error: no")


class FakeJudge(Judge):
    def __init__(self, name, group, notice, floors=()):
        self.name, self.group, self.target = name, group, name
        self.notice, self.floors = notice, frozenset(floors)

    def check(self, workspace, thorough):
        return self.notice


def fakes(contract=Notice(), catalogue=Notice(), fast=Notice(), slow=Notice()):
    return [
        FakeJudge("contract", "contract", contract),
        FakeJudge("catalogue", "catalogue", catalogue),
        FakeJudge("fast", "tests", fast, ("sdk",)),
        FakeJudge("elsewhere", "tests", Notice(9, ["never asked"]), ("mockserver",)),
        FakeJudge("slow", "tests", slow, ("sdk", "mockserver")),
    ]


class FakePanel:
    """Whose judges are ready."""

    def __init__(self, given):
        self._given = given

    def of(self, stage):
        return [judge for judge in self._given if judge.group in stage]


def examined(given, thorough=False, broken=()):
    """What comes of MUTANT, and what was done to the workspace."""
    workspace = FakeWorkspace(broken)
    return command.examine(MUTANT, workspace, FakePanel(given), thorough), workspace.log


def test_judges_are_asked_up_to_the_first_of_ours_that_notices():
    result, log = examined(fakes(contract=Notice(2, ["x", "y"]), fast=Notice(1, ["T.t"])))
    assert log == ["plant one", "contract", "catalogue", "plant one", "fast", "revert"]
    assert result.noticed["tests"].names == ["fast: T.t"]
    assert not result.survived


def test_the_test_binaries_are_left_alone_when_the_catalogue_notices():
    result, log = examined(fakes(catalogue=Notice(1, ["s"])))
    assert log == ["plant one", "contract", "catalogue", "revert"] and not result.survived


def test_keep_going_asks_everybody_concerned():
    noticed = fakes(catalogue=Notice(1, ["s"]), fast=Notice(1, ["T.t"]), slow=Notice(how="hung"))
    result, log = examined(noticed, thorough=True)
    assert log == ["plant one", "contract", "catalogue", "plant one", "fast", "slow", "revert"]
    assert result.noticed["tests"] == (1, ["fast: T.t"], "slow hung")


def test_the_contract_does_not_save_a_mutant():
    result, _ = examined(fakes(contract=Notice(1, ["x"])))
    assert result.survived
    assert Run([result], {}, "").status == 1


def test_a_mutant_that_ours_were_not_asked_about_has_not_survived():
    result, _ = examined(fakes()[:1])
    assert not result.survived and Run([result], {}, "").status == 0


def test_a_mutant_that_does_not_build_is_an_error_and_is_taken_out():
    result, log = examined(fakes(), broken=["catalogue"])
    assert result.error == "a.cpp:1: error: no" and log[-1] == "revert"
    run = Run([result], {}, "")
    assert run.status == 2 and "1 could not be built" in reports.summary(run)


RUN = Run(
    [
        Result(MUTANT, {"contract": Notice(3, [*"xyz"]), "catalogue": Notice(1, ["s"])}, 2.0),
        Result(MUTANT._replace(name="two"), {"contract": Notice(), "tests": Notice(how="hung")}),
        Result(MUTANT._replace(name="three"), {"contract": Notice(), "tests": Notice()}),
    ],
    {},
    "bin/mutants --format markdown",
)


def test_the_score_counts_ours_and_the_contract_alone():
    assert reports.summary(RUN).split("\n") == [
        "2 of 3 noticed by ours",
        "1 of 3 by the shared contract alone",
    ]
    assert "survived: three" in reports.as_text(RUN)


def test_a_group_that_was_not_asked_has_no_score():
    run = Run([Result(MUTANT, {"tests": Notice()})], {"contract": "there is no file"}, "")
    assert "shared contract" not in reports.summary(run)
    assert "contract: not asked: there is no file" in reports.summary(run)


def test_lines_say_who_noticed_what():
    assert reports.line(RUN.results[0]) == (
        "one: noticed by contract 3 (x; y; ...), catalogue 1 (s)  [2.0 s]"
    )
    assert reports.line(RUN.results[2]).startswith("three: SURVIVED contract -, tests -")


def test_json_has_every_name():
    document = json.loads(reports.as_json(RUN))
    first = document["mutants"][0]
    assert first["noticed"]["contract"]["names"] == ["x", "y", "z"]
    assert [one["survived"] for one in document["mutants"]] == [False, False, True]


def test_markdown_is_a_table_with_escaped_bars():
    rows = [row for row in reports.as_markdown(RUN).split("\n") if row.startswith("|")]
    assert rows[2] == "| one | a \\| b | engine | rule: c | 3 | ? | 1 (s) |"
    assert rows[3].endswith("| 0 | ? | hung |") and rows[4].endswith("| 0 | ? | NOBODY |")


def tool(tmp_path, code):
    """A workspace whose tool runs this Python code, and a judge that asks it."""
    file = tmp_path / "tool"
    file.write_text(f"#!{sys.executable}\n{code}\n")
    file.chmod(0o755)
    judge = judges.catalogue()
    return judge.check(types.SimpleNamespace(tool=file), False)


CASES = json.dumps(
    {
        "suites": [
            {"tests": [{"name": "a", "passed": True}]},
            {
                "tests": [
                    {"name": "b", "passed": False},
                    {"name": "c", "passed": False, "skipped": "not ours"},
                ]
            },
        ]
    }
)


@pytest.mark.parametrize(
    "code,expected",
    [
        (f"print('{CASES}'); exit(1)", Notice(1, ["b"])),
        (f"print('{CASES.replace('false', 'true')}')", Notice()),
        ("print('{\"suites\": []}'); exit(1)", Notice(how="by its exit status")),
        ("print('out of memory'); exit(1)", Notice(how="by no report (out of memory)")),
        ("import sys; sys.exit('bad input')", Notice(how="by no report (bad input)")),
        ("exit(3)", Notice(how="by crash (status 3: )")),
        ("import os; os.abort()", Notice(how="by crash (signal 6: )")),
    ],
)
def test_a_tool_is_judged_by_its_report(tmp_path, code, expected):
    assert tool(tmp_path, code) == expected


@pytest.mark.parametrize(
    "code", ["import os, signal; os.fork(); signal.pause()", "import os\nos.fork()\nwhile 1: pass"]
)
def test_a_program_that_hangs_is_ended_with_its_children(code):
    done = process.run([sys.executable, "-c", code], limit=1, idle=2)
    assert done.hung and judges.how_it_ended(done, (0,)) == "by time limit"


def test_a_program_that_is_slow_because_it_waits_is_not_hung():
    code = "import select\nfor i in range(30): select.select([], [], [], 0.1); sum(range(100000))"
    assert not process.run([sys.executable, "-c", code], limit=60, idle=2).hung


def test_memory_is_bounded():
    code = f"bytearray({process.MOST_MEMORY})"
    done = process.run([sys.executable, "-c", code], 60)
    assert done.status == 1 and "MemoryError" in done.errors


def test_failures_of_googletest_have_their_suite():
    report = {
        "testsuites": [
            {
                "name": "Suite",
                "testsuite": [
                    {"name": "Passes", "result": "COMPLETED"},
                    {"name": "Fails", "failures": [{"failure": "no"}]},
                ],
            }
        ]
    }
    assert judges.gtest_failures(json.dumps(report)) == ["Suite.Fails"]


def test_failures_of_boost_are_named_once():
    output = (
        'a.cpp(1): error: in "wake/first": check a == b has failed\n'
        'a.cpp(2): error: in "wake/first": check c has failed\n'
        'b.cpp(9): fatal error: in "wake/second": memory access violation\n'
    )
    assert judges.boost_failures(output) == ["wake/first", "wake/second"]


GTEST = """
import json, pathlib, sys
runs = pathlib.Path(__file__).with_name("runs")
before = runs.read_text() if runs.exists() else ""
runs.write_text(before + " ".join(sys.argv[2:]) + "\\n")
first = not before

def report(*failed):
    file = sys.argv[1].removeprefix("--gtest_output=json:")
    cases = [{"name": name, "failures": [{}]} for name in failed]
    suites = [{"name": "S", "testsuite": cases}]
    pathlib.Path(file).write_text(json.dumps({"testsuites": suites}))
    sys.exit(1 if failed else 0)
"""


def gtest(tmp_path, code):
    """What a judge says of an executable that is this Python code."""
    binary = tmp_path / "fake_tests"
    binary.write_text(f"#!{sys.executable}\n{GTEST}\n{code}\n")
    binary.chmod(0o755)
    judge = judges.TestBinary("fake_tests", "fake_tests", "gtest", frozenset({"sdk"}))
    return judge.check(types.SimpleNamespace(build=tmp_path), False)


def test_a_failure_counts_when_it_fails_again(tmp_path):
    assert gtest(tmp_path, "report('a', 'b') if first else report('a')") == (2, ["S.a", "S.b"], "")
    assert (tmp_path / "runs").read_text() == "--gtest_fail_fast\n--gtest_filter=S.a\n"


def test_a_failure_by_chance_does_not_count(tmp_path):
    assert not gtest(tmp_path, "report('a') if first else report()")


def test_a_crash_names_the_case_that_ran(tmp_path):
    code = "print('[ RUN      ] S.a', flush=True)\nimport os\nos.abort()"
    notice = gtest(tmp_path, code)
    assert notice.how.startswith("by crash (signal 6") and notice.how.endswith(" in S.a")


def test_binaries_are_found_with_all_their_floors():
    found = {one.name: one for one in judges.test_binaries(patches.ROOT)}
    assert found["sdk_engine_tests"].floors == {"sdk", "clock", "http"}
    assert found["seams_tests"].kind == "boost"
    assert found["scenarios_test"].floors >= {"sdk", "adapter", "mockserver"}
    assert not found["mockserver_test"].concerns({"sdk", "adapter"})
    assert "name" not in found


def test_only_those_concerned_are_asked():
    names = [judge.name for judge in command.asked(fakes(), "tests", [MUTANT])]
    assert names == ["fast", "slow"]
    assert [judge.name for judge in command.asked(fakes(), "contract", [MUTANT])] == ["contract"]


def test_the_unmutated_tree_must_pass(tmp_path):
    workspace = FakeWorkspace()
    workspace.source = tmp_path / "src"
    baseline = command.Baseline(workspace, "abc")
    with pytest.raises(command.Refused, match="fast fails on the unmutated tree: 1 .T.t."):
        baseline.try_out(FakeJudge("fast", "tests", Notice(1, ["T.t"])))
    baseline.try_out(FakeJudge("good", "tests", Notice()))
    again = FakeWorkspace()
    again.source = workspace.source
    command.Baseline(again, "abc").try_out(FakeJudge("good", "tests", Notice(1, ["not asked"])))
    assert again.log == []


def panel(tmp_path, given, broken=()):
    workspace = FakeWorkspace(broken)
    workspace.source = tmp_path / "src"
    return command.Panel(workspace, command.Baseline(workspace, "abc"), given), workspace


def test_a_stage_is_made_ready_once_and_on_the_unmutated_tree(tmp_path):
    given = fakes()
    for judge in given:
        judge.absent = "it is not there" if judge.group == "contract" else ""
    asked, workspace = panel(tmp_path, given)
    tools, tests = command.Panel.STAGES
    assert [judge.name for judge in asked.of(tools)] == ["catalogue"]
    assert asked.absent == {"contract": "it is not there"}
    assert [judge.name for judge in asked.of(tools)] == ["catalogue"]
    assert workspace.log == ["revert", "catalogue"]
    with pytest.raises(command.Refused, match="elsewhere fails on the unmutated tree"):
        asked.of(tests)


def test_an_unmutated_tree_that_does_not_build_is_refused(tmp_path):
    asked, _ = panel(tmp_path, fakes(), broken=["catalogue"])
    with pytest.raises(command.Refused, match="the unmutated tree does not build"):
        asked.of(command.Panel.STAGES[0])


def test_unknown_names_are_refused():
    with pytest.raises(command.Refused, match="no mutant is called nonsense"):
        command.chosen(["nonsense"])


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "root"
    (root / "sdk").mkdir(parents=True)
    (root / "sdk/a.cpp").write_text("a\n")
    (root / ".gitignore").write_text("build/\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


def test_the_copy_follows_the_sources_and_writes_only_what_differs(repository):
    workspace = Workspace(repository, repository / "build/mutants", 1)
    first = workspace.sync()
    copy = workspace.source / "sdk/a.cpp"
    os.utime(copy, (1, 1))
    (repository / "sdk/b.cpp").write_text("b\n")
    second = workspace.sync()
    assert first != second and copy.stat().st_mtime == 1
    (repository / "sdk/b.cpp").unlink()
    assert workspace.sync() == first and not (workspace.source / "sdk/b.cpp").exists()


def test_a_mutant_is_planted_in_the_copy_alone_and_taken_out(repository):
    workspace = Workspace(repository, repository / "build/mutants", 1)
    workspace.sync()
    file = repository / "one.patch"
    file.write_text("Part: x\n\n--- a/sdk/a.cpp\n+++ b/sdk/a.cpp\n@@ -1 +1 @@\n-a\n+b\n")
    workspace.plant(patches.parse(file))
    workspace.plant(patches.parse(file))
    copy = workspace.source / "sdk/a.cpp"
    assert copy.read_text() == "b\n" and (repository / "sdk/a.cpp").read_text() == "a\n"
    workspace.revert()
    assert copy.read_text() == "a\n"


def test_the_first_error_of_a_build_is_shown():
    assert first_error("[1/2] x\na.cpp:3:1: error: no\nb\n") == "a.cpp:3:1: error: no"
    configured = "CMake Error at a/b.cmake:230 (message):\n  Could NOT find X\nCall Stack:\n  c\n"
    assert first_error("Preset variables:\n" + configured) == (
        "CMake Error at a/b.cmake:230 (message): Could NOT find X"
    )
    assert first_error("") == "it failed and said nothing"


def test_a_contract_that_is_not_there_is_not_asked(tmp_path):
    assert "there is no" in judges.contracts(tmp_path / "CONTRACT.yaml")[0].absent
    (tmp_path / "CONTRACT.yaml").touch()
    assert [judge.absent for judge in judges.contracts(tmp_path / "CONTRACT.yaml")] == ["", ""]
