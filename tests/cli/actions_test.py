"""The vocabulary in the documents is the one the tool checks scenario files against."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOCKSTEP = pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"]) / "cli" / "lockstep"


def test_the_document_of_actions_is_what_the_tool_prints():
    printed = subprocess.run([LOCKSTEP, "actions"], capture_output=True, text=True, check=True)
    document = (ROOT / "docs" / "actions.md").read_text()
    assert document == printed.stdout, "run: bin/lockstep actions > docs/actions.md"
