"""Local log files as a source of metric queries that holds no more than a part of a file at a time."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from obs_check.client.files.line_times import Timing
from obs_check.client.files.search import MAX_LINE, each_line
from obs_check.client.files.source import Decoded, modified_ns, stream_labels
from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Entry, LogStream, entry_time

_HELD = 50_000


@dataclass(slots=True)
class _Reading:
    """What the first reading of a file found: the time (ns) of every line, 8 bytes each, and what is odd."""

    inode: int
    size: int
    times: "array[int]"
    untimed: int = 0
    undecodable: int = 0
    cut: int = 0

    def is_of(self, path: Path) -> bool:
        """Whether the file is still the one that was read, with all of its lines."""
        inode, size = _identity(path)
        return inode == self.inode and size >= self.size


class LineFiles:
    """A Source over files as file_source.read_streams makes streams of them, read anew for every range, though the
    times of the lines are looked for once: that takes longer than to read them.

    A stream comes in parts of `held` lines, each ascending by time; a metric is the same, a log query would not be.
    A file that grows meanwhile has the lines of its first reading. `untimed`, `undecodable`, `cut`: as FileStreams has
    them.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        labels: Mapping[str, str],
        time_key: str | None,
        held: int = _HELD,
        most: int = MAX_LINE,
    ) -> None:
        self._streams = {path: stream_labels(path, labels) for path in paths}
        self._time_key = time_key
        self._held = held
        self._most = most
        self._read: dict[Path, _Reading] = {}

    @property
    def lines(self) -> int:
        """Lines of the files that were read."""
        return sum(len(reading.times) for reading in self._read.values())

    @property
    def untimed(self) -> int:
        """Lines without a time of their own."""
        return sum(reading.untimed for reading in self._read.values())

    @property
    def undecodable(self) -> int:
        """Bytes that are not UTF-8."""
        return sum(reading.undecodable for reading in self._read.values())

    @property
    def cut(self) -> int:
        """Lines that were cut."""
        return sum(reading.cut for reading in self._read.values())

    def bounds(self) -> tuple[int, int] | None:
        """Times (ns) of the first and the last line; None when there is no line. Raises InputError."""
        for path in self._streams:
            for _ in self._first(path):
                pass
        times = [reading.times for reading in self._read.values() if reading.times]
        return (min(map(min, times)), max(map(max, times))) if times else None

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:
        """See Source.select. Raises InputError for a file that cannot be read."""
        wanted = stream_test(matchers)
        for path, labels in self._streams.items():
            for part in self._parts(path) if wanted(labels) else ():
                inside = [entry for entry in part if start_ns <= entry.ts < end_ns]
                inside.sort(key=entry_time)
                yield LogStream(labels, inside)

    def _parts(self, path: Path) -> Iterator[list[Entry]]:
        part: list[Entry] = []
        for entry in self._entries(path):
            part.append(entry)
            if len(part) == self._held:
                yield part
                part = []
        if part:
            yield part

    def _entries(self, path: Path) -> Iterator[Entry]:
        known = self._read.get(path)
        if known is None or not known.is_of(path):
            return self._first(path)
        return map(Entry, known.times, Decoded(each_line(path, self._most)))

    def _first(self, path: Path) -> Iterator[Entry]:
        """The lines with the times that they say."""
        timing, times = Timing(self._time_key, partial(modified_ns, path)), array("q")
        read = Decoded(each_line(path, self._most))
        inode, size = _identity(path)
        for entry in timing.of_all(read):
            times.append(entry.ts)
            yield entry
        self._read[path] = _Reading(inode, size, times, timing.untimed, read.undecodable, read.cut)


def _identity(path: Path) -> tuple[int, int]:
    """Inode and bytes; two zeros for a file that is gone."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size
