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


# Each program, and the reason that the backend leaves with the value; Unleash tells none.
FLAGS = {
    "flags_ofrep": "TARGETING_MATCH",
    "flags_unleash": "UNKNOWN",
    "flags_launchdarkly": "TARGETING_MATCH",
    "flags_statsig": "TARGETING_MATCH",
    "flags_posthog": "TARGETING_MATCH",
}


@pytest.mark.parametrize("program", FLAGS)
def test_it_evaluates_a_flag_over_real_sockets(program):
    flag = {"value": "v1", "variant": "v1",
            "subjects": {"user-1": {"value": "v2", "variant": "v2"}}}
    with Server("mock") as mock:
        assert mock.ask("POST", "/_control/configure", {"flags": {"checkout": flag}})[0] == 200
        done = subprocess.run([PROGRAMS / f"example_{program}", mock.url],
                              capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"v2 {FLAGS[program]}\n", "")


@pytest.mark.parametrize("program", FLAGS)
def test_without_a_server_it_says_so_and_goes_on_with_the_default(program):
    with Server("mock") as mock:
        url = mock.url
    done = subprocess.run([PROGRAMS / f"example_{program}", url],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "v1 ERROR\n")
    assert done.stderr.startswith("connect")


def test_it_evaluates_a_flag_out_of_the_documents_file(tmp_path):
    [file] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "flags.md").read_text(), re.DOTALL)
    flags = tmp_path / "flags.toml"
    for text, status, output in ((file, 0, "v2 TARGETING_MATCH\n"), ("[flags", 1, "v1 ERROR\n")):
        flags.write_text(text)
        done = subprocess.run([PROGRAMS / "example_flags_static", flags],
                              capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (status, output)
    assert done.stderr.startswith(f"{flags}:1:7: ")


@pytest.mark.parametrize("program", [*DELIVERIES, *FLAGS, "flags_static"])
def test_it_is_short(program):
    assert len((ROOT / "examples" / f"{program}.cpp").read_text().splitlines()) <= 30


@pytest.mark.parametrize(("document", "least"), [("protocols", 3), ("flags", 2)])
def test_the_documents_show_them_as_they_are(document, least):
    text = (ROOT / "docs" / f"{document}.md").read_text()
    shown = re.findall(r"```cpp\n(.*?)```", text, re.DOTALL)
    sources = {path.read_text() for path in (ROOT / "examples").glob("*.cpp")}
    assert len(shown) >= least
    for program in shown:
        assert program in sources, program
