"""Calls that would bring in real time, sleep, entropy or an order that differs between machines.

Decision 3 of the design: time and chance are injected. One table holds what is banned in source
text and what to use instead; another one what compiled objects may not import, which also catches a
call hidden behind an alias or a macro.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
from typing import NamedTuple

from source import CPP, FLOORS, Tree, line_of

# Here time, sleep and entropy are real.
REAL_WORLD = ("clock/", "bench/", "sdk/transport/curl_transport.cpp", "mockserver/http_front.cpp")

# An ordered container where an order can be seen; here none can, for the reason given.
UNORDERED_ALLOWED: dict[str, str] = {
    "scenarios/by_uuid.h": "each event and step of each run of the explorer, only ever looked up",
    "scenarios/prove/prover.cpp": "millions of states, only ever looked up; nothing walks over it",
}

_CLOCK = "take it from a Clock (clock/clock.h)"
_AWAIT = "wait in Clock::await with a deadline"
_CHANCE = "draw from Chance with a DrawKey (clock/chance.h)"
_ORDERED = "use std::map or std::set, or add the file to UNORDERED_ALLOWED with the reason"


class Ban(NamedTuple):
    pattern: str
    instead: str
    # Files to which the ban does not apply; of folders, the path with a slash at the end.
    except_in: tuple[str, ...] = REAL_WORLD


CPP_BANS = (
    Ban(r"\bsleep_(for|until)\b", _AWAIT),
    Ban(r"\b(u|nano|clock_nano)sleep\s*\(", _AWAIT),
    Ban(r"(?<![\w.>:])(::|std::)?sleep\s*\(", _AWAIT),
    Ban(r"(?<![\w.>])(poll|select)\s*\(\s*(nullptr|NULL|0)\s*,", _AWAIT),
    Ban(r"(\.|->)wait_(for|until)\s*\(\s*(\w*lock\w*\s*,|std::chrono|[0-9])", _AWAIT),
    Ban(r"\b\w+_clock::now\b", _CLOCK),
    Ban(r"\b(gettimeofday|clock_gettime|timespec_get|ftime)\s*\(", _CLOCK),
    Ban(r"(?<![\w.>:])(::|std::)?time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)", _CLOCK),
    Ban(
        r"\b(localtime|mktime|strftime)(_r)?\s*\(", "use clock/timestamp.h; there is no local time"
    ),
    Ban(r"\brandom_device\b", _CHANCE),
    Ban(r"(?<![\w.>])(s?rand|s?random|drand48|arc4random\w*|getrandom|getentropy)\s*\(", _CHANCE),
    Ban(r"\b(mt19937(_64)?|minstd_rand0?|default_random_engine|ranlux\w+|knuth_b)\b", _CHANCE),
    Ban(r"\b\w+_distribution\b", f"{_CHANCE}; distributions differ between libraries"),
    Ban(
        r"\bstd::(ranges::)?(shuffle|sample)\b",
        f"{_CHANCE}; std::shuffle differs between libraries",
    ),
    Ban(r"\bunordered_(multi)?(map|set)\b", _ORDERED, tuple(UNORDERED_ALLOWED)),
)

PYTHON_BANS = (
    Ban(
        r"\btime\.(sleep|time|time_ns|monotonic|monotonic_ns|perf_counter)\b",
        _CLOCK,
        # The latter measures how long one has to wait for each mutant.
        ("bench/", "tests/mutants/exploring.py"),
    ),
    Ban(r"\basyncio\.sleep\b", _AWAIT, ("bench/",)),
    Ban(r"\bdatetime\.(now|utcnow|today)\b", _CLOCK, ("bench/",)),
    Ban(r"\b(random|secrets)\.\w+", _CHANCE, ("bench/",)),
    Ban(r"\buuid\.uuid[14]\b", _CHANCE, ("bench/",)),
)

SHELL_BANS = (Ban(r"(^|[;&|(]|\bdo\b|\bthen\b)[ \t]*sleep[ \t]", "wait for the thing itself", ()),)


def _shell_files(tree: Tree) -> list[str]:
    return [
        path for path in tree.paths if path.endswith(".sh") or path.startswith(("bin/", ".ci/"))
    ]


def nothing_banned_is_called(tree: Tree) -> list[str]:
    found = []
    for bans, paths in (
        (CPP_BANS, tree.files(*CPP)),
        (PYTHON_BANS, tree.files(".py")),
        (SHELL_BANS, _shell_files(tree)),
    ):
        for path in paths:
            code = tree.code(path)
            for ban in bans:
                if path.startswith(ban.except_in):
                    continue
                found += [
                    f"{path}:{line_of(code, match.start())}: {match[0].strip()}: {ban.instead}"
                    for match in re.finditer(ban.pattern, code, re.MULTILINE)
                ]
    return found


def exceptions_are_needed(tree: Tree) -> list[str]:
    return [
        f"tests/tidy/banned.py: UNORDERED_ALLOWED names {path}, which has no unordered container"
        for path in UNORDERED_ALLOWED
        if path not in tree.paths or "unordered_" not in tree.code(path)
    ]


RULES = (nothing_banned_is_called, exceptions_are_needed)

# Undefined symbols, as the linker spells them, that no object of the floors may have.
SYMBOL_BANS = (
    Ban(r"clock_gettime|gettimeofday|time|timespec_get|ftime", _CLOCK),
    Ban(r"_ZNSt6chrono.*clock3nowEv", _CLOCK),
    Ban(
        r"localtime(_r)?|mktime|strftime(_l)?|tzset",
        "use clock/timestamp.h; there is no local time",
    ),
    Ban(r"sleep|usleep|nanosleep|clock_nanosleep|sched_yield|pause", _AWAIT),
    Ban(
        r"pthread_cond_(timedwait|clockwait)|sem_(timed|clock)wait|pthread_mutex_(timed|clock)lock",
        _AWAIT,
    ),
    Ban(r"_ZNSt28__atomic_futex_unsigned_base\d+_M_futex_wait_until.*", _AWAIT),
    Ban(r"_ZNSt18condition_variable10?wait_.*", _AWAIT),
    Ban(r"p?poll|p?select|epoll_p?wait", _AWAIT),
    Ban(r"rand(_r)?|srand|random|srandom|[dlm]rand48|arc4random\w*|getrandom|getentropy", _CHANCE),
    Ban(r"_ZNSt13random_device.*", _CHANCE),
)

# Objects in which they are real: the members of the archives, named after their source.
REAL_WORLD_OBJECTS = ("curl_transport.cpp.o", "http_front.cpp.o")


def archives(build: pathlib.Path) -> list[pathlib.Path]:
    """The static library of each floor but clock/, where time and chance are made."""
    return [
        build / floor / f"liblockstep_{floor}.a"
        for floor in FLOORS
        if floor not in ("clock", "cli")
    ]


def symbols_are_clean(libraries: list[pathlib.Path]) -> list[str]:
    found = []
    for library in libraries:
        if not library.is_file():
            found.append(f"{library.name}: is not built")
            continue
        listing = subprocess.run(
            ["nm", "--undefined-only", "--print-file-name", library],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for line in listing.splitlines():
            where, symbol = line.split(": ", 1)[0], line.split()[-1].split("@")[0]
            member = where.rsplit(":", 1)[-1]
            if member in REAL_WORLD_OBJECTS:
                continue
            found += [
                f"{library.name}({member}): imports {symbol}: {ban.instead}"
                for ban in SYMBOL_BANS
                if re.fullmatch(ban.pattern, symbol)
            ]
    return found
