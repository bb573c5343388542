"""What was found at each hop: the probes that looked there, and the lines with the run's tags as they stand there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.model.wording import count_noun
from obs_check.report.html.grid import moment
from obs_check.report.html.probes import NumberedProbe, Probes
from obs_check.report.html.runs import ToldRun

_MOST_EVENTS = 100
"""Events of one hop whose lines the page shows; the document has all."""


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line as it stands in a file or in Loki; `where` says which, `cut` how many characters are left out."""

    where: str
    line: str
    cut: int


@dataclass(frozen=True, slots=True)
class ToldHop:
    """`row` is the anchor of its row in the table; `events` are (tag, when it was first seen there, its lines)."""

    anchor: str
    row: str
    name: str
    probes: Sequence[NumberedProbe]
    events: Sequence[tuple[str, str, Sequence[FoundLine]]]
    left_out: int

    @property
    def evidence(self) -> tuple[str, str]:
        """What the table says of it, and where that leads."""
        lines = sum(len(lines) for _, _, lines in self.events)
        number, word = (lines, "line") if lines else (len(self.probes), "probe")
        return (count_noun(number, word), self.anchor) if number else ("", "")


def told_hops(run: ToldRun, probes: Probes) -> list[ToldHop]:
    """The hops in their order; the probes of each get their numbers."""
    found = []
    for hop in run.rows("hops"):
        path, name = hop.get("path"), hop.get("hop")
        row = run.anchor("hop", path, name)
        said = f"hop {name}, path {path}"
        asked = [probes.take(run, probe, (row, said)) for probe in hop.get("probes") or ()]
        events = [event for event in hop.get("events") or () if event.get("lines")]
        shown = [
            (str(event.get("tag")), moment(event.get("seen_ns")), [_line(line) for line in event["lines"]])
            for event in events[:_MOST_EVENTS]
        ]
        left_out = len(events) - len(shown)
        found.append(ToldHop(run.anchor("lines", path, name), row, said, asked, shown, left_out))
    return found


def _line(line: Mapping[str, Any]) -> FoundLine:
    labels = line.get("labels")
    if isinstance(labels, Mapping):
        where = "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"
        where = f"{where} at {moment(line.get('ts_ns'))}"
    elif line.get("file"):
        where = f"{line['file']}, byte {line.get('offset')}"
    else:
        where = ""
    return FoundLine(where, str(line.get("line") or ""), int(line.get("cut") or 0))
