"""`pip install .` of the sdist's tree in a fresh virtual environment; the types; the examples.

Slow the first time; later runs find the compiler's cache. What pip fetches to build is in
build/python-packages (bin/test puts it there), so no network is needed.
"""

import os
import pathlib
import re
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "build" / "python-packages"

PROGRAM = """
import lockstep
sim = lockstep.Simulation(latency=0)
sim.server.respond(503)
client = sim.client(retry_initial_backoff=1, retry_jitter_percent=0)
assert client.capture("u", "e").ok and client.flush(60).ok
assert sim.delays == [1.0], sim.delays
with lockstep.MockServer() as server, lockstep.Client("phc_x", server.url) as client:
    assert client.capture("u", "e").ok and client.flush().ok
print(lockstep.__version__, lockstep.__file__)
"""


def run(*command, **options):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "LD_PRELOAD", "PIP_FIND_LINKS")
    }
    environment.update(
        PIP_NO_INDEX="1", PIP_FIND_LINKS=str(PACKAGES), CMAKE_BUILD_PARALLEL_LEVEL="2"
    )
    done = subprocess.run(
        [str(part) for part in command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.fixture
def fresh(tmp_path):
    """The interpreter of a fresh virtual environment."""
    if not (PACKAGES / "complete").exists():
        pytest.skip("build/python-packages is not there; bin/test fetches it")
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    return tmp_path / "fresh" / "bin" / "python"


def check_installed(python, folder):
    printed = run(python, "-c", PROGRAM, cwd=folder)
    assert "site-packages" in printed
    entry_points = (
        "from importlib.metadata import distribution;"
        "print([e.value for e in distribution('lockstep').entry_points if e.group == 'pytest11'])"
    )
    assert "lockstep.pytest_plugin" in run(python, "-c", entry_points, cwd=folder)
    package = pathlib.Path(printed.split()[-1]).parent
    assert {"py.typed", "_lockstep.pyi"} <= {file.name for file in package.iterdir()}


def test_the_sdist_is_whole_and_pip_installs_it(fresh, tmp_path):
    backend = tmp_path / "backend"
    run(sys.executable, "-m", "venv", backend)
    run(backend / "bin" / "pip", "install", "scikit-build-core")
    script = "import sys; from scikit_build_core.build import build_sdist; build_sdist(sys.argv[1])"
    run(backend / "bin" / "python", "-c", script, tmp_path, cwd=ROOT)
    (sdist,) = tmp_path.glob("lockstep-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        archive.extractall(tmp_path / "tree")
    assert {"CMakeLists.txt", "python/src/module.cpp", "sdk/client.cpp", "LICENSE"} <= names
    assert [name for name in names if name.startswith(("tests/", "build/", "docs/", ".ci/"))] == []
    (tree,) = (tmp_path / "tree").iterdir()
    run(fresh, "-m", "pip", "install", ".", cwd=tree)
    check_installed(fresh, tmp_path)


def test_versions_are_one():
    cmake = re.search(r"project\(Lockstep VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())
    wheel = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    lockstep = pytest.importorskip("lockstep")
    assert cmake[1] == wheel[1] == lockstep.__version__


def test_the_types_are_strict(tmp_path):
    if subprocess.run(["mypy", "--version"], stdout=subprocess.DEVNULL).returncode != 0:
        pytest.skip("no mypy")
    config = ["--config-file", ROOT / "pyproject.toml", "--cache-dir", tmp_path]
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert examples
    path = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        ["mypy", "--strict", *map(str, config), "-p", "lockstep"],
        cwd=ROOT, env=path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    done = subprocess.run(
        ["mypy", "--strict", *map(str, config), *map(str, examples)],
        cwd=tmp_path, env=path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda f: f.name)
def test_an_example_runs(example):
    subprocess.run([sys.executable, str(example)], check=True, timeout=120)


def test_the_stub_names_what_the_extension_has():
    stub = (ROOT / "python" / "lockstep" / "_lockstep.pyi").read_text()
    from lockstep import _lockstep

    declared = set(re.findall(r"^(?:class|def) (\w+)", stub, re.MULTILINE))
    assert declared == {name for name in dir(_lockstep) if not name.startswith("__")}
    for name in declared:
        members = set(dir(getattr(_lockstep, name))) - set(dir(object)) - set(dir(Exception))
        block = re.search(rf"^class {name}\b.*\n((?:    .*\n|\n)*)", stub, re.MULTILINE)
        written = set(re.findall(r"^    def (\w+)", block[1] if block else "", re.MULTILINE))
        public = {member for member in members if not member.startswith("_")}
        assert public <= written, (name, public - written)
