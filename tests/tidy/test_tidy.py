"""Every tidy rule, applied to the repository."""

import os
import pathlib

import pytest

import banned
import floors
import registry
import style
from source import Tree

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = (*floors.RULES, *banned.RULES, *style.RULES, *registry.RULES)


@pytest.fixture(scope="module")
def tree():
    return Tree(ROOT)


def test_there_is_something_to_check(tree):
    assert len(tree.files(".h", under=("sdk",))) > 10


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule, tree):
    assert not (found := rule(tree)), "\n" + "\n".join(found)


def test_objects_import_nothing_banned():
    if "LOCKSTEP_BUILD_DIR" not in os.environ:
        pytest.skip("LOCKSTEP_BUILD_DIR does not name a build")
    found = banned.symbols_are_clean(
        banned.archives(pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"]))
    )
    assert not found, "\n" + "\n".join(found)
