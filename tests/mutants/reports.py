"""What a run of the mutants found, for people and for programs."""

from __future__ import annotations

import json
from typing import NamedTuple

from judges import Notice
from patches import Mutant

# In the order in which they are asked; `ours` are those that must notice every mutant.
GROUPS = ("contract", "strict contract", "catalogue", "prove", "tests")
OURS = ("catalogue", "prove", "tests")
CONTRACTS = {
    "contract": "the shared contract alone",
    "strict contract": "the shared contract under our strict mock and laws",
}


class Result(NamedTuple):
    mutant: Mutant
    # By group: what its judges noticed; a group that was not asked is not in it.
    noticed: dict[str, Notice]
    seconds: float = 0.0  # of CPU, the build included
    error: str = ""  # it could not be built

    def by(self, *groups: str) -> bool:
        return any(self.noticed.get(group) for group in groups)

    @property
    def survived(self) -> bool:
        """All of ours that were asked said that nothing is wrong."""
        asked = [group for group in OURS if group in self.noticed]
        return not self.error and bool(asked) and not self.by(*asked)


class Run(NamedTuple):
    results: list[Result]
    # By group: why nobody of it was asked.
    absent: dict[str, str]
    command: str

    @property
    def status(self) -> int:
        """1: a mutant survived; 2: one could not be built; else 0."""
        if any(result.survived for result in self.results):
            return 1
        return 2 if any(result.error for result in self.results) else 0


def line(result: Result) -> str:
    """One mutant, as it is printed when it is done."""
    if result.error:
        return f"{result.mutant.name}: ERROR: does not build: {result.error}"
    said = [f"{group} {result.noticed[group].to_text()}" for group in result.noticed]
    verdict = "SURVIVED" if result.survived else "noticed by" if result.by(*GROUPS) else "not by"
    return f"{result.mutant.name}: {verdict} {', '.join(said)}  [{result.seconds:.1f} s]"


def summary(run: Run) -> str:
    built = [result for result in run.results if not result.error]
    lines = []
    if any(group in result.noticed for result in built for group in OURS):
        ours = sum(result.by(*OURS) for result in built)
        lines.append(f"{ours} of {len(built)} noticed by ours")
    for group, title in CONTRACTS.items():
        if any(group in result.noticed for result in built):
            lines.append(f"{sum(result.by(group) for result in built)} of {len(built)} by {title}")
    lines += [f"{group}: not asked: {why}" for group, why in run.absent.items()]
    errors = len(run.results) - len(built)
    lines += [f"{errors} could not be built"] if errors else []
    return "\n".join(lines)


def as_text(run: Run) -> str:
    """The lines have been printed one by one: what is left is the end."""
    survivors = [result.mutant.name for result in run.results if result.survived]
    names = f"\nsurvived: {', '.join(survivors)}" if survivors else ""
    return f"\n{summary(run)}{names}\n"


def as_json(run: Run) -> str:
    def notice(one: Notice) -> dict:
        return {"noticed": bool(one), "count": one.count, "names": one.names, "how": one.how}

    mutants = [
        {
            "name": result.mutant.name,
            "part": result.mutant.part,
            "plants": result.mutant.plants,
            "stands_for": result.mutant.stands_for,
            "survived": result.survived,
            "error": result.error or None,
            "seconds": round(result.seconds, 1),
            "noticed": {group: notice(one) for group, one in result.noticed.items()},
        }
        for result in run.results
    ]
    document = {"mutants": mutants, "absent": run.absent, "summary": summary(run).split("\n")}
    return json.dumps(document, indent=1) + "\n"


def _short(notice: Notice | None) -> str:
    return "?" if notice is None else notice.how or str(notice.count)


def as_markdown(run: Run) -> str:
    rows = ["| mutant | plants | part | stands for | contract | strict | noticed first by |"]
    rows += ["|---|---|---|---|---|---|---|"]
    for result in run.results:
        mutant = result.mutant
        first = next((result.noticed[g] for g in OURS if result.noticed.get(g)), None)
        cells = [
            mutant.name,
            mutant.plants,
            mutant.part,
            mutant.stands_for,
            *(_short(result.noticed.get(group)) for group in CONTRACTS),
            first.to_text(1) if first else result.error or "NOBODY",
        ]
        rows.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    score = summary(run).replace("\n", "; ")
    return f"{score}.\n\nMade by `{run.command}`.\n\n" + "\n".join(rows) + "\n"


FORMATS = {"text": as_text, "json": as_json, "markdown": as_markdown}
