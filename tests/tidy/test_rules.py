"""Every tidy rule against a violation planted for it, and against text that only looks like one.

A rule that cannot fail guards nothing. Each case is a tiny repository: the rule that must notice,
its files, and a part of a finding that it must report.
"""

import shutil
import subprocess

import pytest

import banned
import floors
import registry
import style
from source import Tree, blank_cpp, blank_python
from test_tidy import RULES

HEADER = "// What it is.\n#pragma once\n"
LONG_BODY = "  f();\n" * 70

VIOLATIONS = [
    # floors
    (
        floors.includes_reach_down,
        {"clock/a.h": HEADER + '#include "sdk/client.h"\n'},
        "clock/a.h:3: clock/ includes sdk/client.h",
    ),
    (
        floors.includes_reach_down,
        {"sdk/a.cpp": '#include "mockserver/server.h"\n'},
        "sdk/ includes mockserver/",
    ),
    (
        floors.includes_reach_down,
        {"mockserver/a.cpp": '#include "sdk/client.h"\n'},
        "mockserver/ includes sdk/",
    ),
    (
        floors.includes_reach_down,
        {"sdk/a.cpp": '#include "client.h"\n'},
        "is not a path from the repository",
    ),
    (
        floors.includes_reach_down,
        {"sdk/a.cpp": "#include <sdk/client.h>\n"},
        "include it in quotes",
    ),
    (
        floors.examples_use_the_installed_form,
        {"examples/a.cpp": '#include "sdk/client.h"\n'},
        "<lockstep/sdk/client.h>",
    ),
    (
        floors.libraries_link_down,
        {"clock/CMakeLists.txt": "lockstep_floor(clock FLOORS http SOURCES a.cpp)\n"},
        "clock links to http",
    ),
    (
        floors.engine_names_no_protocol,
        {"sdk/engine/a.cpp": "// As Segment does.\n"},
        'sdk/engine/a.cpp:1: "Segment" is a protocol\'s name',
    ),
    (
        floors.engine_does_no_io,
        {"sdk/engine/a.h": HEADER + "#include <thread>\n"},
        "a.h:3: <thread>",
    ),
    (
        floors.engine_does_no_io,
        {"sdk/protocol/a.h": HEADER + '#include "clock/clock.h"\n'},
        "no I/O",
    ),
    (
        floors.headers_are_light,
        {"sdk/a.h": HEADER + "#include <nlohmann/json.hpp>\n"},
        "belong in .cpp files",
    ),
    (floors.headers_are_light, {"cli/a.h": HEADER + "#include <zlib.h>\n"}, "<zlib.h>"),
    # banned, one case for each line of the tables, below
    (
        style.headers_open_with_their_purpose,
        {"a.h": "#pragma once\n"},
        "a.h:1: open with a comment",
    ),
    (
        style.headers_open_with_their_purpose,
        {"a.h": "// What.\n#include <map>\n#pragma once\n"},
        "#pragma once comes first",
    ),
    (style.lines_fit, {"a.cpp": "int a;\n" + "x" * 101 + "\n"}, "a.cpp:2: 101 columns"),
    (style.lines_fit, {"a.py": "if a:\n\tb()\n"}, "a.py:2: a tab"),
    (style.lines_fit, {"bin/tool": "ls \n"}, "bin/tool:1: trailing space"),
    (style.files_end_once, {"a.cpp": "int a;"}, "exactly one newline"),
    (style.files_end_once, {"a.cpp": "int a;\n\n"}, "exactly one newline"),
    (style.nothing_is_left_over, {"a.cpp": "// TO" "DO: later\n"}, "a.cpp:1: TO" "DO"),
    (style.nothing_is_left_over, {"a.cpp": "f();\n// g();\n// h();\n"}, "code in a comment"),
    (style.files_can_be_read_in_a_sitting, {"a.cpp": "int a;\n" * 601}, "a.cpp: 601 lines"),
    (
        style.functions_do_one_thing,
        {"a.cpp": f"void f() {{\n{LONG_BODY}}}\n"},
        "a.cpp: f: 72 lines",
    ),
    (
        style.functions_do_one_thing,
        {"a.cpp": f"namespace a {{\nT::T(int x) : a_(x), b_{{x}} {{\n{LONG_BODY}}}\n}}\n"},
        "T::T: 72 lines",
    ),
    (
        style.functions_do_one_thing,
        {"a.cpp": f"TEST(Suite, Name) {{\n{LONG_BODY}}}\n"},
        "Suite.Name: 72 lines",
    ),
    (
        style.functions_do_one_thing,
        {"a.cpp": f"struct S : B<int> {{\n  int f() const noexcept {{\n{LONG_BODY}  }}\n}};\n"},
        "f: 72 lines",
    ),
    (
        registry.sources_are_built,
        {"sdk/CMakeLists.txt": "lockstep_floor(sdk SOURCES ab.cpp)\n", "sdk/b.cpp": ""},
        "sdk/b.cpp: sdk/CMakeLists.txt does not build it",
    ),
    (registry.sources_are_built, {"sdk/b.cpp": ""}, "no CMakeLists.txt above it"),
    (
        registry.test_folders_are_registered,
        {"tests/CMakeLists.txt": "foreach(group sdk)\n", "tests/new/a.cpp": ""},
        "tests/new: tests/CMakeLists.txt does not add it",
    ),
    (
        registry.test_folders_are_registered,
        {"tests/CMakeLists.txt": "foreach(group new)\n", "tests/new/a.cpp": ""},
        "tests/new",
    ),
    (
        registry.python_tests_are_registered,
        {"tests/a/CMakeLists.txt": "", "tests/a/test_b.py": ""},
        "test_b.py",
    ),
    (registry.links_resolve, {"docs/a.md": "See [b](b.md).\n"}, "docs/a.md:1: b.md does not exist"),
    (registry.links_resolve, {"a.md": "# One\n[b](#two)\n"}, "a.md has no heading #two"),
    (registry.links_resolve, {"a.md": "[b]: ../b.md\n"}, "../b.md does not exist"),
    (
        registry.defects_name_their_tests,
        {
            "docs/defects.md": "| 5a.1 | lost | `Suite.Name` |\n",
            "tests/a/a.cpp": "TEST(Suite, Other) {}\n",
        },
        "docs/defects.md:1: no test or scenario is called 'Suite.Name'",
    ),
    (
        registry.defects_name_their_tests,
        {"docs/defects.md": "| 5a.1 | lost |  |\n"},
        "5a.1 names no test",
    ),
    (
        registry.defects_name_their_tests,
        {"docs/defects.md": "".join(f"| 5b.{n} | lost | |\n" for n in range(1, 38) if n != 9)},
        "docs/defects.md: no row has the number 9",
    ),
]

