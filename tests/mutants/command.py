"""`bin/mutants`: plants each mutant in a private copy of the sources, and asks who notices it.

The rule: a judge that complains about the unmutated tree proves nothing, so every judge is tried on
that first, and the run is refused when one complains.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys

import judges
import patches
import process
import reports
from judges import Judge, Notice
from patches import Mutant
from reports import Result
from workspace import BuildError, Workspace

# Against what a group of judges is a run of `--against`.
AGAINST = {"all": reports.GROUPS, **{group: (group,) for group in reports.GROUPS}}


class Refused(Exception):
    """Nothing was run; the message says why."""


def arguments_of(line: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/mutants",
        description="Plants known defects one by one and says which judge notices them: exit 0 "
        "ours notice all of them, 1 one survived, 2 bad input or a mutant that does not build.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants (default: all)")
    parser.add_argument("--list", action="store_true", help="name the mutants, and run nothing")
    parser.add_argument(
        "--mend",
        action="store_true",
        help="rewrite patches whose surroundings have changed, and run nothing",
    )
    parser.add_argument("--format", choices=list(reports.FORMATS), default="text")
    parser.add_argument("--against", choices=list(AGAINST), default="all", help="(default: all)")
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="ask every judge about every mutant, instead of up to the first of ours that notices",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers at a time")
    parser.add_argument(
        "--contract",
        type=pathlib.Path,
        metavar="FILE",
        default=patches.ROOT.parent / "shared" / "contract" / "CONTRACT.yaml",
        help="the shared suite's contract (default: beside the repository, in shared/contract)",
    )
    return parser.parse_args(line)


def mend(mutants: list[Mutant]) -> None:
    for mutant in mutants:
        if not patches.findings(mutant):
            continue
        text = patches.mended(mutant)
        if text is not None:
            mutant.file.write_text(text, encoding="utf-8")
        say(f"{mutant.name}: {'mended' if text is not None else 'not found any more'}")


def chosen(names: list[str], mending: bool = False) -> list[Mutant]:
    mutants = patches.load()
    known = {mutant.name for mutant in mutants}
    if unknown := [name for name in names if name not in known]:
        raise Refused(f"no mutant is called {', '.join(unknown)}; --list names them")
    if mending:
        mend([mutant for mutant in mutants if not names or mutant.name in names])
        mutants = patches.load()
    taken = [mutant for mutant in mutants if not names or mutant.name in names]
    wrong = [problem for mutant in taken for problem in patches.findings(mutant)]
    if wrong:
        raise Refused("\n".join(wrong))
    return taken


def all_judges(contract: pathlib.Path) -> list[Judge]:
    binaries = judges.test_binaries(patches.ROOT)
    return [judges.contract(contract.absolute()), judges.catalogue(), *binaries]


def asked(given: list[Judge], against: str, mutants: list[Mutant]) -> list[Judge]:
    """Those that the run is about and that some mutant concerns."""
    floors = {floor for mutant in mutants for floor in mutant.floors}
    return [judge for judge in given if judge.group in AGAINST[against] and judge.concerns(floors)]


class Baseline:
    """How the judges did on the unmutated tree, remembered from run to run for equal sources."""

    def __init__(self, workspace: Workspace, digest: str):
        self._workspace = workspace
        self._file = workspace.source.parent / f"baseline-{digest[:16]}.json"
        self._seconds: dict[str, float] = {}
        if self._file.is_file():
            self._seconds = json.loads(self._file.read_text(encoding="utf-8"))

    def try_out(self, judge: Judge) -> None:
        """Sets the judge's time limit; Refused when it complains."""
        if judge.name in self._seconds:
            judge.seconds = self._seconds[judge.name]
            return
        self._workspace.make(judge.target)
        before = process.cpu_seconds()
        judge.seconds = 600.0  # nobody knows yet
        if notice := judge.check(self._workspace, thorough=True):
            raise Refused(f"{judge.name} fails on the unmutated tree: {notice.to_text()}")
        judge.seconds = process.cpu_seconds() - before
        self._seconds[judge.name] = judge.seconds
        for old in self._file.parent.glob("baseline-*.json"):
            old.unlink()
        self._file.write_text(json.dumps(self._seconds), encoding="utf-8")


