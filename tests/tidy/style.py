"""The shape of files: openings, widths, lengths, leftovers."""

from __future__ import annotations

import re

from source import CPP, FLOORS, Tree, line_of

MAX_COLUMNS = 100
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70

# What is longer than the limits for now, and how long it is. May only shrink: a file or function
# that has become shorter than its number is a finding too, until the number follows it.
LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}  # "path: function" -> lines

_TEXT = (".cpp", ".h", ".py", ".cmake", ".in", "CMakeLists.txt", ".sh")


def _text_files(tree: Tree) -> list[str]:
    return [
        path for path in tree.paths if path.endswith(_TEXT) or path.startswith(("bin/", ".ci/"))
    ]


def headers_open_with_their_purpose(tree: Tree) -> list[str]:
    found = []
    for path in tree.files(".h"):
        lines = tree.lines(path)
        if not lines[0].startswith("// "):
            found.append(f"{path}:1: open with a comment: what this is, and the rule of the file")
        if (
            next((line for line in lines if line.strip() and not line.startswith("//")), "")
            != "#pragma once"
        ):
            found.append(f"{path}:1: #pragma once comes first, after the opening comment")
    return found


def lines_fit(tree: Tree) -> list[str]:
    found = []
    for path in _text_files(tree):
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > MAX_COLUMNS:
                found.append(
                    f"{path}:{number}: {len(line)} columns; break the line at {MAX_COLUMNS}"
                )
            if "\t" in line:
                found.append(f"{path}:{number}: a tab; use spaces")
            if line != line.rstrip():
                found.append(f"{path}:{number}: trailing space or carriage return")
    return found


def files_end_once(tree: Tree) -> list[str]:
    return [
        f"{path}: end the file with exactly one newline"
        for path in _text_files(tree)
        if tree.text(path) and not re.search(r"[^\n]\n\Z", tree.text(path))
    ]


def nothing_is_left_over(tree: Tree) -> list[str]:
    leftover = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    dead_code = re.compile(r"^[ \t]*//.*[;{}][ \t]*$\n[ \t]*//.*[;{}][ \t]*$", re.MULTILINE)
    found = []
    for path in [*_text_files(tree), *tree.files(".md", ".yaml", ".yml")]:
        text = tree.text(path)
        found += [
            f"{path}:{line_of(text, match.start())}: {match[0]}; do it, or write it in the issue"
            for match in leftover.finditer(text)
        ]
    for path in tree.files(".cpp"):
        text = tree.text(path)
        found += [
            f"{path}:{line_of(text, match.start())}: code in a comment; delete it"
            for match in dead_code.finditer(text)
        ]
    return found


def _ratcheted(
    kind: str, limit: int, measured: dict[str, int], allowed: dict[str, int]
) -> list[str]:
    found = [
        f"{what}: {lines} lines; a {kind} has at most {allowed.get(what, limit)}"
        for what, lines in measured.items()
        if lines > allowed.get(what, limit)
    ]
    return found + [
        f"tests/tidy/style.py: the ratchet allows {what} {lines} lines, and it has "
        f"{measured.get(what, 0)}; lower the number, or remove it at {limit}"
        for what, lines in allowed.items()
        if measured.get(what, 0) < lines
    ]


def files_can_be_read_in_a_sitting(tree: Tree) -> list[str]:
    measured = {path: tree.text(path).count("\n") for path in tree.files(*CPP, ".py")}
    return _ratcheted("file", MAX_FILE_LINES, measured, LONG_FILES)


def functions_do_one_thing(tree: Tree) -> list[str]:
    measured: dict[str, int] = {}
    for path in tree.files(*CPP):
        for name, _, lines in functions(tree.code(path)):
            key = f"{path}: {name}"
            measured[key] = max(lines, measured.get(key, 0))
    return _ratcheted("function", MAX_FUNCTION_LINES, measured, LONG_FUNCTIONS)


_SCOPE = re.compile(
    r"^\s*(?:export\s+)?(?:inline\s+)?(?:namespace\b|extern\s*$)"
    r"|^(?:[^()]|alignas\([^)]*\)|requires\s*\([^{]*\)|\[\[[^\]]*\]\])*"
    r"\b(?:class|struct|union|enum)\b(?:[^()]|alignas\([^)]*\))*$"
)
_NAME = re.compile(r"([\w:~]+(?:\s*operator\s*[^\s(]+)?|operator\s*\(\)|operator\s*[^\s(]+)\s*\(")
_TEST_MACRO = re.compile(r"\b(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)")


def functions(code: str):
    """(name, first line, lines) of each function defined in blanked C++ text.

    Not a parser: a block belongs to a function when it opens where only definitions can be (in a
    namespace or a type) after a head with an argument list. Lambdas count as part of the function
    around them.
    """
    head_start = 0
    scopes = 0  # namespaces and types that are open
    at = 0
    while at < len(code):
        character = code[at]
        if character == "#":
            at = _end_of_directive(code, at)
            head_start = at
            continue
        if character == ";":
            head_start = at + 1
        elif character == "}":
            scopes -= 1
            head_start = at + 1
        elif character == "{":
            head = code[head_start:at]
            if _SCOPE.match(head.strip()):
                scopes += 1
                head_start = at + 1
            else:
                end = _matching_brace(code, at)
                if _is_initializer(head):
                    at = end  # of a member or a variable: the head goes on
                else:
                    start = head_start + len(head) - len(head.lstrip())
                    first = line_of(code, start)
                    yield _function_name(head), first, line_of(code, end) - first + 1
                    at = end
                    head_start = end + 1
        at += 1


def _is_initializer(head: str) -> bool:
    head = head.rstrip()
    if "(" not in head or head.endswith(("=", "return", ",", "(")):
        return True
    # `Type::Type() : a_{1}, b_{2} {`: a name directly before the brace, after the colon of the
    # list.
    return (
        re.search(r"\)\s*(?:noexcept\s*)?:(?!:).*[\w>]$", head, re.DOTALL) is not None
        and re.search(r"\b(const|noexcept|override|final|try)$", head) is None
    )


def _function_name(head: str) -> str:
    test = _TEST_MACRO.search(head)
    if test:
        return f"{test[1]}.{test[2]}"
    match = _NAME.search(re.sub(r"\[\[.*?\]\]|\brequires\s*\(", "", head))
    return match[1].strip() if match else "?"


def _matching_brace(code: str, opening: int) -> int:
    depth = 0
    for at in range(opening, len(code)):
        depth += {"{": 1, "}": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return len(code) - 1


def _end_of_directive(code: str, at: int) -> int:
    while True:
        end = code.find("\n", at)
        if end < 0:
            return len(code)
        if code[end - 1] != "\\":
            return end
        at = end + 1


RULES = (
    headers_open_with_their_purpose,
    lines_fit,
    files_end_once,
    nothing_is_left_over,
    files_can_be_read_in_a_sitting,
    functions_do_one_thing,
)
