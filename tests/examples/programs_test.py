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
    "capture_v1": (["$identify", "order placed"], {"v1"}),
    "capture_client": (["$screen", "order placed"], {"event"}),
    "capture_ai": (["$ai_generation"], {"ai"}),
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
    "flags_posthog": "TARGETING_MATCH",
    "flags_unleash": "UNKNOWN",
    "flags_launchdarkly": "TARGETING_MATCH",
    "flags_statsig": "TARGETING_MATCH",
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


@pytest.mark.parametrize(("file", "says"), [
    ("[flags.new-checkout]\nvariants = { on = true }\ndefault = 'on'\n", "the new checkout\n"),
    ("", "the old checkout\n"),
])
def test_a_switch_is_on_where_the_file_says_so(tmp_path, file, says):
    (tmp_path / "flags.toml").write_text(file)
    done = subprocess.run([PROGRAMS / "example_flags_switch"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, says)


def test_a_retry_takes_virtual_time_and_sends_the_same_event():
    done = subprocess.run([PROGRAMS / "example_retry_in_virtual_time"],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r" /batch/  (\d+)  attempt (\d)", done.stdout) == [
        ("503", "1"), ("503", "2"), ("200", "3")]


# Each document with C++ in it, and the programs that it shows.
SHOWN = {
    "README.md": ["service", "flags_switch", "retry_in_virtual_time"],
    "docs/protocols.md": ["service", "capture_v1", "capture_client", "capture_ai", "track_segment",
                          "track_confidence"],
    "docs/flags.md": ["flags_static", *FLAGS],
}


@pytest.mark.parametrize("program", sorted({name for names in SHOWN.values() for name in names}))
def test_it_is_short(program):
    assert len((ROOT / "examples" / f"{program}.cpp").read_text().splitlines()) <= 30


def test_the_documents_show_them_as_they_are():
    names = {path.read_text(): path.stem for path in (ROOT / "examples").glob("*.cpp")}
    shown = {}
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for program in re.findall(r"^```cpp\n(.*?)^```$", document.read_text(), re.DOTALL | re.M):
            assert program in names, f"{document}: differs from every example:\n{program}"
            shown.setdefault(str(document.relative_to(ROOT)), []).append(names[program])
    assert shown == SHOWN


def programs_of(document):
    return "".join((ROOT / "examples" / f"{name}.cpp").read_text() for name in SHOWN[document])


def test_every_protocol_has_a_program():
    options = (ROOT / "sdk" / "options.h").read_text()
    names = re.findall(r'"(\w+)"', re.search(r"kCaptureNames\{(.*?)\}", options, re.DOTALL)[1])
    asked_for = re.findall(r"Capture::(\w+)", programs_of("docs/protocols.md"))
    assert ["v0", *asked_for] == names  # v0 is the default
    assert "capture_ai(" in programs_of("docs/protocols.md")


def test_every_backend_has_a_program():
    public = (ROOT / "cmake" / "Package.cmake").read_text()
    backends = re.findall(r"\bproviders/(\w+)\.h", public)
    asked = re.findall(r"<lockstep/providers/(\w+)\.h>", programs_of("docs/flags.md"))
    assert sorted(asked) == sorted(backends) != []
