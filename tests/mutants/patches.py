"""Mutants: patches of product sources, each of which plants one realistic defect.

A mutant is a file NAME.patch beside this one: a header of `Key: text` lines, an empty line, and a
unified diff for `git apply`. Header and diff are checked here, without building anything.
"""

from __future__ import annotations

import difflib
import pathlib
import re
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]

# What a mutant may change: what is shipped, and the adapter that speaks for it. Never the judges.
PRODUCT_FLOORS = ("clock", "http", "sdk", "openfeature", "providers", "telemetry", "adapter")
PARTS = ("engine", "protocol", "host", "transport", "tracking", "flags", "telemetry", "adapter")
KEYS = ("Plants", "Stands for", "Part")

# What a mutant stands for, separated by "; " where that is several; docs/mutants.md says what each
# kind is.
STANDS_FOR = re.compile(
    r"defect 5[a-f]\.\d+|origin [ABCD]: \S.*|(wire|rule)( v[01]| segment| confidence)?: \S.*"
)
DEFECTS = "docs/defects.md"


class Hunk(NamedTuple):
    path: str
    before: str  # the lines that the patch looks for
    after: str


class Mutant(NamedTuple):
    name: str
    header: dict[str, str]
    hunks: list[Hunk]
    file: pathlib.Path

    @property
    def plants(self) -> str:
        return self.header.get("Plants", "")

    @property
    def stands_for(self) -> str:
        return self.header.get("Stands for", "")

    @property
    def stands_for_each(self) -> list[str]:
        return self.stands_for.split("; ")

    @property
    def part(self) -> str:
        return self.header.get("Part", "")

    @property
    def paths(self) -> list[str]:
        """The files it changes."""
        return sorted({hunk.path for hunk in self.hunks})

    @property
    def floors(self) -> set[str]:
        return {path.split("/")[0] for path in self.paths}


def parse(file: pathlib.Path) -> Mutant:
    head, _, diff = file.read_text(encoding="utf-8").partition("\n\n")
    header = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
    return Mutant(file.stem, header, _hunks(diff), file)


def load(folder: pathlib.Path = FOLDER) -> list[Mutant]:
    """All mutants, by name."""
    return [parse(file) for file in sorted(folder.glob("*.patch"))]


def _hunks(diff: str) -> list[Hunk]:
    found: list[tuple[str, list[str], list[str]]] = []
    path = ""
    left = (0, 0)  # lines that the hunk has yet to come, of each side
    for line in diff.splitlines(keepends=True):
        if left == (0, 0):
            if line.startswith("--- "):
                path = line[4:].strip().removeprefix("a/")
            elif numbers := re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", line):
                left = (int(numbers[1] or 1), int(numbers[2] or 1))
                found.append((path, [], []))
            continue
        is_old, is_new = line[0] != "+", line[0] != "-"
        left = (left[0] - is_old, left[1] - is_new)
        if is_old:
            found[-1][1].append(line[1:])
        if is_new:
            found[-1][2].append(line[1:])
    return [Hunk(path, "".join(before), "".join(after)) for path, before, after in found]


def findings(mutant: Mutant, root: pathlib.Path = ROOT) -> list[str]:
    """What is wrong with a mutant, each as one line; nothing when it can be run."""
    where = f"tests/mutants/{mutant.name}.patch"
    return [f"{where}: {problem}" for problem in _header_problems(mutant, root)] + [
        f"{where}: {problem}" for problem in _diff_problems(mutant, root)
    ]


def _header_problems(mutant: Mutant, root: pathlib.Path):
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", mutant.name):
        yield "name it in small letters, digits and single hyphens"
    if tuple(mutant.header) != KEYS:
        yield f"the header must be the lines {', '.join(KEYS)}, in this order"
        return
    if mutant.part not in PARTS:
        yield f"Part: {mutant.part}: must be one of {', '.join(PARTS)}"
    for one in mutant.stands_for_each:
        if not STANDS_FOR.fullmatch(one):
            yield (
                f"Stands for: {one}: must be `defect 5a.1`, or `origin A`, `wire` or `rule` with a "
                "colon and which"
            )
        elif row := re.match(r"defect (5[abc]\.\d+)", one):
            if f"| {row[1]} |" not in (root / DEFECTS).read_text(encoding="utf-8"):
                yield f"Stands for: {row[1]}: {DEFECTS} has no such row"


def _diff_problems(mutant: Mutant, root: pathlib.Path):
    if not mutant.hunks:
        yield "no unified diff follows the header"
    for path in mutant.paths:
        if path.split("/")[0] not in PRODUCT_FLOORS or not path.endswith((".cpp", ".h")):
            yield f"changes {path}; only sources of {', '.join(PRODUCT_FLOORS)} may be changed"
        elif not (root / path).is_file():
            yield f"{path} does not exist any more; plant the defect where its code went"
    for hunk in mutant.hunks:
        if not (root / hunk.path).is_file():
            continue
        # More than once, and `git apply` might plant it in another place than the one meant.
        count = _occurrences((root / hunk.path).read_text(encoding="utf-8"), hunk.before)
        if count != 1:
            text = hunk.before.strip().split("\n")[0].strip()
            yield (
                f"{hunk.path} has its text {count} times, not once (from `{text}`); `bin/mutants "
                "--mend` may find it, else plant the defect in the code as it is now"
            )


def _occurrences(text: str, lines: str) -> int:
    """How often the lines stand in the text, as whole lines."""
    return f"\n{text}".count(f"\n{lines}")


def mended(mutant: Mutant, root: pathlib.Path = ROOT) -> str | None:
    """The patch's text with the lines around its changes as they are now.

    None where that is not enough, because the lines that it changes have changed themselves.
    """
    texts: dict[str, str] = {}
    for hunk in mutant.hunks:
        if not (root / hunk.path).is_file():
            return None
        text = texts.get(hunk.path) or (root / hunk.path).read_text(encoding="utf-8")
        planted = _plant(text, hunk)
        if planted is None:
            return None
        texts[hunk.path] = planted
    header = "".join(f"{key}: {value}\n" for key, value in mutant.header.items())
    diffs = [_shortest_diff(path, root, after) for path, after in texts.items()]
    return header + "\n" + "".join(diffs)


def _plant(text: str, hunk: Hunk) -> str | None:
    """The text with the hunk applied, with as much of its context as still stands there."""
    before, after = hunk.before.splitlines(True), hunk.after.splitlines(True)
    leading = _common(before, after)
    trailing = _common(before[leading:][::-1], after[leading:][::-1])
    cuts = [(a, b) for a in range(leading + 1) for b in range(trailing + 1)]
    for a, b in sorted(cuts, key=sum):
        old, new = "".join(before[a : len(before) - b]), "".join(after[a : len(after) - b])
        if old and _occurrences(text, old) == 1:
            return f"\n{text}".replace(f"\n{old}", f"\n{new}")[1:]
    return None


def _common(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _shortest_diff(path: str, root: pathlib.Path, after: str) -> str:
    """With as little context as makes each hunk's place unique."""
    before = (root / path).read_text(encoding="utf-8")
    lines = before.splitlines(True), after.splitlines(True)
    for context in range(1, len(lines[0])):
        diff = "".join(difflib.unified_diff(*lines, f"a/{path}", f"b/{path}", n=context))
        if all(_occurrences(before, hunk.before) == 1 for hunk in _hunks(diff)):
            return diff
    raise AssertionError("a whole file stands in itself once")
