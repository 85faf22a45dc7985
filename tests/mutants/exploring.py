"""`bin/mutants --explore`: how quickly `lockstep explore` alone finds each mutant.

The rule: one start says little, because a lucky seed finds anything. Each mutant that is found at
all is looked for from many starting points, with novelty guidance and without, and what is told is
the median. A search that ends without a find counts as longer than any that found.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

import judges
import process
from patches import Mutant
from workspace import BuildError, Workspace

if TYPE_CHECKING:
    from kept import Kept

# Apart enough that no two searches share a seed.
STRIDE = 10_000_000

# Far more than a search should take, of CPU; a mutant may go round in circles.
MOST_SECONDS = 300

# The explorer's runs between two looks at what was new. Before the first of them there is no
# guidance: what is found by then is found by seeds alone, in the same run.
ROUND = 1024

# In so many of a mutant's searches the find is shrunk: it costs more runs than finding does.
SHRUNK = 5

# Not looked for unless they are named: the explorer's runs have other transports, and never look at
# the adapter's answers.
PARTS_NOT_RUN = ("adapter", "transport")

# Code of a single protocol, or of flags, is looked for in its runs alone, of which there are few
# otherwise.
FOCUS = {
    "sdk/protocol/confidence.cpp": ["--capture", "confidence"],
    "openfeature/": ["--capture", "confidence"],
    "sdk/protocol/segment.cpp": ["--capture", "segment"],
    "telemetry/": ["--capture", "segment"],
    "providers/": ["--workload", "flags"],
    "sdk/flags/flag_answer.cpp": ["--workload", "flags"],
}

MODES = {"guided": [], "seeds only": ["--seeds-only"]}

# How many interleavings of threads are tried, where the explorer found nothing.
SCHEDULES = 20_000
PARTS_WITH_THREADS = ("engine", "host")


class Search(NamedTuple):
    """One search, from one starting point."""

    seeds: int | None = None  # up to the first find; None: nothing found
    seconds: float = 0.0
    steps: int | None = None  # of the shrunk scenario; None: it was not shrunk
    how: str = ""  # the tool ended otherwise: by crash, by time limit

    @property
    def found(self) -> bool:
        return self.seeds is not None or bool(self.how)


class First(NamedTuple):
    """The first look, from seed 1 on: who found the mutant, and how to see it again."""

    by: str = ""  # "explorer", "schedules"; empty: nobody
    seed: int | None = None  # that alone shows it; None: there is none
    steps: int | None = None
    behaviour: str = ""
    replayed: bool = False  # the seed was given to the same binary once more, and showed it


class Finding(NamedTuple):
    mutant: Mutant
    first: First = First()
    searches: dict[str, list[Search]] = {}  # by mode; empty where there were none
    error: str = ""
    build_seconds: float = 0.0  # of real time
    seconds: float = 0.0  # of real time, the build included

    @property
    def found(self) -> bool:
        return bool(self.first.by)


class Effort(NamedTuple):
    """What is spent on a mutant."""

    starts: int
    seeds: int


def focus(mutant: Mutant) -> list[str]:
    """The explorer's options for what the mutant is about."""
    for path, options in FOCUS.items():
        if all(one.startswith(path) for one in mutant.paths):
            return options
    return []


class Explored(NamedTuple):
    """One run of the explorer: its report, or how it ended instead; and the CPU it took."""

    report: dict | None
    how: str
    seconds: float
    died_in: int | None = None  # the run that took the tool with it
    alone: bool = False  # whose number alone makes it again


# What the tool says then (cli/last_words.cpp).
LAST_WORDS = re.compile(r"^lockstep explore: the process dies in run (\d+), .*\n?", re.MULTILINE)


def explore(workspace: Workspace, start: int, seeds: int, options: list[str]) -> Explored:
    with tempfile.TemporaryDirectory() as folder:
        command = [workspace.tool, "explore", "--format", "json", "--jobs", "1", "--out", folder]
        command += ["--first", str(start), "--seeds", str(seeds), "--round", str(ROUND), *options]
        done = process.run(command, MOST_SECONDS)
    words = LAST_WORDS.search(done.errors)
    done = done._replace(errors=LAST_WORDS.sub("", done.errors))
    if how := judges.how_it_ended(done, (0, 1)):
        run = int(words[1]) if words else None
        return Explored(None, how, done.seconds, run, bool(words) and "--seed" in words[0])
    return Explored(json.loads(done.output), "", done.seconds)


