"""Every Python block of README and docs runs as it is printed."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks():
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = file.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            yield pytest.param(file, line, match[1], id=f"{file.name}:{line}")


def test_there_are_blocks():
    files = {param.values[0].name for param in blocks()}
    assert {"README.md", "python.md"} <= files


@pytest.mark.parametrize("file, line, code", blocks())
def test_block(file, line, code, sim, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "hypothesis" in code:
        pytest.importorskip("hypothesis")
    names = {"__name__": "block"}
    # Lines count as in the document, so that a failure names the place.
    exec(compile("\n" * (line - 1) + code, str(file), "exec"), names)
    for name, function in list(names.items()):
        if name.startswith("test_") and not hasattr(function, "hypothesis"):
            arguments = function.__code__.co_varnames[: function.__code__.co_argcount]
            function(**{"sim": sim} if "sim" in arguments else {})