def examine(mutant: Mutant, workspace: Workspace, given: list[Judge], thorough: bool) -> Result:
    """Plants one mutant, asks the judges in their order, and takes it out again."""
    before = process.cpu_seconds()
    noticed: dict[str, Notice] = {}
    error = ""
    try:
        workspace.plant(mutant)
        for judge in given:
            if not judge.concerns(mutant.floors):
                continue
            # The contract is asked in any case: how much it notices alone is half of the result.
            if judge.group in reports.OURS and not thorough and any_of_ours(noticed):
                break
            workspace.make(judge.target)
            notice = judge.check(workspace, thorough)
            noticed[judge.group] = joined(noticed.get(judge.group), notice, judge)
    except BuildError as problem:
        error = str(problem)
    finally:
        workspace.revert()
    return Result(mutant, noticed, process.cpu_seconds() - before, error)


def any_of_ours(noticed: dict[str, Notice]) -> bool:
    return any(noticed.get(group) for group in reports.OURS)


def joined(former: Notice | None, notice: Notice, judge: Judge) -> Notice:
    """What the judges of one group noticed, as one notice."""
    names = [f"{judge.name}: {name}" for name in notice.names]
    if judge.group == judge.name:
        names = notice.names
    how = f"{judge.name} {notice.how}" if notice.how and judge.group != judge.name else notice.how
    if former is None:
        return Notice(notice.count, names, how)
    hows = "; ".join(one for one in (former.how, how) if one)
    return Notice(former.count + notice.count, former.names + names, hows)


def prepare(arguments: argparse.Namespace, mutants: list[Mutant]) -> tuple:
    """A workspace with a tree that passes; the judges that were tried on it; who is absent."""
    workspace = Workspace(patches.ROOT, patches.ROOT / "build" / "mutants", arguments.jobs)
    digest = workspace.sync()
    workspace.configure()
    baseline = Baseline(workspace, digest)
    absent: dict[str, str] = {}
    present = []
    for judge in asked(all_judges(arguments.contract), arguments.against, mutants):
        if judge.group == "contract" and not judge.absent:
            workspace.make(judge.target)
            if process.run([workspace.tool, "contract", "--help"], 60).status != 0:
                judge.absent = "the tool has no such verb"
        if judge.absent:
            absent[judge.group] = judge.absent
            continue
        say(f"on the unmutated tree: {judge.name}")
        baseline.try_out(judge)
        present.append(judge)
    # Contract, catalogue, then the binaries, fastest first.
    present.sort(key=lambda judge: (reports.GROUPS.index(judge.group), judge.seconds))
    return workspace, present, absent


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def listing(mutants: list[Mutant]) -> str:
    width = max(len(mutant.name) for mutant in mutants)
    return "\n".join(f"{one.name:{width}}  {one.part:9}  {one.plants}" for one in mutants)


def main(line: list[str]) -> int:
    arguments = arguments_of(line)
    try:
        mutants = chosen(arguments.names, arguments.mend)
        if arguments.list:
            print(listing(mutants))
        if arguments.list or arguments.mend:
            return 0
        os.nice(10)
        workspace, present, absent = prepare(arguments, mutants)
        if not present:
            raise Refused("; ".join(f"{group}: {why}" for group, why in absent.items()))
    except (Refused, BuildError) as problem:
        say(f"bin/mutants: {problem}")
        return 2
    results = []
    for mutant in mutants:
        results.append(examine(mutant, workspace, present, arguments.keep_going))
        as_it_goes = sys.stdout if arguments.format == "text" else sys.stderr
        print(reports.line(results[-1]), file=as_it_goes, flush=True)
    run = reports.Run(results, absent, " ".join(["bin/mutants", *line]))
    print(reports.FORMATS[arguments.format](run), end="")
    return run.status
