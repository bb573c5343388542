"""The lines of a lab Loki in DuckDB: one table of all tenants, in a file or in memory.

Every row has a number that grows within its tenant, and who reads names the number to stop at: rows of a write that has
not been announced yet are then not seen, although other connections have them already.
"""

import gc
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count, pairwise, repeat
from pathlib import Path
from typing import Any, NamedTuple

from obs_check.errors import InputError
from obs_check.model.entry import NO_METADATA, Entry, Labels
from obs_check.standin.loki.chunks import ChunkLines
from obs_check.standin.loki.stream import StoredStream

_WRITE = "INSERT INTO lines SELECT stream, number, ts, line, metadata FROM batch"
_WINDOW = "stream IN (SELECT unnest(?)) AND number < ? AND ts >= ? AND ts < ?"
_READ = f"SELECT stream, ts, line, metadata FROM lines WHERE {_WINDOW} ORDER BY stream, ts, number"
_PRESENT = f"SELECT DISTINCT stream FROM lines WHERE {_WINDOW}"
_KNOWN = (
    "SELECT ts, line FROM lines WHERE stream = ? AND number < ? AND ts BETWEEN ? AND ? AND ts IN (SELECT unnest(?))"
)
_SUMS = (
    "SELECT stream, min(ts), max(ts), sum(strlen(line)), count(*), metadata FROM lines "
    "WHERE stream IN (SELECT unnest(?)) AND number >= ? AND number < ? GROUP BY stream, metadata"
)
_EXPIRE = "DELETE FROM lines WHERE ts < ? AND stream IN (SELECT id FROM streams WHERE tenant = ?)"
_KEPT = (
    "SELECT tenant, labels, id, newest, last + 1 FROM streams "
    "JOIN (SELECT stream, max(ts) AS newest, max(number) AS last FROM lines GROUP BY stream) ON stream = id ORDER BY id"
)
_STREAMS = "CREATE TABLE IF NOT EXISTS streams (id INTEGER, tenant VARCHAR, labels VARCHAR)"
_LINES = "CREATE TABLE IF NOT EXISTS lines (stream INTEGER, number BIGINT, ts BIGINT, line VARCHAR, metadata VARCHAR)"
_STALE = "DELETE FROM streams WHERE id NOT IN (SELECT stream FROM lines)"
_HAS_FIRST = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'entries'"
_FROM_FIRST = (
    "INSERT INTO streams SELECT row_number() OVER (ORDER BY tenant, labels) - 1, tenant, labels "
    "FROM (SELECT DISTINCT tenant, labels FROM entries)",
    "INSERT INTO lines SELECT id, entries.rowid, ts, line, if(metadata = '{}', '', metadata) "
    "FROM entries JOIN streams USING (tenant, labels) ORDER BY entries.rowid",
    "DROP TABLE entries",
)
"""From the one table (tenant, labels, ts, line, metadata) whose rows were in the order of their arrival."""


class KeptStream(NamedTuple):
    """A stream that an earlier lab left: its number, the time (ns) of its newest line, and a number above those of all
    its rows."""

    tenant: str
    labels: Labels
    number: int
    newest: int
    end: int


