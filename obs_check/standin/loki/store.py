"""The lines of one tenant, as a source of queries: the latest in memory, the others in DuckDB."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Entry, Labels, LogStream
from obs_check.standin.loki.archive import Archive, KeptStream
from obs_check.standin.loki.chunks import Chunk, ChunkLines, chunk_of, lines_of
from obs_check.standin.loki.stream import StoredStream, in_order


class StreamChunks(NamedTuple):
    """A stream as the index and the memory know it: what was flushed or kept over a restart, and what is fresh."""

    labels: Labels
    stored: list[Chunk]
    fresh: Chunk | None


class TenantStore:
    """The streams of one tenant; a Source of the LogQL engine. Safe to use from several threads.

    A line is in the head of its stream until `write_out` has moved it to the archive. Readers take the heads and the
    number of the last row that was announced under one lock, so they meet each line exactly once. A store that is never
    written out stays in memory.
    """

    def __init__(self, archive: Archive | None = None, tenant: str = "") -> None:
        self._archive = archive or Archive()
        self._tenant = tenant
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        """Held before `_lock`, by what changes the archive."""
        self._streams: dict[frozenset[tuple[str, str]], StoredStream] = {}
        self._listeners: list[Callable[[LogStream], None]] = []
        self._end = 0
        """Rows of the archive below are announced: no head has them any more."""
        self._flushed = 0
        """Rows of the archive below belong to stored chunks."""
        self._uncounted: list[StoredStream] = []
        """Streams kept over a restart whose chunk nobody has wanted yet."""

    def __len__(self) -> int:
        return len(self._streams)

    def find(self, labels: Labels) -> StoredStream | None:
        """The stream of exactly these labels."""
        with self._lock:
            return self._streams.get(frozenset(labels.items()))

    def restore(self, kept: KeptStream) -> None:
        """Take over a stream that the archive has kept."""
        with self._writing, self._lock:
            stream = StoredStream(kept.number, kept.labels, kept.newest)
            self._streams[frozenset(kept.labels.items())] = stream
            self._uncounted.append(stream)
            self._end = self._flushed = max(self._end, kept.end)

    def append(self, labels: Labels, entries: Iterable[Entry]) -> list[Entry]:
        """Store entries, creating the stream; returns those that were not there yet. Listeners are told of them."""
        entries = list(entries)
        key = frozenset(labels.items())
        with self._lock:
            stream = self._streams.get(key)
            if stream is None:
                stream = self._streams[key] = StoredStream(self._archive.new_stream(), labels)
            doubtful = stream.doubtful(entries)
            known = self._archive.known(stream.number, self._end, doubtful) if doubtful else frozenset()
            added = [entry for entry in entries if stream.add(entry, known)]
            listeners = list(self._listeners)
        if added:
            for listener in listeners:
                listener(LogStream(labels, added))
        return added

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[LogStream]:
        """See obs_check.logql.engine.source.Source."""
        wanted = stream_test(matchers)
        with self._lock:
            found = [(s, s.recent(start_ns, end_ns)) for s in self._streams.values() if wanted(s.labels)]
            older = [s.number for s, _ in found if s.written is not None and s.written >= start_ns]
            end = self._end
        written = self._archive.read(older, end, start_ns, end_ns) if older else {}
        selected = [LogStream(s.labels, in_order(written.get(s.number, []), recent)) for s, recent in found]
        return [s for s in selected if s.entries]

    def labels(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> list[Labels]:
        """The labels of what `select` finds, without reading the lines."""
        wanted = stream_test(matchers)
        with self._lock:
            found = [(s, bool(s.recent(start_ns, end_ns))) for s in self._streams.values() if wanted(s.labels)]
            older = [s.number for s, new in found if not new and s.written is not None and s.written >= start_ns]
            end = self._end
        present = self._archive.present(older, end, start_ns, end_ns) if older else set()
        return [s.labels for s, new in found if new or s.number in present]

    def chunks(self, matchers: Sequence[Matcher]) -> list[StreamChunks]:
        """The chunks of the streams that match."""
        wanted = stream_test(matchers)
        with self._writing:
            self._count_kept()
            with self._lock:
                found = [(s, list(s.stored), s.recent()) for s in self._streams.values() if wanted(s.labels)]
            sums = self._sums([s for s, _, _ in found], self._flushed, self._end)
        return [
            StreamChunks(s.labels, stored, chunk_of([*sums.get(s.number, ()), *lines_of(recent)]))
            for s, stored, recent in found
        ]

    def expire(self, before_ns: int) -> None:
        """Delete what is older; a stream stays known."""
        with self._writing:
            self._count_kept()
            with self._lock:
                for stream in self._streams.values():
                    stream.expire(before_ns)
            if self._end:
                self._archive.expire(self._tenant, before_ns)

    def write_out(self) -> None:
        """Move all heads to the archive. InputError when it fails; the lines are still answered, and are tried again
        with the next call."""
        with self._writing:
            self._write_out()

    def flush(self) -> None:
        """Move all heads to the archive and make a stored chunk of what is fresh in each stream."""
        with self._writing:
            self._write_out()
            streams = list(self._streams.values())
            self._count_kept()
            sums = self._sums(streams, self._flushed, self._end)
            with self._lock:
                for stream in streams:
                    if chunk := chunk_of(sums.get(stream.number, ())):
                        stream.stored.append(chunk)
                self._flushed = self._end

    def listen(self, listener: Callable[[LogStream], None]) -> Callable[[], None]:
        """Have new entries handed to `listener` (on the pushing thread); call the result to end that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    def _write_out(self) -> None:
        with self._lock:
            streams = [stream for stream in self._streams.values() if stream.begin_move()]
        if not streams:
            return
        end = self._archive.write(self._tenant, streams, self._end)
        with self._lock:
            self._end = end
            for stream in streams:
                stream.end_move()

    def _count_kept(self) -> None:
        """Loki has its chunks from before a restart; here all of a stream's lines from then are one."""
        if not self._uncounted:
            return
        sums = self._sums(self._uncounted, 0, self._flushed)
        with self._lock:
            for stream in self._uncounted:
                if chunk := chunk_of(sums.get(stream.number, ())):
                    stream.stored.append(chunk)
        self._uncounted = []

    def _sums(self, streams: Sequence[StoredStream], first: int, end: int) -> dict[int, list[ChunkLines]]:
        return self._archive.sums([s.number for s in streams], first, end) if first < end else {}
