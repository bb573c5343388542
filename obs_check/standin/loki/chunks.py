"""What Loki 3.5 knows of lines without reading them: the bounds, size and number of entries of a chunk."""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from obs_check.model.entry import Entry
from obs_check.model.window import MS

_KIB = 1024
_SYMBOL = 8
"""Bytes of a reference to a name and a value of structured metadata; their texts are kept once a chunk."""


class Chunk(NamedTuple):
    """Entries from `start_ns` to `end_ns`, both included; `size` in bytes, uncompressed."""

    start_ns: int
    end_ns: int
    size: int
    entries: int

    @property
    def kib(self) -> int:
        """The size as the index keeps it, in whole KiB."""
        return math.floor(self.size / _KIB + 0.5)

    def share(self, start_ns: int, end_ns: int) -> float:
        """The part of the chunk's time that a window covers; all of it for a chunk of one moment."""
        if start_ns > self.end_ns or end_ns < self.start_ns:
            return 0.0
        if self.start_ns == self.end_ns:
            return 1.0
        outside = max(0, start_ns - self.start_ns) + max(0, self.end_ns - end_ns)
        return (self.end_ns - self.start_ns - outside) / (self.end_ns - self.start_ns)

    def in_ms(self) -> "Chunk":
        """The chunk with bounds in whole ms, as the index has them."""
        return self._replace(start_ns=self.start_ns // MS * MS, end_ns=self.end_ns // MS * MS)


class ChunkLines(NamedTuple):
    """Lines with the same structured metadata: `start_ns` and `end_ns` are their first and last time, `size` the bytes
    of their texts."""

    start_ns: int
    end_ns: int
    size: int
    entries: int
    metadata: Mapping[str, str]


def lines_of(entries: Iterable[Entry]) -> Iterable[ChunkLines]:
    """Entries, each for itself."""
    return (ChunkLines(e.ts, e.ts, len(e.line.encode()), 1, e.metadata) for e in entries)


def chunk_of(lines: Iterable[ChunkLines]) -> Chunk | None:
    """All lines as one chunk; None without any."""
    size = count = 0
    symbols: set[str] = set()
    times: list[int] = []
    for part in lines:
        size += part.size + _SYMBOL * len(part.metadata) * part.entries
        count += part.entries
        symbols.update(part.metadata.keys(), part.metadata.values())
        times += (part.start_ns, part.end_ns)
    if not times:
        return None
    return Chunk(min(times), max(times), size + sum(len(text.encode()) for text in symbols), count)