BANNED_CALLS = {
    "cpp": [
        "std::this_thread::sleep_for(1ms);",
        "std::this_thread::sleep_until(t);",
        "usleep(1);",
        "::nanosleep(&a, &b);",
        "clock_nanosleep(1, 2, 3, 4);",
        "sleep(1);",
        "poll(nullptr, 0, 5);",
        "condition.wait_for(lock, 1ms);",
        "condition->wait_until(lock, t);",
        "answer.wait_for(std::chrono::seconds(1));",
        "answer.wait_for(1s);",
        "std::chrono::steady_clock::now();",
        "std::chrono::system_clock::now();",
        "gettimeofday(&a, 0);",
        "clock_gettime(CLOCK_MONOTONIC, &a);",
        "time(nullptr);",
        "std::time(0);",
        "std::localtime(&t);",
        "std::random_device entropy;",
        "rand();",
        "std::srand(1);",
        "getrandom(p, 1, 0);",
        "std::mt19937_64 engine;",
        "std::uniform_int_distribution<int> d;",
        "std::shuffle(a.begin(), a.end(), e);",
        "std::unordered_map<int, int> m;",
        "std::unordered_set<int> s;",
    ],
    "py": [
        "time.sleep(1)",
        "time.monotonic()",
        "datetime.now()",
        "random.choice(a)",
        "uuid.uuid4()",
        "await asyncio.sleep(0)",
    ],
    "sh": ["sleep 1", "while true; do sleep 5; done"],
}

