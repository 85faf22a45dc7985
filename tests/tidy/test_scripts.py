"""What the scripts in bin/ and .ci/ promise, with apt and dpkg replaced by stand-ins."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
INSTALLED = {"g++", "cmake", "git"}


@pytest.fixture
def scripts(tmp_path):
    """A copy of the scripts, in which apt-get writes down how it was called."""
    for folder in ("bin", ".ci"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    fakes = tmp_path / "fakes"
    fakes.mkdir()
    installed = "|".join(sorted(INSTALLED))
    for name, body in {
        "apt-get": f'echo "$@" >> {tmp_path}/apt; [ ! -e {tmp_path}/offline ] || exit 100',
        "sudo": '"$@"',
        "dpkg-query": f'for p; do case $p in {installed}) echo "installed $p";; '
        'half) echo "config-files half";; esac; done; false',
    }.items():
        (fakes / name).write_text(f"#!/bin/sh\n{body}\n")
        (fakes / name).chmod(0o755)
    return tmp_path


def bash(scripts, code):
    return subprocess.run(
        ["bash", "-c", code],
        cwd=scripts,
        env=dict(os.environ, PATH=f"{scripts}/fakes:{os.environ['PATH']}"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def apt_calls(scripts):
    return (scripts / "apt").read_text().splitlines() if (scripts / "apt").exists() else []


def test_nothing_is_asked_of_apt_when_no_package_is_missing(scripts):
    (scripts / "offline").touch()
    done = bash(scripts, "source bin/lib.sh; need_packages git cmake g++")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert apt_calls(scripts) == []


def test_only_missing_packages_are_installed(scripts):
    done = bash(scripts, "source bin/lib.sh; need_packages git ninja-build g++ half")
    assert (done.returncode, done.stdout) == (0, "")
    install = [call.split() for call in apt_calls(scripts) if call.startswith("install")]
    assert len(install) == 1 and {"ninja-build", "half"} <= set(install[0])
    assert INSTALLED.isdisjoint(install[0])


def test_a_failed_installation_fails(scripts):
    (scripts / "offline").touch()
    done = bash(scripts, "source bin/lib.sh; need_packages ninja-build")
    assert done.returncode != 0 and done.stdout == ""


def test_output_of_a_build_shows_on_failure_alone_and_never_on_stdout(scripts):
    good = bash(scripts, "source bin/lib.sh; logged step echo fine")
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert (scripts / "build/log/step.log").read_text() == "fine\n"
    bad = bash(scripts, "source bin/lib.sh; logged step sh -c 'echo broken; exit 3'")
    assert (bad.returncode != 0, bad.stdout, bad.stderr) == (True, "", "broken\n")


def test_a_tool_that_cannot_be_built_is_not_a_verdict_of_the_tool(scripts):
    (scripts / "offline").touch()
    done = bash(scripts, "bin/lockstep run")
    assert (done.returncode, done.stdout) == (125, "")


@pytest.mark.parametrize(
    "log,status,expected",
    [
        ("", 0, "0 1"),
        ("", 1, "1 1"),
        ("100% tests passed, 0 tests failed out of 12", 0, "0 12"),
        ("67% tests passed, 1 tests failed out of 3", 8, "1 3"),
        ("100% tests passed, 0 tests failed out of 3", 1, "1 4"),
    ],
)
def test_ci_counts_what_ctest_counted(scripts, log, status, expected):
    (scripts / "log").write_text(log + "\n")
    counting = f"source <(sed -n '/^count()/,/^}}/p' .ci/run); count log {status}"
    assert bash(scripts, counting).stdout.strip() == expected


def test_ci_refuses_a_stage_it_does_not_know(scripts):
    done = bash(scripts, ".ci/run nonsense")
    assert done.returncode == 2 and "no stage is called nonsense" in done.stderr


def test_ci_ends_with_the_count_and_fails_when_a_stage_does(scripts):
    # A folder without a repository in it: the format stage cannot work.
    done = bash(scripts, "GIT_DIR=/nowhere .ci/run --keep-going format")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"
