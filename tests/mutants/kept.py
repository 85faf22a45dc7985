"""The file of `bin/mutants --explore --keep`: what was found so far, a line for each mutant.

The rule: a line counts only for the sources, the effort and the patch that it was found with. A
file of other sources or of another effort is refused; a patch that has changed is looked at again.
"""

from __future__ import annotations

import hashlib
import json
import pathlib

from exploring import Effort, Finding, First, Search
from patches import Mutant


class BadKeptFile(Exception):
    """The message names the file, the line, what was found and what was expected."""


def _patch(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.file.read_bytes()).hexdigest()[:16]


def _finding(entry: dict, mutant: Mutant | None) -> Finding:
    searches = {mode: [Search(*one) for one in many] for mode, many in entry["searches"].items()}
    rest = entry["error"], entry["build_seconds"], entry["seconds"]
    return Finding(mutant, First(*entry["first"]), searches, *rest)


class Kept:
    """`file`: None keeps nothing. `sources`: a digest of the unmutated tree."""

    def __init__(self, file: pathlib.Path | None, sources: str, effort: Effort):
        self._file = file
        self._lines: dict[str, dict] = {}
        head = {"sources": sources[:16], **effort._asdict()}
        if file is None:
            return
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            entry = self._read(number, line)
            if number == 1 and entry != head:
                raise BadKeptFile(f"{file}: line 1: found {line}; expected {json.dumps(head)}")
        if whole != text:  # whoever wrote the rest was stopped; it is found again
            file.write_text(whole, encoding="utf-8")
        if not whole:
            self._append(head)

    def _read(self, number: int, line: str) -> dict:
        try:
            entry = json.loads(line)
            if number > 1:
                self._lines[entry["mutant"]] = entry
                _finding(entry, None)
        except (ValueError, KeyError, TypeError) as problem:
            raise BadKeptFile(
                f"{self._file}: line {number}: found {line[:60]}; expected what `bin/mutants "
                f"--explore --keep` wrote ({problem})"
            ) from problem
        return entry

    def _append(self, entry: dict) -> None:
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")

    def find(self, mutant: Mutant) -> Finding | None:
        entry = self._lines.get(mutant.name)
        if entry is None or entry.get("patch") != _patch(mutant):
            return None
        return _finding(entry, mutant)

    def add(self, finding: Finding) -> None:
        if self._file is None:
            return
        mutant = finding.mutant
        self._append({**finding._asdict(), "mutant": mutant.name, "patch": _patch(mutant)})
