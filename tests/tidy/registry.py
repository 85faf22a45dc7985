"""Nothing is forgotten: every file is built, every test registered, every link resolves."""

from __future__ import annotations

import posixpath
import re

from source import FLOORS, Tree, line_of


def sources_are_built(tree: Tree) -> list[str]:
    """Each .cpp file of a floor, python or a test group is in the nearest CMakeLists.txt above."""
    found = []
    for path in tree.files(".cpp", under=(*FLOORS, "python", "tests", "bench", "examples")):
        folder = path.rpartition("/")[0]
        while folder and f"{folder}/CMakeLists.txt" not in tree.paths:
            folder = folder.rpartition("/")[0]
        lists = f"{folder}/CMakeLists.txt"
        if not folder:
            found.append(f"{path}: no CMakeLists.txt above it builds it")
        elif not _names(tree.text(lists), path[len(folder) + 1 :]):
            found.append(f"{path}: {lists} does not build it; add it, or delete it")
    return found


def _names(lists: str, source: str) -> bool:
    stem = re.escape(source.removesuffix(".cpp"))
    if re.search(rf"(?<![\w/]){stem}(\.cpp)?(?![\w/.])", lists):
        return True
    # A list may be turned into paths, one folder or one name at a time: `foreach(name a b c)`.
    folder, _, name = source.removesuffix(".cpp").rpartition("/")
    return (
        "${" in lists
        and re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", lists) is not None
        and folder in lists
    )


def test_folders_are_registered(tree: Tree) -> list[str]:
    registry = tree.text("tests/CMakeLists.txt") if "tests/CMakeLists.txt" in tree.paths else ""
    folders = sorted(
        {
            path.split("/")[1]
            for path in tree.paths
            if path.startswith("tests/") and path.count("/") > 1
        }
    )
    return [
        f"tests/{folder}: tests/CMakeLists.txt does not add it"
        for folder in folders
        if not re.search(rf"\b{re.escape(folder)}\b", registry)
        or f"tests/{folder}/CMakeLists.txt" not in tree.paths
    ]


def python_tests_are_registered(tree: Tree) -> list[str]:
    found = []
    for path in tree.files(".py", under=("tests",)):
        folder, _, name = path.rpartition("/")
        lists = f"{folder}/CMakeLists.txt"
        if name.startswith("test_") and (lists not in tree.paths or name not in tree.text(lists)):
            found.append(f"{path}: {lists} does not name it, so ctest does not run it")
    return found


_LINK = re.compile(
    r"!?\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?[^)\n]*\)|^\[[^\]\n]+\]:\s*(\S+)", re.MULTILINE
)
_CODE_BLOCK = re.compile(r"^(```|~~~).*?^\1[ \t]*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def links_resolve(tree: Tree) -> list[str]:
    """Relative links of Markdown files, their #fragments included."""
    found = []
    folders = {posixpath.dirname(path) for path in tree.paths}
    for path in tree.files(".md"):
        prose = _CODE_BLOCK.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), tree.text(path))
        for match in _LINK.finditer(prose):
            target = match[1] or match[2]
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            file, _, fragment = target.partition("#")
            full = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
            )
            known = full in tree.paths or any(
                f"{folder}/".startswith(f"{full}/") for folder in folders
            )
            if not known and full != ".":
                found.append(f"{path}:{line_of(prose, match.start())}: {target} does not exist")
            elif fragment and full.endswith(".md") and fragment not in _anchors(tree.text(full)):
                found.append(
                    f"{path}:{line_of(prose, match.start())}: {full} has no heading #{fragment}"
                )
    return found


def _anchors(markdown: str) -> set[str]:
    headings = re.findall(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


DEFECTS = "docs/defects.md"
# The survey's list: rows 5a.1 to 5c.37.
SURVEYED = 37


def defects_name_their_tests(tree: Tree) -> list[str]:
    """The last cell of a row names in `backticks` what proves it.

    That is Suite.Name of a C++ test, the name of a scenario, or test_name of a Python test. No row
    of the survey is missing.
    """
    if DEFECTS not in tree.paths:
        return []
    known = _known_tests(tree)
    rows = {int(row) for row in re.findall(r"(?m)^\| 5[abc]\.(\d+) \|", tree.text(DEFECTS))}
    found = [
        f"{DEFECTS}: no row has the number {number}"
        for number in range(1, SURVEYED + 1)
        if number not in rows
    ]
    for number, line in enumerate(tree.lines(DEFECTS), 1):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        if len(cells) < 2 or not re.match(r"\d", cells[0]):
            continue
        names = re.findall(r"`([^`]+)`", cells[-1]) or ([cells[-1]] if cells[-1] else [])
        if not names:
            found.append(f"{DEFECTS}:{number}: {cells[0]} names no test")
        found += [
            f"{DEFECTS}:{number}: no test or scenario is called {name!r}"
            for name in names
            if name not in known
        ]
    return found


def _known_tests(tree: Tree) -> set[str]:
    known: set[str] = set()
    macro = re.compile(r"\bT(?:YPED_T)?EST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)")
    scenario = re.compile(r"^\s*(?:-\s+)?scenario:\s*(.+?)\s*$", re.MULTILINE)
    for path in tree.files(".cpp", ".h", under=("tests",)):
        known.update(f"{suite}.{name}" for suite, name in macro.findall(tree.code(path)))
    for path in tree.files(".py"):
        known.update(re.findall(r"^\s*def (test_\w+)", tree.text(path), re.MULTILINE))
    for path in tree.files(".yaml", ".yml", under=("scenarios",)):
        known.update(name.strip("\"'") for name in scenario.findall(tree.text(path)))
    return known


RULES = (
    sources_are_built,
    test_folders_are_registered,
    python_tests_are_registered,
    links_resolve,
    defects_name_their_tests,
)
