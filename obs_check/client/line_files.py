"""Local log files as a source of metric queries that holds no more than a part of a file at a time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from obs_check.client.file_source import Timing, modified_ns
from obs_check.client.files import each_line
from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Entry, LogStream, entry_time

_HELD = 50_000


class LineFiles:
    """A Source over files as file_source.read_streams makes streams of them, read anew for every range.

    A stream comes in parts of `held` lines, each ascending by time; a metric is the same, a log query would not be.
    `untimed` and `undecodable` are those of FileStreams, of the last reading of each file.
    """

    def __init__(
        self, paths: Sequence[Path], labels: Mapping[str, str], time_key: str | None, held: int = _HELD
    ) -> None:
        self._streams = {path: {"filename": str(path), **labels} for path in paths}
        self._time_key = time_key
        self._held = held
        self._odd: dict[Path, tuple[int, int, int]] = {}

    @property
    def lines(self) -> int:
        """Lines of the last reading of each file."""
        return sum(lines for lines, _, _ in self._odd.values())

    @property
    def untimed(self) -> int:
        """Lines without a time of their own."""
        return sum(untimed for _, untimed, _ in self._odd.values())

    @property
    def undecodable(self) -> int:
        """Bytes that are no UTF-8."""
        return sum(undecodable for _, _, undecodable in self._odd.values())

    def bounds(self) -> tuple[int, int] | None:
        """Times (ns) of the first and the last line; None when there is no line. Raises InputError."""
        found: tuple[int, int] | None = None
        for path in self._streams:
            for part in self._parts(path):
                times = [entry.ts for entry in part] + list(found or ())
                found = (min(times), max(times))
        return found

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:
        """See Source.select. Raises InputError for a file that cannot be read."""
        wanted = stream_test(matchers)
        for path, labels in self._streams.items():
            for part in self._parts(path) if wanted(labels) else ():
                inside = [entry for entry in part if start_ns <= entry.ts < end_ns]
                inside.sort(key=entry_time)
                yield LogStream(labels, inside)

    def _parts(self, path: Path) -> Iterator[list[Entry]]:
        timing, lines, undecodable = Timing(self._time_key, partial(modified_ns, path)), 0, 0
        part: list[Entry] = []
        for text, bad in each_line(path):
            undecodable += bad
            if not text:
                continue
            part.append(Entry(timing.of(text), text))
            if len(part) == self._held:
                lines += len(part)
                yield part
                part = []
        self._odd[path] = lines + len(part), timing.untimed, undecodable
        if part:
            yield part
