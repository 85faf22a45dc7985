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

import exploring
import judges
import kept
import patches
import process
import reports
from judges import Judge, Notice
from patches import Mutant
from reports import Result
from workspace import BuildError, Workspace

# Against what a group of judges is a run of `--against`.
AGAINST = {
    "all": tuple(group for group in reports.GROUPS if group != "prove"),
    "contract": tuple(reports.CONTRACTS),
    "catalogue": ("catalogue",),
    "prove": ("prove",),
    "tests": ("tests",),
}


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
    parser.add_argument(
        "--explore",
        action="store_true",
        help="ask the explorer alone, from many starting points: a table of medians",
    )
    parser.add_argument(
        "--starts",
        type=int,
        default=20,
        help="of --explore (default: 20); 0: one look at each, and a shorter table",
    )
    parser.add_argument(
        "--seeds", type=int, default=10_000, help="of --explore, for a search (default: 10000)"
    )
    parser.add_argument(
        "--part", choices=list(patches.PARTS), help="only mutants of this part (default: of all)"
    )
    parser.add_argument(
        "--keep",
        type=pathlib.Path,
        metavar="FILE",
        help="of --explore: a line for each mutant that is done; who is stopped goes on from there",
    )
    parser.add_argument(
        "--stands-for",
        default="",
        metavar="TEXT",
        help="only mutants that stand for what begins so, such as `origin A`",
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


def selected(part: str | None, stands_for: str) -> list[Mutant]:
    mutants = [
        mutant
        for mutant in patches.load()
        if part in (None, mutant.part)
        and any(one.startswith(stands_for) for one in mutant.stands_for_each)
    ]
    if not mutants:
        raise Refused("no mutant is of that part and stands for that")
    return mutants


def chosen(
    names: list[str], mending: bool = False, part: str | None = None, stands_for: str = ""
) -> list[Mutant]:
    mutants = selected(part, stands_for)
    known = {mutant.name for mutant in mutants}
    if unknown := [name for name in names if name not in known]:
        raise Refused(f"no mutant is called {', '.join(unknown)}; --list names them")
    if mending:
        mend([mutant for mutant in mutants if not names or mutant.name in names])
        mutants = selected(part, stands_for)
    taken = [mutant for mutant in mutants if not names or mutant.name in names]
    wrong = [problem for mutant in taken for problem in patches.findings(mutant)]
    if wrong:
        raise Refused("\n".join(wrong))
    return taken


def all_judges(contract: pathlib.Path) -> list[Judge]:
    binaries = judges.test_binaries(patches.ROOT)
    verbs = [*judges.contracts(contract.absolute()), judges.catalogue(), judges.prover()]
    return [*verbs, *binaries, judges.Schedules()]


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

    def knows(self, judge: Judge) -> bool:
        return judge.name in self._seconds

    def try_out(self, judge: Judge) -> None:
        """Sets the judge's time limit; Refused when it complains. Built already, unless known."""
        if self.knows(judge):
            judge.seconds = self._seconds[judge.name]
            return
        say(f"on the unmutated tree: {judge.name}")
        before = process.cpu_seconds()
        judge.seconds = 600.0  # nobody knows yet
        if notice := judge.check(self._workspace, thorough=True):
            raise Refused(f"{judge.name} fails on the unmutated tree: {notice.to_text()}")
        judge.seconds = process.cpu_seconds() - before
        self._seconds[judge.name] = judge.seconds
        for old in self._file.parent.glob("baseline-*.json"):
            old.unlink()
        self._file.write_text(json.dumps(self._seconds), encoding="utf-8")


class Panel:
    """The judges, each tried on the unmutated tree before it is asked about a mutant."""

    # Nearly every mutant is noticed by a verb of the tool, which is one thing to build and quick to
    # run; the test binaries are made ready when the first mutant needs them.
    STAGES = (tuple(reports.CONTRACTS) + ("catalogue", "prove"), ("tests",))

    def __init__(self, workspace: Workspace, baseline: Baseline, given: list[Judge]):
        self._workspace = workspace
        self._baseline = baseline
        self._given = given
        self._ready: dict[tuple[str, ...], list[Judge]] = {}
        self.absent: dict[str, str] = {}  # by group: why nobody of it is asked

    def of(self, stage: tuple[str, ...]) -> list[Judge]:
        """The judges of a stage, in the order in which they are asked."""
        if stage not in self._ready:
            self._workspace.revert()
            self._ready[stage] = self._tried([one for one in self._given if one.group in stage])
        return self._ready[stage]

    def _tried(self, candidates: list[Judge]) -> list[Judge]:
        needed = [
            judge.target
            for judge in candidates
            if not judge.absent
            and (isinstance(judge, judges.ToolJudge) or not self._baseline.knows(judge))
        ]
        if needed:
            try:
                self._workspace.make(*sorted(set(needed)))
            except BuildError as problem:
                raise Refused(f"the unmutated tree does not build: {problem}") from problem
        for judge in candidates:
            if isinstance(judge, judges.ToolJudge) and not judge.absent:
                judge.absent = "" if judge.is_known(self._workspace) else "no such verb"
            if judge.absent:
                self.absent[judge.group] = judge.absent
            else:
                self._baseline.try_out(judge)
        present = [judge for judge in candidates if not judge.absent]
        # Within a group, fastest first.
        return sorted(present, key=lambda one: (reports.GROUPS.index(one.group), one.seconds))


def examine(mutant: Mutant, workspace: Workspace, panel: Panel, thorough: bool) -> Result:
    """Plants one mutant, asks the judges in their order, and takes it out again."""
    noticed: dict[str, Notice] = {}
    seconds = 0.0
    error = ""
    try:
        for stage in Panel.STAGES:
            # The contract is asked in any case: how much it notices alone is half of the result.
            if any_of_ours(noticed) and not thorough:
                break
            present = [judge for judge in panel.of(stage) if judge.concerns(mutant.floors)]
            before = process.cpu_seconds()
            workspace.plant(mutant)
            for judge in present:
                if any_of_ours(noticed) and not thorough:
                    break
                workspace.make(judge.target)
                notice = judge.check(workspace, thorough)
                noticed[judge.group] = joined(noticed.get(judge.group), notice, judge)
            seconds += process.cpu_seconds() - before
    except BuildError as problem:
        error = str(problem)
    finally:
        workspace.revert()
    return Result(mutant, noticed, seconds, error)


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


def tool_workspace(jobs: int) -> Workspace:
    """For whoever asks the tool alone: it is optimised there."""
    return Workspace(patches.ROOT, patches.ROOT / "build" / "mutants-explore", jobs, "tool")


def prepare(arguments: argparse.Namespace, mutants: list[Mutant]) -> tuple[Workspace, Panel]:
    """A workspace that is configured, and whoever is to be asked."""
    given = asked(all_judges(arguments.contract), arguments.against, mutants)
    if all(isinstance(judge, judges.ToolJudge) for judge in given):
        workspace = tool_workspace(arguments.jobs)
    else:
        workspace = Workspace(patches.ROOT, patches.ROOT / "build" / "mutants", arguments.jobs)
    digest = workspace.sync()
    workspace.configure()
    return workspace, Panel(workspace, Baseline(workspace, digest), given)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def listing(mutants: list[Mutant]) -> str:
    width = max(len(mutant.name) for mutant in mutants)
    return "\n".join(f"{one.name:{width}}  {one.part:9}  {one.plants}" for one in mutants)


def examine_all(arguments: argparse.Namespace, mutants: list[Mutant], line: str) -> reports.Run:
    workspace, panel = prepare(arguments, mutants)
    results = []
    as_it_goes = sys.stdout if arguments.format == "text" else sys.stderr
    for mutant in mutants:
        results.append(examine(mutant, workspace, panel, arguments.keep_going))
        print(reports.line(results[-1]), file=as_it_goes, flush=True)
    if not any(result.noticed or result.error for result in results):
        raise Refused("; ".join(f"{group}: {why}" for group, why in panel.absent.items()))
    return reports.Run(results, panel.absent, line)


def explored(arguments: argparse.Namespace, mutants: list[Mutant], line: str) -> int:
    """Prints the table; 0 as long as every mutant could be built."""
    if not arguments.names:
        mutants = [one for one in mutants if one.part not in exploring.PARTS_NOT_RUN]
    workspace = tool_workspace(arguments.jobs)
    sources = workspace.sync()
    effort = exploring.Effort(arguments.starts, arguments.seeds)
    keeping = kept.Kept(arguments.keep, sources, effort)
    workspace.configure()
    workspace.make("lockstep")
    for options in {tuple(exploring.focus(mutant)) for mutant in mutants} | {()}:
        clean = exploring.search(workspace, 1, arguments.seeds, [*options])
        if clean.found:
            raise Refused(f"the explorer fails on the unmutated tree: {clean}")
    findings = exploring.explore_all(mutants, workspace, effort, keeping)
    print(exploring.as_markdown(findings, line, effort), end="")
    return 2 if any(finding.error for finding in findings) else 0


def main(line: list[str]) -> int:
    arguments = arguments_of(line)
    try:
        mutants = chosen(arguments.names, arguments.mend, arguments.part, arguments.stands_for)
        if arguments.list:
            print(listing(mutants))
        if arguments.list or arguments.mend:
            return 0
        os.nice(10)
        if arguments.explore:
            return explored(arguments, mutants, " ".join(["bin/mutants", *line]))
        run = examine_all(arguments, mutants, " ".join(["bin/mutants", *line]))
    except (Refused, BuildError, kept.BadKeptFile) as problem:
        say(f"bin/mutants: {problem}")
        return 2
    print(reports.FORMATS[arguments.format](run), end="")
    return run.status
