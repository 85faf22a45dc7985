"""The mutants themselves: each can be planted in the sources as they are, and says what it is."""

import os
import subprocess

import pytest

import patches

GOOD = """Plants: nothing is sent
Stands for: defect 5a.1
Part: engine

--- a/sdk/a.cpp
+++ b/sdk/a.cpp
@@ -1,3 +1,3 @@
 int a() {
-  return 1;
+  return 2;
 }
"""


@pytest.fixture
def root(tmp_path):
    """A repository of one source file."""
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk/a.cpp").write_text("int a() {\n  return 1;\n}\nint b() {\n  return 3;\n}\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/defects.md").write_text("| 5a.1 | one worker |\n")
    return tmp_path


def mutant(root, text=GOOD, name="sends-nothing"):
    file = root / f"{name}.patch"
    file.write_text(text)
    return patches.parse(file)


def test_there_are_mutants_of_every_part():
    mutants = patches.load()
    assert len(mutants) >= 30
    assert {one.part for one in mutants} == set(patches.PARTS)


@pytest.mark.parametrize("one", patches.load(), ids=lambda one: one.name)
def test_it_can_be_planted(one):
    assert not (found := patches.findings(one)), "\n" + "\n".join(found)


def test_git_takes_them_all():
    # One by one: several change the same lines.
    ceiling = dict(os.environ, GIT_CEILING_DIRECTORIES=str(patches.ROOT.parent))
    for one in patches.load():
        done = subprocess.run(
            ["git", "apply", "--check", one.file],
            cwd=patches.ROOT,
            env=ceiling,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{one.name}: {done.stderr}"


def test_no_two_are_the_same():
    seen = {}
    for one in patches.load():
        former = seen.setdefault(tuple(one.hunks), one.name)
        assert former == one.name, f"{one.name} is {former} again"


def test_a_patch_is_read_to_its_end(root):
    one = mutant(root)
    assert patches.findings(one, root) == []
    assert (one.plants, one.stands_for, one.part) == ("nothing is sent", "defect 5a.1", "engine")
    assert one.hunks == [
        ("sdk/a.cpp", "int a() {\n  return 1;\n}\n", "int a() {\n  return 2;\n}\n")
    ]
    assert one.floors == {"sdk"}


def test_a_removed_line_that_looks_like_a_file_header_is_a_line(root):
    text = GOOD.replace("-  return 1;\n", "--- a;\n").replace("  return 2;", "++ b;")
    (hunk,) = mutant(root, text).hunks
    assert (hunk.before, hunk.after) == ("int a() {\n-- a;\n}\n", "int a() {\n++ b;\n}\n")


@pytest.mark.parametrize(
    "old,new,expected",
    [
        ("Plants: nothing is sent\n", "", "the header must be the lines"),
        ("Part: engine", "Part: mock", "must be one of engine"),
        ("defect 5a.1", "something bad", "must be `defect 5a.1`"),
        ("defect 5a.1", "defect 5a.99", "has no such row"),
        ("sdk/a.cpp", "mockserver/a.cpp", "only sources of clock, http, sdk, openfeature"),
        ("sdk/a.cpp", "sdk/gone.cpp", "does not exist any more"),
        ("return 1;", "return 7;", "its text 0 times"),
        (GOOD[GOOD.index("---") :], "", "no unified diff"),
    ],
)
def test_what_is_wrong_with_a_patch_is_named(root, old, new, expected):
    found = patches.findings(mutant(root, GOOD.replace(old, new)), root)
    assert len(found) == 1 and expected in found[0], found
    assert found[0].startswith("tests/mutants/sends-nothing.patch: ")


def test_a_name_is_small_letters_and_hyphens(root):
    assert patches.findings(mutant(root, name="Sends_Nothing"), root)


def test_text_that_stands_twice_is_refused(root):
    source = root / "sdk/a.cpp"
    source.write_text(source.read_text() * 2)
    assert "its text 2 times" in patches.findings(mutant(root), root)[0]


def test_text_counts_as_whole_lines(root):
    (root / "sdk/a.cpp").write_text("// int a() {\nint a() {\n  return 1;\n}\nprint a() {\n")
    assert patches.findings(mutant(root), root) == []


def test_changed_surroundings_are_mended(root):
    (root / "sdk/a.cpp").write_text("long a() {\n  return 1;\n}\nint b() {\n  return 3;\n}\n")
    one = mutant(root)
    assert patches.findings(one, root)
    again = mutant(root, patches.mended(one, root))
    assert patches.findings(again, root) == [] and again.header == one.header
    (hunk,) = again.hunks
    assert (hunk.before, hunk.after) == (
        "long a() {\n  return 1;\n}\n",
        "long a() {\n  return 2;\n}\n",
    )


def test_mending_takes_as_much_context_as_is_needed(root):
    (root / "sdk/a.cpp").write_text("int c() {\n  return 1;\n}\nint d() {\n  return 1;\n}\n")
    assert patches.mended(mutant(root), root) is None
    (root / "sdk/a.cpp").write_text("int a() {\n  return 1;\n\nint b() {\n  return 1;\n")
    text = patches.mended(mutant(root), root)
    assert text is not None and "-  return 1;\n+  return 2;\n" in text
    assert patches.findings(mutant(root, text), root) == []


def test_what_a_mutant_changes_cannot_be_mended(root):
    (root / "sdk/a.cpp").write_text("int a() {\n  return 0 + 1;\n}\n")
    assert patches.mended(mutant(root), root) is None
