"""Which floor may include, and link to, which."""

from __future__ import annotations

import re

from source import CPP, FLOORS, Tree, line_of

_PRODUCT = ("clock", "http", "sdk", "openfeature", "providers", "telemetry")

# Each floor may include itself and these. The mock server judges the SDK, so neither includes the
# other.
BELOW = {
    "clock": (),
    "http": ("clock",),
    "sdk": ("clock", "http"),
    "openfeature": ("clock", "http", "sdk"),
    "providers": ("clock", "http", "sdk", "openfeature"),
    "telemetry": ("clock", "http", "sdk"),
    "mockserver": ("clock", "http"),
    "adapter": (*_PRODUCT, "mockserver"),
    "scenarios": (*_PRODUCT, "mockserver", "adapter"),
    "cli": (*_PRODUCT, "mockserver", "adapter", "scenarios"),
}

# The engine and the protocols do no I/O: time, randomness and answers come as arguments. Includes
# that begin with one of these would let them do otherwise.
PURE = ("sdk/engine/", "sdk/protocol/")
IMPURE_INCLUDES = (
    "<condition_variable>",
    "<filesystem>",
    "<fstream>",
    "<future>",
    "<iostream>",
    "<mutex>",
    "<random>",
    "<semaphore>",
    "<shared_mutex>",
    "<stop_token>",
    "<sys/",
    "<thread>",
    "<unistd.h>",
    '"clock/clock.h"',
    '"clock/system_clock.h"',
    '"clock/virtual_clock.h"',
    '"sdk/client',
    '"sdk/host/',
    '"sdk/transport/',
)

# The only third-party header that a header of ours may include; heavy ones belong in .cpp files.
LIGHT_THIRD_PARTY = "nlohmann/json_fwd.hpp"
_STANDARD_HEADER = re.compile(r"[a-z_0-9]+")

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)


def _includes(tree: Tree, path: str):
    """(line, as written, quoted or not, the path inside) of each include."""
    code = tree.code(path)
    for match in _INCLUDE.finditer(code):
        yield line_of(code, match.start()), match[1], match[3] is not None, match[2] or match[3]


def includes_reach_down(tree: Tree) -> list[str]:
    found = []
    for path in tree.files(*CPP, under=FLOORS):
        floor = path.split("/")[0]
        allowed = (floor, *BELOW[floor])
        for line, _, quoted, target in _includes(tree, path):
            reached = target.split("/")[0]
            if quoted and reached not in FLOORS:
                found.append(
                    f'{path}:{line}: "{target}" is not a path from the repository\'s root; '
                    f'write "{path.rsplit("/", 1)[0]}/..." or <...>'
                )
            elif quoted and reached not in allowed:
                found.append(
                    f"{path}:{line}: {floor}/ includes {target}; it may include only "
                    f"{', '.join(allowed)}"
                )
            elif not quoted and "/" in target and reached in (*FLOORS, "lockstep"):
                found.append(
                    f"{path}:{line}: <{target}> is ours; include it in quotes, from the root"
                )
    return found


def examples_use_the_installed_form(tree: Tree) -> list[str]:
    return [
        f'{path}:{line}: "{target}" is a path inside the repository; an example includes '
        f"<lockstep/{target}>, as a user does"
        for path in tree.files(*CPP, under=("examples",))
        for line, _, quoted, target in _includes(tree, path)
        if quoted and target.split("/")[0] in FLOORS
    ]


def libraries_link_down(tree: Tree) -> list[str]:
    found = []
    call = re.compile(r"lockstep_floor\(\s*(\w+)([^)]*)\)")
    for path in tree.files("CMakeLists.txt", under=FLOORS):
        text = tree.text(path)
        for match in call.finditer(text):
            floor = match[1]
            listed = re.search(
                r"\bFLOORS\s+(.*?)(?:\bLIBRARIES\b|\bSOURCES\b|$)", match[2], re.DOTALL
            )
            for reached in listed[1].split() if listed else ():
                if reached not in BELOW.get(floor, ()):
                    found.append(
                        f"{path}:{line_of(text, match.start())}: {floor} links to {reached}, "
                        f"which is not below it"
                    )
    return found


def engine_does_no_io(tree: Tree) -> list[str]:
    return [
        f"{path}:{line}: {written}: the engine and the protocols do no I/O; take time and answers "
        "as arguments"
        for path in tree.files(*CPP, under=("sdk",))
        if path.startswith(PURE)
        for line, written, _, _ in _includes(tree, path)
        if written.startswith(IMPURE_INCLUDES)
    ]


# The engine knows no protocol by name: one more of them must not touch it.
_PROTOCOL = re.compile(r"posthog|segment(?!ation)|confidence", re.IGNORECASE)


def engine_names_no_protocol(tree: Tree) -> list[str]:
    return [
        f"{path}:{line_of(tree.text(path), match.start())}: \"{match[0]}\" is a protocol's name; "
        "the engine knows none"
        for path in tree.files(*CPP, under=("sdk",))
        if path.startswith("sdk/engine/")
        for match in _PROTOCOL.finditer(tree.text(path))
    ]


def headers_are_light(tree: Tree) -> list[str]:
    return [
        f"{path}:{line}: a header includes <{target}>; third-party headers belong in .cpp files "
        f"(of JSON, a header may include <{LIGHT_THIRD_PARTY}>)"
        for path in tree.files(".h", under=FLOORS)
        for line, _, quoted, target in _includes(tree, path)
        if not quoted and target != LIGHT_THIRD_PARTY and not _STANDARD_HEADER.fullmatch(target)
    ]


RULES = (
    includes_reach_down,
    examples_use_the_installed_form,
    libraries_link_down,
    engine_does_no_io,
    engine_names_no_protocol,
    headers_are_light,
)
