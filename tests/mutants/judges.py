"""Who may notice a mutant: the shared contract, the catalogue, the test binaries.

A judge looks at what is built in a Workspace. Its `check` answers with a Notice; a judge that
cannot work here says why in `absent`.
"""

from __future__ import annotations

import json
import pathlib
import re
import tempfile
from typing import NamedTuple

import process
from workspace import Workspace

# A judge may use so many times the CPU that it uses on the unmutated tree, and seconds on top.
SLOWER = 5
GRACE_SECONDS = 10


class Notice(NamedTuple):
    """What a judge noticed: how many of its cases, and which; `how` where there are no cases."""

    count: int = 0
    names: list[str] = []
    how: str = ""  # "by time limit", "by crash: ..."

    def __bool__(self) -> bool:
        return self.count > 0 or bool(self.how)

    def to_text(self, most: int = 2) -> str:
        if not self:
            return "-"
        shown = "; ".join(self.names[:most]) + ("; ..." if len(self.names) > most else "")
        counted = f"{self.count} ({shown})" if self.count else ""
        return " ".join(part for part in (counted, self.how) if part)


def how_it_ended(done: process.Finished, expected: tuple[int, ...]) -> str:
    """How a program ended that did not end with one of the expected statuses."""
    if done.hung:
        return "by time limit"
    if done.status in expected:
        return ""
    kind = "signal" if done.status < 0 else "status"
    return f"by crash ({kind} {abs(done.status)}: {last_line(done)})"


def last_line(done: process.Finished) -> str:
    lines = (done.errors.strip() or done.output.strip()).split("\n")
    return lines[-1][:100]


class Judge:
    """Common to all: the time limit, which the unmutated tree sets."""

    name = ""
    group = ""  # what --against calls it
    target = ""  # of ninja
    floors: frozenset[str] = frozenset()  # empty: every floor
    absent = ""
    seconds = 0.0  # of CPU, on the unmutated tree

    @property
    def limit(self) -> float:
        return GRACE_SECONDS + SLOWER * self.seconds

    def concerns(self, floors: set[str]) -> bool:
        return not self.floors or bool(self.floors & floors)

    def check(self, workspace: Workspace, thorough: bool) -> Notice:
        """`thorough`: all that notice, not only the first."""
        raise NotImplementedError


class ToolJudge(Judge):
    """A verb of the tool, whose JSON report has its tests by suite."""

    target = "lockstep"

    def __init__(self, group: str, arguments: list[str]):
        self.name = self.group = group
        self._arguments = arguments

    def is_known(self, workspace: Workspace) -> bool:
        """Whether the tool has the verb."""
        return process.run([workspace.tool, self._arguments[0], "--help"], self.limit).status == 0

    def check(self, workspace: Workspace, thorough: bool) -> Notice:
        done = process.run([workspace.tool, *self._arguments, "--format", "json"], self.limit)
        if how := how_it_ended(done, (0, 1)):
            return Notice(how=how)
        try:
            suites = json.loads(done.output)["suites"]
        except ValueError:
            return Notice(how=f"by no report ({last_line(done)})")
        failed = [
            test["name"]
            for suite in suites
            for test in suite["tests"]
            if not test["passed"] and "skipped" not in test
        ]
        if done.status == 1 and not failed:
            return Notice(how="by its exit status")
        return Notice(len(failed), failed)


def catalogue() -> ToolJudge:
    return ToolJudge("catalogue", ["run"])


def prover() -> ToolJudge:
    """The certificate, in its standard scopes; asked only where the tool is optimised."""
    return ToolJudge("prove", ["prove"])


def contracts(file: pathlib.Path) -> list[ToolJudge]:
    """The shared suite's: as its own runner reads it, and under our strict mock and laws."""
    both = [
        ToolJudge("contract", ["contract", str(file), "--lenient"]),
        ToolJudge("strict contract", ["contract", str(file)]),
    ]
    for judge in both:
        judge.absent = "" if file.is_file() else f"there is no {file}"
    return both


