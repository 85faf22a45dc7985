"""The trace of a run: what happened, step by step in virtual time, and its pictures."""

from __future__ import annotations

import html
import pathlib
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, Union

from . import _lockstep
from ._results import TraceEntry

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas


class Trace:
    """A snapshot of a run's trace. Iterating gives its entries; in a notebook it draws itself."""

    def __init__(self, recording: _lockstep.Recording) -> None:
        self._recording = recording
        self._entries: Optional[List[TraceEntry]] = None

    @property
    def name(self) -> str:
        return self._recording.name

    @property
    def digest(self) -> int:
        """Two runs are the same when their digests are equal."""
        return self._recording.digest

    @property
    def entries(self) -> List[TraceEntry]:
        if self._entries is None:
            self._entries = self._recording.entries()
        return self._entries

    def __len__(self) -> int:
        return len(self._recording)

    def __iter__(self) -> Iterator[TraceEntry]:
        return iter(self.entries)

    def __str__(self) -> str:
        return self._recording.text()

    def __repr__(self) -> str:
        return f"<Trace of {self.name!r}: {len(self)} entries, digest {self.digest:016x}>"

    def labelled(self, label: str) -> List[TraceEntry]:
        """The entries of one kind: "capture", "send", "request", "answer", "outcome", ..."""
        return [entry for entry in self.entries if entry.label == label]

    def difference(self, other: Trace) -> Optional[str]:
        """Where another run parts from this one, with what came before; None: they are equal."""
        return self._recording.first_difference(other._recording)

    def to_html(self) -> str:
        """The timeline as a page that needs nothing else."""
        return self._recording.html()

    def to_chrome_trace(self) -> str:
        """The run as JSON that https://ui.perfetto.dev opens."""
        return self._recording.chrome()

    def save(self, path: Union[str, pathlib.Path]) -> pathlib.Path:
        """Writes the timeline (``.html``), the Chrome trace (``.json``) or the text."""
        file = pathlib.Path(path)
        writers = {".html": self.to_html, ".json": self.to_chrome_trace}
        file.write_text(writers.get(file.suffix, self.__str__)(), encoding="utf-8")
        return file

    def _repr_html_(self) -> str:
        page = html.escape(self.to_html(), quote=True)
        return f'<iframe srcdoc="{page}" style="width:100%;height:32em;border:0"></iframe>'

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each entry: number, at, label, cause, and a column for each field."""
        import pandas

        rows = [
            {"number": e.number, "at": e.at, "label": e.label, "cause": e.cause, **e.fields}
            for e in self.entries
        ]
        return pandas.DataFrame(rows, columns=None if rows else ["number", "at", "label", "cause"])

    def queue_depth(self) -> List[Tuple[float, int]]:
        """How many events were captured and had no outcome yet, whenever that changed."""
        pending: Dict[str, bool] = {}
        depth: List[Tuple[float, int]] = []
        for entry in self.entries:
            uuid = entry.fields.get("uuid", "")
            if entry.label == "capture" and entry.fields.get("admission") == "accepted":
                pending[uuid] = True
            elif entry.label == "outcome":
                pending.pop(uuid, None)
            else:
                continue
            if depth and depth[-1][0] == entry.at:
                depth.pop()
            depth.append((entry.at, len(pending)))
        return depth

    def plot(self, axes: Optional[matplotlib.axes.Axes] = None) -> matplotlib.axes.Axes:
        """Draws requests, pauses and the queue's depth against virtual time, with matplotlib."""
        if axes is None:
            import matplotlib.pyplot as pyplot

            axes = pyplot.subplots(figsize=(10, 3))[1]
        for start, end in self._pauses():
            axes.axvspan(start, end, color="0.85", zorder=0)
        for status, colour in (
            ("2", "tab:green"),
            ("3", "tab:red"),
            ("4", "tab:red"),
            ("5", "tab:orange"),
        ):
            times = [
                e.at for e in self.labelled("request") if e.fields.get("status", "")[:1] == status
            ]
            if times:
                axes.vlines(times, 0, 1, transform=axes.get_xaxis_transform(), colors=colour)
        depth = self.queue_depth()
        axes.step([at for at, _ in depth], [count for _, count in depth], where="post")
        axes.set_xlabel("virtual time [s]")
        axes.set_ylabel("events pending")
        axes.set_title(self.name)
        return axes

    def _pauses(self) -> List[Tuple[float, float]]:
        pauses: List[Tuple[float, float]] = []
        for entry in self.labelled("pause"):
            until = entry.fields["until"]
            pauses.append((entry.at, self.entries[-1].at if until == "never" else float(until)))
        return pauses


def snapshot(native: Any, name: str) -> Trace:
    """The trace of a native simulation as it is now."""
    return Trace(native.recording(name))