INNOCENT = {
    "sdk/a.cpp": "\n".join(
        [
            '#include "sdk/client.h"',
            '#include "clock/time.h"',
            "#include <chrono>",
            "#include <nlohmann/json.hpp>",
            "// Never sleep_for(1ms) here; rand() neither.",
            'const char* kText = "steady_clock::now()";',
            "using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;",
            "const auto now = clock.now();",
            "Instant wait_until(Instant at);",
            "int brand(int);",
            "retime(nullptr);",
            "const int million = 1'000'000; const char quote = '\\'';",
            "transport.poll(0, 1);",
            "core->wait_for(ticket_, at);",
            "",
        ]
    ),
    "sdk/a.h": "// What it is.\n//\n// Rule.\n\n#pragma once\n#include <nlohmann/json_fwd.hpp>\n",
    "sdk/transport/curl_transport.cpp": "int n = poll(nullptr, 0, 1);\n",
    "sdk/CMakeLists.txt": "lockstep_floor(sdk FLOORS http\n SOURCES a transport/curl_transport)\n",
    "clock/a.cpp": "auto t = std::chrono::steady_clock::now();\n",
    "clock/CMakeLists.txt": "lockstep_floor(clock SOURCES a.cpp)\n",
    "tests/CMakeLists.txt": "foreach(group a)\n",
    "tests/a/CMakeLists.txt": "lockstep_gtest(a SOURCES a.cpp)\nlockstep_pytest(test_b.py)\n",
    "tests/a/a.cpp": "TEST(Suite, Name) {}\n",
    "tests/a/test_b.py": '"""time.sleep(1) is banned."""\n',
    "scenarios/catalogue/a.yaml": "scenario: nothing is lost\n",
    "docs/defects.md": "| id | test |\n|---|---|\n"
    + "".join(f"| 5a.{row} | `Suite.Name`, `nothing is lost` |\n" for row in range(1, 38)),
    "README.md": "# A title\n"
    "[a](docs/defects.md) [b](#a-title) [c](http://x/) [d](docs) `[e](no)`\n",
    "bin/tool": "# sleep is for people\nls\n",
}


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch):
    """The made-up repositories have none of the files that the project's own exceptions name."""
    monkeypatch.setattr(banned, "UNORDERED_ALLOWED", {})


