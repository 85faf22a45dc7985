"""The repository as the tidy rules see it: files, and C++ text without comments and literals.

A rule is a function from a Tree to a list of findings, each one line: "path:line: what is wrong;
what to do instead". An empty list means that the rule holds.
"""

from __future__ import annotations

import io
import pathlib
import re
import subprocess
import tokenize

FLOORS = (
    "clock",
    "http",
    "sdk",
    "openfeature",
    "providers",
    "telemetry",
    "mockserver",
    "adapter",
    "scenarios",
    "cli",
)
CPP = (".cpp", ".h")


class Tree:
    """Files under `root`, by their path relative to it, in alphabetical order."""

    def __init__(self, root: pathlib.Path):
        self.root = pathlib.Path(root)
        self._texts: dict[str, str] = {}
        self.paths = sorted(path for path in self._list() if (self.root / path).is_file())

    def _list(self) -> list[str]:
        """What git knows or would add; in a tree without git, everything but build output."""
        if (self.root / ".git").exists():
            listing = subprocess.run(
                ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                cwd=self.root,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            return [path for path in listing.split("\0") if path]
        skipped = {"build", "__pycache__", ".cache", ".pytest_cache"}
        return [
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if not skipped.intersection(path.relative_to(self.root).parts)
        ]

    def files(self, *endings: str, under: tuple[str, ...] = ()) -> list[str]:
        """Paths with one of the endings, in one of the top-level folders (or in any)."""
        return [
            path
            for path in self.paths
            if path.endswith(endings) and (not under or path.split("/")[0] in under)
        ]

    def text(self, path: str) -> str:
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8")
        return self._texts[path]

    def lines(self, path: str) -> list[str]:
        return self.text(path).split("\n")

    def code(self, path: str) -> str:
        """The text with comments and the insides of literals blanked; lines stay where they are."""
        if path.endswith(".py"):
            return blank_python(self.text(path))
        return blank_cpp(self.text(path)) if path.endswith(CPP) else self.text(path)


_CPP_TOKENS = re.compile(
    r"""
      (?P<line_comment>//[^\n]*)
    | (?P<block_comment>/\*.*?\*/)
    | (?P<raw>R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)")
    | (?P<include>\#[ \t]*include[^\n]*)
    | (?P<text>"(?:\\.|[^"\\\n])*")
    | (?P<number>\b[0-9](?:'?[0-9A-Za-z_.])*)
    | (?P<character>'(?:\\.|[^'\\\n])+')
    """,
    re.VERBOSE | re.DOTALL,
)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def blank_cpp(text: str) -> str:
    def replace(match: re.Match) -> str:
        whole = match.group(0)
        if match.lastgroup in ("include", "number"):
            return whole
        if match.lastgroup in ("text", "character"):
            return whole[0] + _blank(whole[1:-1]) + whole[-1]
        return _blank(whole)

    return _CPP_TOKENS.sub(replace, text)


def blank_python(text: str) -> str:
    lines = text.split("\n")
    blanked = {tokenize.STRING, tokenize.COMMENT}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in blanked:
            continue
        (first, start), (last, end) = token.start, token.end
        for number in range(first, last + 1):
            line = lines[number - 1]
            left = start if number == first else 0
            right = end if number == last else len(line)
            lines[number - 1] = line[:left] + " " * (right - left) + line[right:]
    return "\n".join(lines)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