def search(
    workspace: Workspace, start: int, seeds: int, options: list[str], shrinks: bool = False
) -> Search:
    limit = [] if shrinks else ["--shrink-limit", "0"]
    done = explore(workspace, start, seeds, [*options, *limit])
    report = done.report
    if report is None:
        runs = None if done.died_in is None else done.died_in - start + 1
        return Search(runs, done.seconds, how=done.how)
    if not report["failures"]:
        return Search(seconds=report["real_seconds"])
    first = report["failures"][0]
    steps = first["shrunk_steps"] if shrinks else None
    return Search(first["run"] - start + 1, report["real_seconds"], steps)


def first_look(mutant: Mutant, workspace: Workspace, seeds: int) -> First:
    """By seeds alone, so that the seed shows it again; with guidance, where that finds nothing."""
    for mode in reversed(MODES.values()):
        options = [*focus(mutant), *mode]
        done = explore(workspace, 1, seeds, options)
        if done.report is None:
            seed = done.died_in if done.alone else None
            return First("explorer", seed, None, done.how, shows_again(mutant, workspace, seed))
        if done.report["failures"]:
            found = done.report["failures"][0]
            seed = found["run"] if found["from_seed"] else None
            replayed = shows_again(mutant, workspace, seed)
            return First("explorer", seed, found["shrunk_steps"], found["behaviour"], replayed)
    return First()


def shows_again(mutant: Mutant, workspace: Workspace, seed: int | None) -> bool:
    """Whether the run of that seed fails once more, or dies."""
    if seed is None:
        return False
    again = ["replay", "--quiet", "--seed", str(seed), *focus(mutant)]
    status = process.run([workspace.tool, *again], 60).status
    return status == 1 or status < 0


def schedules_look(mutant: Mutant, workspace: Workspace) -> First:
    """Interleavings of the real threads; for what concerns them."""
    if mutant.part not in PARTS_WITH_THREADS:
        return First()
    workspace.make("schedules")
    binary = workspace.build / "tests" / "schedules" / "schedules"
    done = process.run([binary, "--seeds", str(SCHEDULES)], MOST_SECONDS)
    if how := judges.how_it_ended(done, (0, 1)):
        return First("schedules", behaviour=how)
    if done.status == 0:
        return First()
    said = done.output.strip().split("\n")[0]
    seed, _, law = said.removeprefix("seed ").partition(": ")
    again = process.run([binary, "--seed", seed], 60)
    return First("schedules", int(seed), None, law, again.status == 1)


def examine(mutant: Mutant, workspace: Workspace, effort: Effort) -> Finding:
    """Plants the mutant, looks for it once, then from every start, and takes it out again."""
    begun = time.monotonic()
    built = 0.0
    try:
        workspace.plant(mutant)
        workspace.make("lockstep")
        built = time.monotonic() - begun
        first = first_look(mutant, workspace, effort.seeds)
        searches = {}
        if first.by:
            searches = searches_from_all(mutant, workspace, effort)
        else:
            first = schedules_look(mutant, workspace)
        return Finding(mutant, first, searches, "", built, time.monotonic() - begun)
    except BuildError as problem:
        return Finding(mutant, error=str(problem))
    finally:
        workspace.revert()


def searches_from_all(
    mutant: Mutant, workspace: Workspace, effort: Effort
) -> dict[str, list[Search]]:
    searches: dict[str, list[Search]] = {mode: [] for mode in MODES}
    for number in range(1, effort.starts + 1):
        start = 1 + STRIDE * number
        for mode, options in MODES.items():
            guided = searches["guided"][number - 1] if mode != "guided" else None
            if guided and guided.seeds is not None and guided.seeds <= ROUND:
                searches[mode].append(guided)
                continue
            of_protocol = [*focus(mutant), *options]
            shrinks = mode == "guided" and number <= SHRUNK
            one = search(workspace, start, effort.seeds, of_protocol, shrinks)
            searches[mode].append(one)
    return searches if effort.starts else {}


