"""What can be seen of a run: its trace, as a table and as pictures."""

import json

import pytest

from lockstep import Simulation


@pytest.fixture
def trace():
    sim = Simulation(latency=0, name="a <run>")
    sim.server.respond(503, 400)
    client = sim.client(retry_initial_backoff=2, retry_jitter_percent=0, flush_interval=1)
    client.capture("u", "one")
    client.capture("u", "two")
    sim.run_for(1.5)
    client.capture("u", "three")
    sim.run_until_idle()
    return sim.trace


def test_entries_and_text(trace):
    assert [entry.at for entry in trace.labelled("request")] == [1.0, 3.0, 3.0]
    assert len(trace) == len(trace.entries) == len(str(trace).splitlines())
    assert trace.entries[-1].digest == trace.digest
    assert "a <run>" in repr(trace)


def test_queue_depth(trace):
    assert trace.queue_depth() == [(0.0, 2), (1.5, 3), (3.0, 0)]


def test_a_notebook_shows_the_timeline(trace, tmp_path):
    shown = trace._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and "a <run>" not in shown
    page = trace.save(tmp_path / "run.html").read_text()
    assert "<!doctype html>" in page.lower() and "http://" not in page.split("<script")[0]
    assert json.loads(trace.save(tmp_path / "run.json").read_text())["traceEvents"]
    assert trace.save(tmp_path / "run.txt").read_text() == str(trace)


def test_a_table(trace):
    pytest.importorskip("pandas")
    table = trace.to_pandas()
    assert len(table) == len(trace) and {"number", "at", "label", "cause"} <= set(table.columns)
    requests = table[table.label == "request"]
    assert list(requests.status) == ["503", "400", "200"] or list(requests["at"]) == [1, 3, 3]
    assert Simulation().trace.to_pandas().empty


def test_a_plot(trace):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = trace.plot()
    (line,) = axes.get_lines()
    assert list(line.get_xdata()) == [0.0, 1.5, 3.0] and list(line.get_ydata()) == [2, 3, 0]
    assert [patch.get_xy()[0][0] for patch in axes.patches] == [1.0]  # the pause
    assert sum(len(lines.get_segments()) for lines in axes.collections) == 3
    assert trace.plot(axes) is axes
