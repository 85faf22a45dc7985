"""Installs the build into a temporary prefix and uses it as a project outside the tree would."""

import os
import pathlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONSUMER = pathlib.Path(__file__).parent / "consumer"
BUILD = pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"])
CXX = os.environ.get("CXX", "c++")
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]

# The standard library, and the one third-party header that a public header may include.
ALLOWED_INCLUDE = re.compile(r"<[a-z_0-9]+>|<nlohmann/json_fwd\.hpp>|\"lockstep/[a-z_0-9/]+\.h\"")


def run(*command, **options):
    """The command's output; fails the test with everything it printed when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    installed = tmp_path_factory.mktemp("prefix") / "usr"
    for component in ("sdk", "harness"):
        run("cmake", "--install", BUILD, "--prefix", installed, "--component", component)
    # Moved after the installation: nothing in it may depend on where it was installed.
    moved = installed.with_name("moved")
    installed.rename(moved)
    return moved


@pytest.fixture(scope="module")
def headers(prefix):
    return sorted((prefix / "include").rglob("*.h"))


def names(prefix, headers):
    return {header.relative_to(prefix / "include").as_posix() for header in headers}


def only(prefix, pattern):
    """The one file under the prefix whose path ends like the pattern."""
    found = list(prefix.rglob(pattern))
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("name", ["lockstep", "lockstep_harness"])
def test_the_shared_library_has_a_versioned_soname(prefix, name):
    dynamic = run("readelf", "--dynamic", only(prefix, f"lib{name}.so"))
    assert f"Library soname: [lib{name}.so.0.1]" in dynamic
    assert (
        only(prefix, f"lib{name}.so.0.1").resolve() == only(prefix, f"lib{name}.so.0.1.0").resolve()
    )


def test_the_sdk_does_without_the_harness_and_its_libraries(prefix):
    needed = run("readelf", "--dynamic", only(prefix, "liblockstep.so"))
    assert "libcurl" in needed
    for library in ("harness", "httplib", "yaml", "gtest"):
        assert f"[lib{library}" not in needed


def test_the_harness_uses_the_shared_sdk_and_holds_none_of_its_own(prefix):
    dynamic = run("readelf", "--dynamic", only(prefix, "liblockstep_harness.so"))
    assert "[liblockstep.so.0.1]" in dynamic
    symbols = run("nm", "-C", "-D", "--defined-only", only(prefix, "liblockstep_harness.so"))
    assert "lockstep::mock::Server::handle" in symbols
    assert not re.search(r" T lockstep::(Client|SimHost|VirtualClock|http::Url)::", symbols)


def test_internal_headers_stay_at_home(prefix, headers):
    installed = names(prefix, headers)
    assert {"lockstep/lockstep.h", "lockstep/sdk/client.h", "lockstep/clock/clock.h"} <= installed
    internal = [
        name
        for name in installed
        if re.search(r"/sdk/(engine|protocol|json/|client_core|host/(pump|fork))", name)
    ]
    assert internal == []


def test_headers_include_the_standard_library_and_each_other_only(prefix, headers):
    installed = names(prefix, headers)
    for header in headers:
        for target in re.findall(
            r'^\s*#\s*include\s*([<"][^>"]+[>"])', header.read_text(), re.MULTILINE
        ):
            assert ALLOWED_INCLUDE.fullmatch(target), f"{header} includes {target}"
            assert target[0] == "<" or target.strip('"') in installed, f"{header} includes {target}"


def test_every_header_stands_alone(prefix, headers):
    def compiles(header):
        run(
            CXX,
            "-std=c++20",
            *WARNINGS,
            "-fsyntax-only",
            "-x",
            "c++",
            "-include",
            header,
            "-I",
            prefix / "include",
            "/dev/null",
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compiles, headers))


def test_a_cmake_project_finds_and_uses_the_package(prefix, tmp_path):
    run(
        "cmake",
        "-S",
        CONSUMER,
        "-B",
        tmp_path,
        "-G",
        "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={CXX}",
    )
    run("cmake", "--build", tmp_path)
    assert run(tmp_path / "service") == "delivered 2\n"
    assert run(tmp_path / "simulation") == "stored 2 after 2 requests\n"


def test_a_version_that_may_differ_is_refused(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(Other LANGUAGES CXX)\n"
        "find_package(Lockstep 0.2)\nif(Lockstep_FOUND)\n  message(FATAL_ERROR found)\nendif()\n"
    )
    run(
        "cmake",
        "-S",
        tmp_path,
        "-B",
        tmp_path / "build",
        "-G",
        "Ninja",
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={CXX}",
    )


def test_a_project_that_includes_the_tree_gets_the_sdk_alone(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.22)\nproject(Other LANGUAGES CXX)\n"
        f"add_subdirectory({ROOT} lockstep)\n"
        f"add_executable(service {CONSUMER}/service.cpp)\n"
        "target_link_libraries(service PRIVATE Lockstep::sdk)\n"
    )
    build = tmp_path / "build"
    run("cmake", "-S", tmp_path, "-B", build, "-G", "Ninja", f"-DCMAKE_CXX_COMPILER={CXX}")
    targets = run("ninja", "-C", build, "-t", "targets", "all")
    assert "service:" in targets and "liblockstep.so" in targets
    assert not re.search(r"liblockstep_(mockserver|harness)|_tests:", targets)


@pytest.mark.parametrize(
    "package,program,printed",
    [
        ("lockstep", "service", "delivered 2\n"),
        ("lockstep_harness", "simulation", "stored 2 after 2 requests\n"),
    ],
)
def test_pkg_config_finds_and_uses_the_package(prefix, tmp_path, package, program, printed):
    described = dict(os.environ, PKG_CONFIG_PATH=str(only(prefix, f"{package}.pc").parent))
    assert run("pkg-config", "--modversion", package, env=described) == "0.1.0\n"
    flags = run("pkg-config", "--cflags", "--libs", package, env=described).split()
    run(CXX, "-std=c++20", *WARNINGS, CONSUMER / f"{program}.cpp", "-o", tmp_path / program, *flags)
    loading = dict(os.environ, LD_LIBRARY_PATH=str(only(prefix, "liblockstep.so").parent))
    assert run(tmp_path / program, env=loading) == printed
