"""A private copy of the sources, in which mutants are planted and built.

The rule: only what differs is written, so that ninja and ccache stay incremental from one mutant to
the next, and from one run to the next.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import pathlib
import shutil
import subprocess

from patches import Mutant


# What neither is built nor decides what a judge says.
NOT_JUDGED = ("tests/mutants/", "docs/", "bin/", "bench/", "python/")


PRESETS = {
    "debug": (
        "-DLOCKSTEP_BUILD_EXAMPLES=OFF",
        # The binaries are run whole: nobody needs their lists of cases.
        "-DCMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE=PRE_TEST",
    ),
    # In groups, as bin/lockstep has compiled them already. With the tests, of which the schedule
    # explorer is one.
    "tool": ("-DLOCKSTEP_BUILD_TESTS=ON",),
}


class BuildError(Exception):
    """The message is what the compiler said, shortened."""


class Workspace:
    """`folder` holds the copy of `root`, and its build with one of PRESETS."""

    def __init__(self, root: pathlib.Path, folder: pathlib.Path, jobs: int, preset: str = "debug"):
        self.root = root
        self.source = folder / "src"
        self.build = self.source / "build" / preset
        self.jobs = jobs
        self.preset = preset
        self._pristine: dict[str, bytes] = {}

    @property
    def tool(self) -> pathlib.Path:
        return self.build / "cli" / "lockstep"

    def sync(self) -> str:
        """Makes the copy equal to the sources; returns a digest of those that matter."""
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        paths = {path for path in listing.split("\0") if (self.root / path).is_file()}
        digest = hashlib.sha256()
        for path in sorted(paths):
            content = (self.root / path).read_bytes()
            if not path.startswith(NOT_JUDGED):
                digest.update(f"{path}\0{len(content)}\0".encode())
                digest.update(content)
            write_if_different(self.source / path, content)
        for file in [*self.source.rglob("*")]:
            path = file.relative_to(self.source)
            if file.is_file() and path.parts[0] != "build" and path.as_posix() not in paths:
                file.unlink()
        return digest.hexdigest()

    def configure(self) -> None:
        """With the flags of the preset, whose objects other builds may have cached."""
        if (self.build / "build.ninja").is_file():
            return
        options = list(PRESETS[self.preset])
        if shutil.which("ld.lld"):
            options.append("-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld")
        self._call(["cmake", "--preset", self.preset, *options])

    def make(self, *targets: str) -> None:
        """Builds the targets; BuildError when that fails."""
        self._call(["ninja", "-C", str(self.build), "-j", str(self.jobs), *targets])

    def plant(self, mutant: Mutant) -> None:
        """Once more does nothing, until revert()."""
        if self._pristine:
            return
        for path in mutant.paths:
            self._pristine[path] = (self.source / path).read_bytes()
        # The copy lies in a folder that git ignores: a repository above it is none of its business.
        ceiling = {"GIT_CEILING_DIRECTORIES": str(self.source.parent)}
        self._call(["git", "apply", str(mutant.file)], ceiling)

    def revert(self) -> None:
        for path, content in self._pristine.items():
            write_if_different(self.source / path, content)
        self._pristine.clear()

    def _call(self, command: list[str], environment: dict[str, str] | None = None) -> None:
        done = subprocess.run(
            command,
            cwd=self.source,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise BuildError(first_error(done.stdout + done.stderr))


def write_if_different(file: pathlib.Path, content: bytes) -> None:
    if file.is_file() and file.read_bytes() == content:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def first_error(output: str) -> str:
    """The line that says what is wrong, of what a build printed."""
    lines = [line.strip() for line in output.split("\n") if line.strip()]
    for line, next_line in itertools.pairwise(lines):
        if line.startswith("CMake Error"):
            return f"{line} {next_line}"
    errors = [line for line in lines if "error:" in line.lower()]
    return (errors or lines or ["it failed and said nothing"])[0]