class Archive:
    """DuckDB in `folder`, or in memory; opened, and imported, only when first needed. Safe to use from several threads,
    but for two writes of one tenant at a time. InputError when DuckDB cannot do what it is asked to."""

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / "lines.duckdb" if folder else None
        self._name = str(self._path or "memory")
        self._opening = threading.Lock()
        self._connection: Any = None
        self._streams = count()
        self._named: set[int] = set()

    def open(self) -> None:
        """Open it, once."""
        with self._opening:
            if self._connection is None:
                self._connection = self._connect()

    def _connect(self) -> Any:
        import duckdb

        try:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = duckdb.connect(str(self._path or ":memory:"))
            _prepare(connection)
        except (duckdb.Error, OSError) as error:
            raise InputError(
                f"{self._name}: cannot be opened as the lab Loki's store: {error}",
                "is it a folder of this lab alone, that can be written to? else name another one",
            ) from error
        return connection

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        self.open()
        import duckdb

        cursor = self._connection.cursor()
        try:
            yield cursor
        except duckdb.Error as error:
            raise InputError(
                f"{self._name}: the lab Loki's store fails: {error}", "is the disk full? start the lab again"
            ) from error
        finally:
            cursor.close()

    def kept(self) -> Iterator[KeptStream]:
        """The streams that are there; to be read before new ones are made."""
        with self._cursor() as cursor:
            rows = cursor.execute(_KEPT).fetchall()
        for tenant, labels, number, newest, end in rows:
            self._named.add(number)
            yield KeptStream(tenant, json.loads(labels), number, newest, end)
        self._streams = count(max(self._named, default=-1) + 1)

    def new_stream(self) -> int:
        """The number of a stream that is new."""
        return next(self._streams)

    def write(self, tenant: str, streams: Sequence[StoredStream], first: int) -> int:
        """Write what is moving of streams, numbered from `first` on; returns the number after the last."""
        import numpy

        entries = [entry for stream in streams for entry in stream.moving]
        names = [
            (stream.number, tenant, json.dumps(stream.labels, sort_keys=True))
            for stream in streams
            if stream.number not in self._named
        ]
        batch = {
            "stream": numpy.repeat([s.number for s in streams], [len(s.moving) for s in streams]),
            "number": numpy.arange(first, first + len(entries)),
            "ts": numpy.array([entry.ts for entry in entries], dtype=numpy.int64),
            "line": numpy.array([entry.line for entry in entries], dtype=object),
            "metadata": numpy.array([_text(tuple(entry.metadata.items())) for entry in entries], dtype=object),
        }
        with self._cursor() as cursor:
            cursor.register("batch", batch)
            cursor.begin()
            if names:
                cursor.executemany("INSERT INTO streams VALUES (?, ?, ?)", names)
            cursor.execute(_WRITE)
            cursor.commit()
        self._named.update(number for number, _, _ in names)
        return first + len(entries)

    def read(self, streams: Iterable[int], end: int, start_ns: int, end_ns: int) -> dict[int, list[Entry]]:
        """Entries by stream of rows below `end`, ascending by time."""
        import numpy

        with self._cursor() as cursor:
            found = cursor.execute(_READ, [list(streams), end, start_ns, end_ns]).fetchnumpy()
        numbers = found["stream"]
        texts = found["metadata"].tolist()
        metadata = {text: _metadata(text) for text in set(texts)}
        columns = found["ts"].tolist(), found["line"].tolist(), map(metadata.__getitem__, texts)
        with _collector_paused():
            # As Entry._make, without a call in Python for each.
            entries = list(map(tuple.__new__, repeat(Entry), zip(*columns, strict=True)))
        edges = [0, *(numpy.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), len(entries)]
        return {int(numbers[low]): entries[low:high] for low, high in pairwise(edges) if low < high}

    def present(self, streams: Iterable[int], end: int, start_ns: int, end_ns: int) -> set[int]:
        """The streams that have a row below `end` in the window."""
        with self._cursor() as cursor:
            rows = cursor.execute(_PRESENT, [list(streams), end, start_ns, end_ns]).fetchall()
        return {number for (number,) in rows}

    def known(self, stream: int, end: int, times: list[int]) -> set[tuple[int, str]]:
        """(ts, line) of what a stream has below `end` at any of the times, of which there is at least one."""
        with self._cursor() as cursor:
            return set(cursor.execute(_KNOWN, [stream, end, min(times), max(times), times]).fetchall())

    def sums(self, streams: Iterable[int], first: int, end: int) -> dict[int, list[ChunkLines]]:
        """Lines of rows `first <= number < end` by stream."""
        with self._cursor() as cursor:
            rows = cursor.execute(_SUMS, [list(streams), first, end]).fetchall()
        found: dict[int, list[ChunkLines]] = {}
        for stream, start_ns, end_ns, size, lines, metadata in rows:
            found.setdefault(stream, []).append(ChunkLines(start_ns, end_ns, int(size), lines, _metadata(metadata)))
        return found

    def expire(self, tenant: str, before_ns: int) -> None:
        """Delete a tenant's older rows."""
        with self._cursor() as cursor:
            cursor.execute(_EXPIRE, [before_ns, tenant])

    def close(self) -> None:
        """Close it for good; closing one that was never opened is not an error."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Many tuples are made at once, none of them in a cycle: looking for cycles would double the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@lru_cache(maxsize=1024)
def _text(metadata: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(metadata)) if metadata else ""


def _metadata(text: str) -> Mapping[str, str]:
    metadata: Labels = json.loads(text) if text else {}
    return metadata or NO_METADATA


def _prepare(connection: Any) -> None:
    """Make the tables where there are none. `labels` and `metadata` are JSON objects (no metadata: an empty text),
    `number` is the order of arrival; streams without lines are forgotten."""
    connection.begin()
    connection.execute(_STREAMS)
    connection.execute(_LINES)
    if connection.execute(_HAS_FIRST).fetchall():
        for statement in _FROM_FIRST:
            connection.execute(statement)
    connection.execute(_STALE)
    connection.commit()