class TestBinary(Judge):
    """A GoogleTest or Boost.Test executable, run whole."""

    group = "tests"

    def __init__(self, name: str, path: str, kind: str, floors: frozenset[str]):
        self.name = self.target = name
        self.path = path  # in the build folder
        self.kind = kind
        self.floors = floors

    def check(self, workspace: Workspace, thorough: bool) -> Notice:
        binary = workspace.build / self.path
        notice = self._run(binary, None, thorough)
        if notice.how or not notice:
            return notice
        # Real threads and sockets: what fails once by chance is no proof.
        again = self._run(binary, notice.names[0], True)
        return notice if again else Notice()

    def _run(self, binary: pathlib.Path, case: str | None, thorough: bool) -> Notice:
        if self.kind == "boost":
            return self._run_boost(binary, case)
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            command: list[str | pathlib.Path] = [binary, f"--gtest_output=json:{report}"]
            command += [] if thorough else ["--gtest_fail_fast"]
            command += [f"--gtest_filter={case}"] if case else []
            done = process.run(command, self.limit)
            if how := how_it_ended(done, (0, 1)):
                return Notice(how=f"{how} in {_running(done.output)}")
            failed = gtest_failures(report.read_text(encoding="utf-8"))
        return Notice(len(failed), failed)

    def _run_boost(self, binary: pathlib.Path, case: str | None) -> Notice:
        done = process.run([binary] + ([f"--run_test={case}"] if case else []), self.limit)
        if how := how_it_ended(done, (0, 200, 201)):
            return Notice(how=how)
        failed = boost_failures(done.output)
        if done.status != 0 and not failed:
            return Notice(how="by its exit status")
        return Notice(len(failed), failed)


class Schedules(Judge):
    """The thread host's interleavings, by seed."""

    group = "tests"
    name = target = "schedules"
    floors = frozenset({"clock", "http", "sdk"})

    def check(self, workspace: Workspace, thorough: bool) -> Notice:
        binary = workspace.build / "tests" / "schedules" / "schedules"
        done = process.run([binary, "--seeds", "5000"], self.limit)
        if how := how_it_ended(done, (0, 1)):
            return Notice(how=how)
        return Notice(1, [done.output.strip().split("\n")[0]]) if done.status == 1 else Notice()


def _running(output: str) -> str:
    """The case that was running when a GoogleTest executable ended."""
    started = re.findall(r"\[ RUN      \] (\S+)", output)
    return started[-1] if started else "no case"


def gtest_failures(report: str) -> list[str]:
    return [
        f"{suite['name']}.{case['name']}"
        for suite in json.loads(report)["testsuites"]
        for case in suite["testsuite"]
        if case.get("failures")
    ]


def boost_failures(output: str) -> list[str]:
    found = re.findall(r'error: in "([^"]+)"', output)
    return list(dict.fromkeys(found))


def test_binaries(root: pathlib.Path) -> list[TestBinary]:
    """What tests/*/CMakeLists.txt registers, with all floors that it links."""
    below = floors_below(root)
    call = re.compile(r"^lockstep_(gtest|boost_test)\((\w+)([^)]*)\)", re.MULTILINE)
    found = []
    for lists in sorted(root.glob("tests/*/CMakeLists.txt")):
        for kind, name, arguments in call.findall(lists.read_text(encoding="utf-8")):
            floors = set(_values(arguments, "FLOORS"))
            linked = floors.union(*(below[floor] for floor in floors))
            path = f"tests/{lists.parent.name}/{name}"
            found.append(TestBinary(name, path, kind.split("_")[0], frozenset(linked)))
    return found


def floors_below(root: pathlib.Path) -> dict[str, set[str]]:
    """Of each floor, the floors that come with it."""
    direct: dict[str, list[str]] = {}
    for lists in root.glob("*/CMakeLists.txt"):
        text = lists.read_text(encoding="utf-8")
        for name, arguments in re.findall(r"^lockstep_floor\((\w+)([^)]*)\)", text, re.MULTILINE):
            direct[name] = _values(arguments, "FLOORS")

    def all_below(floor: str) -> set[str]:
        lower = direct.get(floor, [])
        return set(lower).union(*(all_below(one) for one in lower))

    return {floor: all_below(floor) for floor in direct}


def _values(arguments: str, keyword: str) -> list[str]:
    """The values after a keyword of a CMake call, up to the next keyword."""
    match = re.search(rf"\b{keyword}\s+([^A-Z]*)", arguments)
    return match[1].split() if match else []