def middle(values: list[float | None]) -> float | None:
    """The median; None, which stands for more than all others, where that is in the middle."""
    if not values:
        return None
    ordered = sorted(values, key=lambda value: (value is None, value))
    half = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return None if None in half else statistics.mean(half)


def median_of(searches: list[Search], part: str) -> float | None:
    return middle([getattr(one, part) if one.seeds is not None else None for one in searches])


def amount(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def shrunk_size(finding: Finding) -> float | None:
    """Steps that are left of a run that found it: the median."""
    sizes = [one.steps for one in finding.searches.get("guided", ())] + [finding.first.steps]
    return middle([size for size in sizes if size is not None])


def seed_of(first: First) -> str:
    if first.seed is None:
        return "-"
    return f"{first.seed}" if first.replayed else f"{first.seed} (not again)"


def cells(finding: Finding) -> list[str]:
    """Of one mutant: what broke, then for each mode the medians and how many searches found it."""
    if finding.error:
        return [f"does not build: {finding.error}"]
    first = finding.first
    row = [first.behaviour if first.by else "not found", first.by or "-", seed_of(first)]
    for mode in MODES:
        searches = finding.searches.get(mode, [])
        row.append(amount(median_of(searches, "seeds"), ".0f"))
        row.append(amount(median_of(searches, "seconds"), ".2f"))
        row.append(f"{sum(one.found for one in searches)}/{len(searches)}")
    row += [amount(shrunk_size(finding), ".0f")]
    return [*row, f"{finding.build_seconds:.0f}", f"{finding.seconds:.0f}"]


HEADINGS = (
    *("mutant", "broken behaviour", "by", "seed"),
    *(f"{mode} {what}" for mode in MODES for what in ("seeds", "s", "found")),
    *("shrunk steps", "build s", "all s"),
)


def short_cells(finding: Finding) -> list[str]:
    """Of one mutant that was looked for once."""
    if finding.error:
        return [finding.mutant.stands_for, finding.mutant.name, cells(finding)[0]]
    first = finding.first
    steps = amount(first.steps, ".0f")
    said = first.behaviour if first.by else "not found"
    return [
        finding.mutant.stands_for,
        finding.mutant.name,
        *(first.by or "-", seed_of(first), steps, said),
    ]


SHORT_HEADINGS = ("stands for", "mutant", "by", "seed", "shrunk steps", "broken behaviour")


def summary(findings: list[Finding]) -> str:
    found = [one for one in findings if one.first.by == "explorer"]
    raced = sum(one.first.by == "schedules" for one in findings)
    parts = [f"{len(found)} of {len(findings)} found by the explorer alone"]
    parts += [f"{raced} more by the schedule explorer"] if raced else []
    if any(one.searches for one in found):
        for mode in MODES:
            seeds = [median_of(one.searches[mode], "seeds") for one in found if one.searches]
            parts.append(f"{mode}: median of the medians {amount(middle(seeds), '.0f')} seeds")
    sizes: list[float | None] = [s for one in found if (s := shrunk_size(one)) is not None]
    parts.append(f"shrunk to {amount(middle(sizes), '.0f')} steps")
    return "; ".join(parts)


def as_markdown(findings: list[Finding], command: str, effort: Effort) -> str:
    if effort.starts:
        headings = HEADINGS
        rows = [[finding.mutant.name, *cells(finding)] for finding in findings]
    else:
        headings = SHORT_HEADINGS
        rows = [short_cells(finding) for finding in findings]
    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    for row in rows:
        row += [""] * (len(headings) - len(row))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return f"{summary(findings)}.\n\nMade by `{command}`.\n\n" + "\n".join(lines) + "\n"


def explore_all(
    mutants: list[Mutant], workspace: Workspace, effort: Effort, kept: Kept
) -> list[Finding]:
    """Each mutant in its turn, those that are kept left out; a line as soon as it is done."""
    findings = []
    for mutant in mutants:
        finding = kept.find(mutant)
        if finding is None:
            finding = examine(mutant, workspace, effort)
            kept.add(finding)
            print(f"{mutant.name}: {', '.join(cells(finding))}", file=sys.stderr, flush=True)
        findings.append(finding)
    return findings
