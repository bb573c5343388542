"""The lines of one tenant in memory, as a source of queries."""

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from obs_check.lab.loki.chunks import Chunk, chunk_of
from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Entry, Labels, LogStream


def _time(entry: Entry) -> int:
    return entry.ts


class StoredStream:
    """Entries of one label set, ascending by time. `newest` is the latest time (ns) pushed since the start."""

    __slots__ = ("entries", "fresh", "labels", "newest", "stored")

    def __init__(self, labels: Labels, entries: list[Entry] | None = None) -> None:
        self.labels = labels
        self.entries: list[Entry] = entries or []
        self.newest: int | None = None
        self.stored: list[Chunk] = [chunk_of(self.entries)] if self.entries else []
        self.fresh: list[Entry] = []

    def add(self, entry: Entry) -> bool:
        """Insert in order; False when the same time and text is there already (Loki keeps it once)."""
        entries = self.entries
        self.newest = entry.ts if self.newest is None else max(self.newest, entry.ts)
        if not entries or entry.ts > entries[-1].ts:
            entries.append(entry)
            self.fresh.append(entry)
            return True
        low = bisect_left(entries, entry.ts, key=_time)
        high = bisect_right(entries, entry.ts, lo=low, key=_time)
        if any(known.line == entry.line for known in entries[low:high]):
            return False
        entries.insert(high, entry)
        self.fresh.append(entry)
        return True

    def flush(self) -> None:
        """Make a stored chunk of what is fresh."""
        if self.fresh:
            self.stored.append(chunk_of(self.fresh))
            self.fresh = []

    def between(self, start_ns: int, end_ns: int) -> list[Entry]:
        """Entries of `start_ns <= ts < end_ns`."""
        low = bisect_left(self.entries, start_ns, key=_time)
        return self.entries[low : bisect_left(self.entries, end_ns, lo=low, key=_time)]


class StreamChunks(NamedTuple):
    """A stream as the index and the memory know it: what was flushed or kept over a restart, and what is fresh."""

    labels: Labels
    stored: list[Chunk]
    fresh: Chunk | None


class TenantStore:
    """The streams of one tenant; a Source of the LogQL engine. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._streams: dict[frozenset[tuple[str, str]], StoredStream] = {}
        self._listeners: list[Callable[[LogStream], None]] = []

    def __len__(self) -> int:
        return len(self._streams)

    def find(self, labels: Labels) -> StoredStream | None:
        """The stream of exactly these labels."""
        with self._lock:
            return self._streams.get(frozenset(labels.items()))

    def restore(self, stream: LogStream) -> None:
        """Take over a stream that was kept on disk."""
        with self._lock:
            self._streams[frozenset(stream.labels.items())] = StoredStream(stream.labels, stream.entries)

    def append(self, labels: Labels, entries: Iterable[Entry]) -> list[Entry]:
        """Store entries, creating the stream; returns those that were not there yet. Listeners are told of them."""
        with self._lock:
            stream = self._streams.setdefault(frozenset(labels.items()), StoredStream(labels))
            added = [entry for entry in entries if stream.add(entry)]
            listeners = list(self._listeners)
        if added:
            for listener in listeners:
                listener(LogStream(labels, added))
        return added

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[LogStream]:
        """See obs_check.logql.engine.source.Source."""
        wanted = stream_test(matchers)
        with self._lock:
            found = [s for s in self._streams.values() if wanted(s.labels)]
            selected = [LogStream(s.labels, s.between(start_ns, end_ns)) for s in found]
        return [s for s in selected if s.entries]

    def chunks(self, matchers: Sequence[Matcher]) -> list[StreamChunks]:
        """The chunks of the streams that match."""
        wanted = stream_test(matchers)
        with self._lock:
            return [
                StreamChunks(s.labels, list(s.stored), chunk_of(s.fresh) if s.fresh else None)
                for s in self._streams.values()
                if wanted(s.labels)
            ]

    def expire(self, before_ns: int) -> None:
        """Delete what is older; a stream stays known."""
        with self._lock:
            for stream in self._streams.values():
                del stream.entries[: bisect_left(stream.entries, before_ns, key=_time)]
                stream.fresh = [entry for entry in stream.fresh if entry.ts >= before_ns]
                stream.stored = [chunk for chunk in stream.stored if chunk.end_ns >= before_ns]

    def flush(self) -> None:
        """Count everything that is stored as written to disk."""
        with self._lock:
            for stream in self._streams.values():
                stream.flush()

    def listen(self, listener: Callable[[LogStream], None]) -> Callable[[], None]:
        """Have new entries handed to `listener` (on the pushing thread); call the result to end that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end
