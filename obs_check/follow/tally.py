"""The account of a large run at one hop: every event, in a few bytes each."""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from obs_check.follow.hop import PathName
from obs_check.model.event import Decision
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS
from obs_check.model.wording import count_noun

NAMED = 1000
"""Tags of one kind that are named; of more the rest is counted."""
_UNDATED = -1


@dataclass(frozen=True, slots=True)
class Moments:
    """When the events 1, 2, ... of a run were sent and answered (ns since the epoch, 0 where they were not), and the
    decisions that are expected."""

    run: str
    decisions: Sequence[Decision]
    sent_ns: "array[int]"
    answered_ns: "array[int]"

    @classmethod
    def of(cls, run: str, decisions: Sequence[Decision]) -> Self:
        """Of a run of which nothing was sent."""
        return cls(run, decisions, array("q", bytes(8 * len(decisions))), array("q", bytes(8 * len(decisions))))


class Tally:
    """Where and when the events 1, 2, ... of a run were seen at a hop: `decisions` are those expected, in that order,
    `late_s` how long an event may take to the hop after the hop before it."""

    def __init__(self, path: PathName, hop: str, run: str, decisions: Sequence[Decision], late_s: float) -> None:
        self.path = path
        self.hop = hop
        self.unknown = ""
        self.note = ""
        self.changed = 0
        """How many sightings there were so far."""
        self._run = run
        self._decisions = decisions
        self._late_ns = int(late_s * NS)
        self._seen_ns = array("q", bytes(8 * len(decisions)))
        self._times = bytearray(len(decisions))
        self._displaced: set[int] = set()
        self._unexpected: dict[str, None] = {}
        self._tag = re.compile(rf"obs={run}-(\d{{1,9}})-(allow|deny)".encode())

    def find(self, line: bytes) -> int:
        """The number of the event that a line is of; 0 where it is of none of the run. One that is not of the plan is
        noted as unexpected."""
        found = self._tag.search(line)
        if found is None:
            return 0
        n, decision = int(found[1]), found[2].decode()
        if 1 <= n <= len(self._decisions) and self._decisions[n - 1] == decision:
            return n
        self._unexpected[f"{self._run}-{n}-{decision}"] = None
        return 0

    def note_seen(self, n: int, at_ns: int = 0) -> None:
        """Note that a record of an event was found (ns since the epoch), 0 where nobody saw when it came: then it is
        not late, and has no latency."""
        self.changed += 1
        self._seen_ns[n - 1] = self._seen_ns[n - 1] or at_ns or _UNDATED
        self._times[n - 1] = min(255, self._times[n - 1] + 1)

    def set_counts(self, times: Sequence[int]) -> None:
        """Set how often a record of each event is there, where the whole was read anew. What was heard of and is not
        there was not seen."""
        self._times[:] = bytes(min(255, one) for one in times)
        for at, count in enumerate(times):
            if not count:
                self._seen_ns[at] = 0

    def note_displaced(self, n: int) -> None:
        """Note that a record stands behind one of an event that was sent once this one had been answered."""
        self._displaced.add(n)

    def is_seen(self, n: int) -> bool:
        """Whether an event was seen."""
        return self._seen_ns[n - 1] != 0

    def times(self, n: int) -> int:
        """How often a record of an event was found, 255 for more."""
        return self._times[n - 1]

    def when(self, n: int) -> int:
        """When an event was first seen (ns since the epoch), 0 where nobody saw it come."""
        return max(0, self._seen_ns[n - 1])

    @property
    def count(self) -> int:
        """How many events were seen."""
        return sum(1 for at in self._seen_ns if at)

    def complete(self, sent_ns: Sequence[int]) -> bool:
        """Whether every event that was sent was seen."""
        return all(seen or not sent for seen, sent in zip(self._seen_ns, sent_ns, strict=True))

    def verdict(self, sent_ns: Sequence[int]) -> Verdict:
        """unknown where the hop could not be asked; fail where an event is missing, doubled, late, out of its order, or
        not of the run."""
        if self.unknown:
            return Verdict.UNKNOWN
        odd = self._unexpected or self._displaced or any(times > 1 for times in self._times)
        return Verdict.FAIL if odd or not self.complete(sent_ns) else Verdict.OK

    def row(self, sent_ns: Sequence[int], before: "Tally | None") -> dict[str, Any]:
        """The hop's row: sent, seen, and by tag what is missing, late, doubled, displaced and unexpected; latencies
        from the sending on, in ms."""
        every = range(1, len(self._decisions) + 1)
        sent = [n for n in every if sent_ns[n - 1]]
        seen = [n for n in sent if self.is_seen(n)]
        dated = [n for n in seen if self.when(n)]
        delays = sorted((self.when(n) - sent_ns[n - 1]) / 1e6 for n in dated)
        late = [n for n in dated if self.when(n) - self._from(n, sent_ns, before) > self._late_ns]
        verdict = self.verdict(sent_ns)
        return {
            "path": self.path,
            "hop": self.hop,
            "sent": len(sent),
            "seen": len(seen),
            **self._named("missing", (n for n in sent if not self.is_seen(n))),
            **self._named("late", late),
            **self._named("duplicate", (n for n in sent if self._times[n - 1] > 1)),
            **self._named("displaced", sorted(self._displaced)),
            "unexpected": list(self._unexpected)[:NAMED],
            "latency_ms": _share(delays, 0.5),
            "p95_ms": _share(delays, 0.95),
            "max_ms": _share(delays, 1.0),
            "verdict": str(Verdict.FAIL if late and verdict is Verdict.OK else verdict),
            "note": self.unknown or "; ".join(filter(None, (self.note, _undated(len(seen) - len(dated))))),
            "events": [],
            "probes": [],
        }

    def _from(self, n: int, sent_ns: Sequence[int], before: "Tally | None") -> int:
        return (before.when(n) if before is not None else 0) or sent_ns[n - 1]

    def _named(self, kind: str, numbers: Sequence[int] | Iterator[int]) -> dict[str, Any]:
        tags = [f"{self._run}-{n}-{self._decisions[n - 1]}" for n in numbers]
        more = {f"{kind}_more": len(tags) - NAMED} if len(tags) > NAMED else {}
        return {kind: tags[:NAMED], **more}


def _undated(count: int) -> str:
    return f"nobody saw when {count_noun(count, 'event')} came" if count else ""


def _share(delays: Sequence[float], share: float) -> float | None:
    """The value that a share of the sorted values is at most; None without any."""
    return round(delays[min(len(delays) - 1, int(share * len(delays)))], 1) if delays else None
