"""What Loki 3.5 knows of lines without reading them: the bounds, size and number of entries of a chunk."""

import math
from collections.abc import Sequence
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


def chunk_of(entries: Sequence[Entry]) -> Chunk:
    """All entries, at least one, as one chunk."""
    size = 0
    symbols: set[str] = set()
    for entry in entries:
        size += len(entry.line.encode()) + _SYMBOL * len(entry.metadata)
        symbols.update(entry.metadata.keys(), entry.metadata.values())
    times = [entry.ts for entry in entries]
    return Chunk(min(times), max(times), size + sum(len(text.encode()) for text in symbols), len(entries))
