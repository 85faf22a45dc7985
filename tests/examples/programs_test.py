"""The programs of the documents: short, the same as in examples/, and they do what they say."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))
from serving import Server  # noqa: E402

PROGRAMS = pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"]) / "examples"
# Each program, the names of the events that the service then has, and their routes.
DELIVERIES = {
    "service": (["order placed"], {"batch"}),
    "capture_v1": (["order placed", "$ai_generation"], {"v1", "ai"}),
    "track_segment": (["identify", "Order Placed", "group"], {"segment"}),
    "track_confidence": (["eventDefinitions/checkout"], {"confidence"}),
}


@pytest.mark.parametrize("program", DELIVERIES)
def test_it_delivers_to_a_strict_service_over_real_sockets(program):
    names, routes = DELIVERIES[program]
    with Server("mock", "--strict") as mock:
        done = subprocess.run([PROGRAMS / f"example_{program}", mock.url],
                              capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, f"{len(names)} delivered, 0 dropped\n")
        stored = mock.ask("GET", "/_control/stored")[1]["events"]
        assert sorted(event["event"] for event in stored) == sorted(names)
        assert {event["route"] for event in stored} == routes
        assert mock.ask("GET", "/_control/violations")[1]["violations"] == []


@pytest.mark.parametrize("program", DELIVERIES)
def test_it_is_short(program):
    assert len((ROOT / "examples" / f"{program}.cpp").read_text().splitlines()) <= 30


def test_the_document_of_protocols_shows_them_as_they_are():
    shown = re.findall(r"```cpp\n(.*?)```", (ROOT / "docs" / "protocols.md").read_text(), re.DOTALL)
    sources = {path.read_text() for path in (ROOT / "examples").glob("*.cpp")}
    assert len(shown) >= 3
    for program in shown:
        assert program in sources, program
