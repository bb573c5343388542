"""What was seen of a run at one hop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from obs_check.errors import NotAllowed, ObsCheckError, Refused
from obs_check.follow.run import Run
from obs_check.follow.shipping import ShippingEvidence
from obs_check.model.entry import Labels
from obs_check.model.probe import Probe
from obs_check.model.secret import end_within
from obs_check.model.verdict import Verdict

PathName = Literal["A", "B"]
Stored = tuple[Labels, str]
"""A line with the labels of its stream."""
LINES_OF_TAG = 3
"""Lines with one tag that are kept of a hop: a second one says that it came twice."""
LINE_CHARS = 8192
"""Characters of a line that are kept."""


@dataclass(frozen=True, slots=True)
class SeenLine:
    """A line with a tag as it was found: in a file `offset` is its first byte there, in Loki it has the labels of its
    stream and a time (ns since the epoch)."""

    line: str
    file: str = ""
    offset: int | None = None
    labels: Labels | None = None
    ts_ns: int | None = None

    def to_json(self) -> dict[str, Any]:
        """{"line", "cut", "file", "offset", "labels", "ts_ns"}; `cut` are the characters that were left out."""
        end = end_within(self.line, LINE_CHARS)
        return {
            "line": self.line[:end],
            "cut": len(self.line) - end,
            "file": self.file,
            "offset": self.offset,
            "labels": self.labels,
            "ts_ns": self.ts_ns,
        }


@dataclass(slots=True)
class HopSeen:
    """Tags seen at a hop with the time they were first seen there (ns since the epoch).

    `wanted` are the tags that have to be there. `unknown` says why nothing can be claimed ("" when it can), `denied`
    that it is for want of rights, `refused` that the question was answered and refused.
    """

    path: PathName
    hop: str
    wanted: tuple[str, ...]
    seen: dict[str, int] = field(default_factory=dict)
    note: str = ""
    unknown: str = ""
    denied: bool = False
    refused: bool = False
    probes: list[Probe] = field(default_factory=list)
    doubt: set[str] = field(default_factory=set)
    """Tags of which nobody knows whether they were sent, shared by all hops of a run: one that is seen at any hop
    leaves it. None of them is missing."""
    waiting: bool = False
    """Whether its time is not up: what is missing may still come."""
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    """At a hop that looks into files: the file of each tag and the first byte of its line in it."""
    lines: dict[str, list[SeenLine]] = field(default_factory=dict)
    """At a hop that looks for lines: the first LINES_OF_TAG of each tag."""
    stored: dict[str, list[Stored]] = field(default_factory=dict)
    """At the hop `loki`: its lines by tag, as they were when they were last looked for."""
    shipping: ShippingEvidence | None = None
    """At the hop `shipper`: what the shipper said of itself."""

    @property
    def missing(self) -> list[str]:
        """Wanted tags that were sent and not seen, in the order they were sent."""
        return [t for t in self.wanted if t not in self.seen and t not in self.doubt]

    @property
    def unanswered(self) -> bool:
        """Whether the system did not answer when it was last asked, though it may let us in."""
        return bool(self.unknown) and not self.denied

    @property
    def complete(self) -> bool:
        """Every wanted tag was seen."""
        return not self.missing

    def keep(self, tag: str, line: SeenLine) -> None:
        """Keep a line with a tag, once."""
        kept = self.lines.setdefault(tag, [])
        if len(kept) < LINES_OF_TAG and line not in kept:
            kept.append(line)

    def note_unasked(self, error: ObsCheckError) -> None:
        """Note that the hop could not be asked: nothing can be claimed of it, until it can."""
        self.unknown, self.denied = error.message, isinstance(error, NotAllowed)
        self.refused = isinstance(error, Refused)

    def note_asked(self) -> None:
        """Note that the hop was asked."""
        self.unknown, self.denied, self.refused = "", False, False

    @property
    def verdict(self) -> Verdict:
        """unknown when the hop could not be asked, or was not waited for to the end, and at the egress while something
        may have been sent and was seen nowhere; fail when a tag is missing."""
        if self.unknown or (self.waiting and not self.complete):
            return Verdict.UNKNOWN
        if self.hop == "egress" and self.doubt and self.complete:
            return Verdict.UNKNOWN
        return Verdict.OK if self.complete else Verdict.FAIL

    def to_row(self, run: Run) -> dict[str, Any]:
        """A row of the hop table; latency is the median of first seen minus sent, in ms (None when nothing is).
        `events` says of every tag when it was first seen here (ns since the epoch, None if it was not), and in which
        lines."""
        sent_at = {s.event.tag: s.event.sent_ns for s in run.sent}
        delays = sorted((at - sent_at[tag]) / 1e6 for tag, at in self.seen.items() if tag in sent_at)
        return {
            "path": self.path,
            "hop": self.hop,
            "sent": len(self.wanted) - len(self.doubt),
            "seen": sum(tag in self.seen for tag in self.wanted),
            "missing": self.missing,
            "latency_ms": round(delays[len(delays) // 2], 1) if delays else None,
            "verdict": str(self.verdict),
            "note": self.told(),
            "events": [
                {
                    "tag": tag,
                    "seen_ns": self.seen.get(tag),
                    "lines": [line.to_json() for line in self.lines.get(tag, ())],
                }
                for tag in self.wanted
            ],
            "probes": [probe.to_json() for probe in self.probes],
            **({"shipper": self.shipping.to_json()} if self.shipping else {}),
        }

    def told(self) -> str:
        """The note, and behind it what the shipper says."""
        if self.hop == "egress" and self.doubt:
            first = next(tag for tag in self.wanted if tag in self.doubt)
            more = f" and {len(self.doubt) - 1} more" if len(self.doubt) > 1 else ""
            return f"{first}{more}: nobody knows whether it was sent, obs-check ended before; it was seen nowhere"
        if self.waiting and not self.complete and not self.unknown:
            return "; ".join(text for text in ("its time was not up", self.note) if text)
        if self.unknown or self.shipping is None:
            return self.unknown or self.note
        return "; ".join(text for text in (self.note, *self.shipping.sentences()) if text)


Look = Callable[[], None]
"""Looks once at a hop and adds what is new to its HopSeen."""
