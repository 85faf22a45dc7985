"""`bin/mutants --explore`: how quickly `lockstep explore` alone finds each mutant.

The rule: one start says little, because a lucky seed finds anything. Each mutant that is found at
all is looked for from many starting points, with novelty guidance and without, and what is told is
the median. A search that ends without a find counts as longer than any that found.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from typing import NamedTuple

import judges
import process
from patches import Mutant
from workspace import BuildError, Workspace

# Apart enough that no two searches share a seed.
STRIDE = 10_000_000

# Far more than a search should take, of CPU; a mutant may go round in circles.
MOST_SECONDS = 300

MODES = {"guided": [], "seeds only": ["--seeds-only"]}


class Search(NamedTuple):
    """One search, from one starting point."""

    seeds: int | None = None  # up to the first find; None: nothing found
    seconds: float = 0.0
    steps: int = 0  # of the shrunk scenario
    how: str = ""  # the tool ended otherwise: by crash, by time limit

    @property
    def found(self) -> bool:
        return self.seeds is not None or bool(self.how)


class Finding(NamedTuple):
    mutant: Mutant
    searches: dict[str, list[Search]]  # by mode; empty where the first look found nothing
    behaviour: str = ""
    error: str = ""

    @property
    def found(self) -> bool:
        return any(search.found for searches in self.searches.values() for search in searches)


def search(workspace: Workspace, start: int, seeds: int, options: list[str]) -> tuple[Search, str]:
    """One run of the explorer; and the behaviour that it saw broken."""
    with tempfile.TemporaryDirectory() as folder:
        command = [workspace.tool, "explore", "--format", "json", "--jobs", "1", "--out", folder]
        command += ["--first", str(start), "--seeds", str(seeds), *options]
        done = process.run(command, MOST_SECONDS)
    if how := judges.how_it_ended(done, (0, 1)):
        return Search(seconds=done.seconds, how=how), how
    report = json.loads(done.output)
    if not report["failures"]:
        return Search(seconds=report["real_seconds"]), ""
    first = report["failures"][0]
    found = Search(first["run"] - start + 1, report["real_seconds"], first["shrunk_steps"])
    return found, first["behaviour"]


def examine(mutant: Mutant, workspace: Workspace, starts: int, seeds: int) -> Finding:
    """Plants the mutant, looks for it once, then from every start, and takes it out again."""
    try:
        workspace.plant(mutant)
        workspace.make("lockstep")
        first, behaviour = search(workspace, 1, seeds, [])
        if not first.found:
            return Finding(mutant, {})
        searches = {
            mode: [
                search(workspace, 1 + STRIDE * start, seeds, options)[0]
                for start in range(1, starts + 1)
            ]
            for mode, options in MODES.items()
        }
        return Finding(mutant, searches, behaviour)
    except BuildError as problem:
        return Finding(mutant, {}, error=str(problem))
    finally:
        workspace.revert()


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


def cells(finding: Finding) -> list[str]:
    """Of one mutant: what broke, then for each mode the medians and how many searches found it."""
    if finding.error:
        return [f"does not build: {finding.error}"]
    if not finding.found:
        return ["not found"]
    row = [finding.behaviour]
    for searches in finding.searches.values():
        row.append(amount(median_of(searches, "seeds"), ".0f"))
        row.append(amount(median_of(searches, "seconds"), ".2f"))
        row.append(f"{sum(one.found for one in searches)}/{len(searches)}")
    row.append(amount(shrunk_size(finding), ".0f"))
    return row


def shrunk_size(finding: Finding) -> float | None:
    """Steps that are left of a run that found it: the median."""
    searches = [one for all_of_mode in finding.searches.values() for one in all_of_mode]
    return middle([one.steps for one in searches if one.seeds is not None])


HEADINGS = (
    *("mutant", "broken behaviour"),
    *(f"{mode} {what}" for mode in MODES for what in ("seeds", "s", "found")),
    "shrunk steps",
)


def summary(findings: list[Finding]) -> str:
    found = [finding for finding in findings if finding.found]
    sizes = [size for finding in found if (size := shrunk_size(finding)) is not None]
    parts = [f"{len(found)} of {len(findings)} found by the explorer alone"]
    for mode in MODES:
        seeds = [median_of(finding.searches[mode], "seeds") for finding in found]
        parts.append(f"{mode}: median of the medians {amount(middle(seeds), '.0f')} seeds")
    parts.append(f"shrunk to {amount(middle(list(sizes)), '.0f')} steps")
    return "; ".join(parts)


def as_markdown(findings: list[Finding], command: str) -> str:
    rows = ["| " + " | ".join(HEADINGS) + " |", "|---" * len(HEADINGS) + "|"]
    for finding in findings:
        row = [finding.mutant.name, *cells(finding)]
        row += [""] * (len(HEADINGS) - len(row))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return f"{summary(findings)}.\n\nMade by `{command}`.\n\n" + "\n".join(rows) + "\n"


def explore_all(
    mutants: list[Mutant], workspace: Workspace, starts: int, seeds: int
) -> list[Finding]:
    """Each mutant in its turn; a line as soon as it is done."""
    findings = []
    for mutant in mutants:
        findings.append(examine(mutant, workspace, starts, seeds))
        print(f"{mutant.name}: {', '.join(cells(findings[-1]))}", file=sys.stderr, flush=True)
    return findings
