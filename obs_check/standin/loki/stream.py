"""One stream of the lab Loki: its lines that are not in DuckDB yet, and what is known of those that are."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Set

from obs_check.model.entry import Entry, Labels, entry_time
from obs_check.standin.loki.chunks import Chunk


def in_order(older: list[Entry], newer: list[Entry]) -> list[Entry]:
    """Both, each ascending by time, as one list; of entries of one time those of `older` come first."""
    if not older or not newer or older[-1].ts <= newer[0].ts:
        return older + newer
    return sorted(older + newer, key=entry_time)


class StoredStream:
    """Entries of one label set. New ones are in the head; from there they are moved to DuckDB: `moving` are those on
    the way. `newest` is the latest time (ns) pushed since the start, `written` the latest in DuckDB, None for none."""

    __slots__ = ("_head", "labels", "moving", "newest", "number", "stored", "written")

    def __init__(self, number: int, labels: Labels, written: int | None = None) -> None:
        self.number = number
        self.labels = labels
        self.newest: int | None = None
        self.written = written
        self.moving: list[Entry] = []
        self.stored: list[Chunk] = []
        self._head: list[Entry] = []

    def doubtful(self, entries: Iterable[Entry]) -> list[int]:
        """Times (ns) of the entries that may be in DuckDB already."""
        return [] if self.written is None else [entry.ts for entry in entries if entry.ts <= self.written]

    def add(self, entry: Entry, known: Set[tuple[int, str]]) -> bool:
        """Take an entry into the head; False when its time and text are in `known` (what DuckDB has) or on the way
        there or in the head (Loki keeps it once)."""
        self.newest = entry.ts if self.newest is None else max(self.newest, entry.ts)
        if (entry.ts, entry.line) in known or _has(self.moving, entry):
            return False
        head = self._head
        if not head or entry.ts > head[-1].ts:
            head.append(entry)
            return True
        if _has(head, entry):
            return False
        head.insert(bisect_right(head, entry.ts, key=entry_time), entry)
        return True

    def recent(self, start_ns: int | None = None, end_ns: int | None = None) -> list[Entry]:
        """What DuckDB does not have of `start_ns <= ts < end_ns`, ascending by time."""
        return in_order(_between(self.moving, start_ns, end_ns), _between(self._head, start_ns, end_ns))

    def begin_move(self) -> bool:
        """Begin to move the head, with what an earlier move could not; False when there is nothing to move."""
        self.moving, self._head = in_order(self.moving, self._head), []
        return bool(self.moving)

    def end_move(self) -> None:
        """What was moving is in DuckDB."""
        last = self.moving[-1].ts
        self.written = last if self.written is None else max(self.written, last)
        self.moving = []

    def expire(self, before_ns: int) -> None:
        """Forget what is older, and chunks with nothing newer."""
        self.moving = _between(self.moving, before_ns, None)
        self._head = _between(self._head, before_ns, None)
        self.stored = [chunk for chunk in self.stored if chunk.end_ns >= before_ns]


def _has(entries: list[Entry], entry: Entry) -> bool:
    if not entries or entry.ts > entries[-1].ts:
        return False
    low = bisect_left(entries, entry.ts, key=entry_time)
    high = bisect_right(entries, entry.ts, lo=low, key=entry_time)
    return any(known.line == entry.line for known in entries[low:high])


def _between(entries: list[Entry], start_ns: int | None, end_ns: int | None) -> list[Entry]:
    low = 0 if start_ns is None else bisect_left(entries, start_ns, key=entry_time)
    high = len(entries) if end_ns is None else bisect_left(entries, end_ns, lo=low, key=entry_time)
    return entries[low:high]
