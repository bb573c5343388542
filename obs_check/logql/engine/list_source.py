"""Streams held in memory: for tests, local files, and as the reference of what a matcher means."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import LogStream, entry_time


class ListSource:
    """A Source over a list of streams, whose entries may come in any order."""

    def __init__(self, streams: Iterable[LogStream]) -> None:
        self._streams = [LogStream(s.labels, sorted(s.entries, key=entry_time)) for s in streams]

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:
        """See Source.select. Raises QueryError for a regular expression that does not compile."""
        wanted = stream_test(matchers)
        for stream in self._streams:
            if not wanted(stream.labels):
                continue
            first = bisect_left(stream.entries, start_ns, key=entry_time)
            last = bisect_left(stream.entries, end_ns, lo=first, key=entry_time)
            if first < last:
                yield LogStream(stream.labels, stream.entries[first:last])