def repository(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return Tree(root)


@pytest.mark.parametrize(
    "rule,files,expected", VIOLATIONS, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_violation_is_found(rule, files, expected, tmp_path):
    found = rule(repository(tmp_path, files))
    assert any(expected in finding for finding in found), found


@pytest.mark.parametrize(
    "kind,call", [(kind, call) for kind, calls in BANNED_CALLS.items() for call in calls]
)
def test_a_banned_call_is_found(kind, call, tmp_path):
    found = banned.nothing_banned_is_called(repository(tmp_path, {f"sdk/a.{kind}": f"\n{call}\n"}))
    assert len(found) == 1 and found[0].startswith(f"sdk/a.{kind}:2: "), found


@pytest.mark.parametrize("kind,bans", [("cpp", banned.CPP_BANS), ("py", banned.PYTHON_BANS)])
def test_every_ban_has_a_call_that_trips_it(kind, bans, tmp_path):
    code = "\n".join(BANNED_CALLS[kind])
    idle = [ban.pattern for ban in bans if not banned.re.search(ban.pattern, code)]
    assert not idle


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_innocent_text_passes(rule, tmp_path):
    assert rule(repository(tmp_path, INNOCENT)) == []


def test_every_rule_has_a_violation_that_trips_it():
    tried = {rule for rule, _, _ in VIOLATIONS}
    tried |= {banned.nothing_banned_is_called, banned.exceptions_are_needed}  # tests of their own
    assert tried == set(RULES)


def test_an_exception_nobody_needs_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(banned.UNORDERED_ALLOWED, "sdk/a.cpp", "its order is never seen")
    assert banned.exceptions_are_needed(repository(tmp_path, {"sdk/a.cpp": "int a;\n"}))
    ordered = repository(tmp_path, {"sdk/a.cpp": "std::unordered_map<int, int> m;\n"})
    assert banned.exceptions_are_needed(ordered) == []


def test_a_ratchet_only_tightens(tmp_path, monkeypatch):
    tree = repository(tmp_path, {"a.cpp": "int a;\n" * 650})
    monkeypatch.setitem(style.LONG_FILES, "a.cpp", 650)
    assert style.files_can_be_read_in_a_sitting(tree) == []
    monkeypatch.setitem(style.LONG_FILES, "a.cpp", 700)
    assert "lower the number" in style.files_can_be_read_in_a_sitting(tree)[0]
    monkeypatch.setitem(style.LONG_FILES, "a.cpp", 649)
    assert "at most 649" in style.files_can_be_read_in_a_sitting(tree)[0]


def archive(tmp_path, name, code):
    """A static library with one member, name.o, compiled from the code."""
    source = tmp_path / name
    source.write_text(code, encoding="utf-8")
    subprocess.run(["c++", "-std=c++20", "-c", source, "-o", tmp_path / f"{name}.o"], check=True)
    library = tmp_path / f"{name}.a"
    subprocess.run(["ar", "rcs", library, tmp_path / f"{name}.o"], check=True)
    return library


IMPORTS = {
    "steady_clock": "#include <chrono>\n"
    "using C = std::chrono::steady_clock;\nvoid f() { C::now(); }\n",
    "nanosleep": "#include <thread>\n"
    "void f(std::chrono::hours h) { std::this_thread::sleep_for(h); }\n",
    "pthread_cond_clockwait": "#include <condition_variable>\nvoid f(std::condition_variable& c, "
    "std::unique_lock<std::mutex>& l) { c.wait_for(l, std::chrono::seconds(1)); }\n",
    "random_device": "#include <random>\nunsigned f() { return std::random_device{}(); }\n",
    "rand": "#include <cstdlib>\nint f() { return std::rand(); }\n",
}


@pytest.mark.parametrize("symbol", IMPORTS)
@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
def test_an_imported_symbol_is_found(symbol, tmp_path):
    found = banned.symbols_are_clean([archive(tmp_path, "a.cpp", IMPORTS[symbol])])
    assert any(symbol in finding for finding in found), found
    real = archive(tmp_path, "http_front.cpp", IMPORTS[symbol])
    assert banned.symbols_are_clean([real]) == []


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
def test_innocent_symbols_pass(tmp_path):
    code = "#include <string>\nstd::string f(int i) { return std::to_string(i); }\n"
    assert banned.symbols_are_clean([archive(tmp_path, "a.cpp", code)]) == []


def test_a_library_that_is_not_built_is_found(tmp_path):
    assert banned.symbols_are_clean([tmp_path / "liblockstep_sdk.a"]) == [
        "liblockstep_sdk.a: is not built"
    ]


def test_blanking_keeps_lines_and_places():
    text = 'a("x//y", \'"\'); /* b\n c */ d(R"t(e"\n)" f)t"); // g\n#include "h.h"\n'
    blanked = blank_cpp(text)
    assert [len(line) for line in blanked.split("\n")] == [len(line) for line in text.split("\n")]
    assert blanked.replace(" ", "") == 'a("",\'\');\nd(\n);\n#include"h.h"\n'
    python = 'a = "b" # c\n"""d\ne"""\n'
    assert blank_python(python).replace(" ", "") == "a=\n\n\n"
