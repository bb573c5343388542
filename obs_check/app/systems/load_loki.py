"""The hop `loki` of a large run: lines are heard of as they come, asked for where none is, and counted at the end."""

import re
import time
from collections.abc import Iterable, Iterator
from itertools import pairwise
from threading import Lock

from obs_check.client.loki.client import LokiClient
from obs_check.errors import ObsCheckError
from obs_check.follow.hops import OF_PATH, queries_of
from obs_check.follow.tally import Moments, Tally
from obs_check.model.entry import Entry
from obs_check.model.window import NS, Window

QUIET_S = 2.0
"""Seconds without a line from a tail after which it is asked: the tail may be refused, slow or lost."""
OVERLAP_NS = 5 * NS
"""So much older (ns) than the newest line that is known a line may be and still be found by the next question."""
_PAGE = 5000
_FULL = 0.8
"""The share of a page that a slice of the whole is to fill, since lines do not come evenly."""
_MARGIN_NS = 60 * NS
"""So much later (ns) than now a line may be dated."""


class StoredOfRun:
    """The run's lines of one path in Loki, from `start_ns` on."""

    def __init__(self, tally: Tally, loki: LokiClient, moments: Moments, start_ns: int) -> None:
        self.tally = tally
        self._loki = loki
        self._events = len(moments.decisions)
        self._run = moments.run
        self._start_ns = start_ns - NS
        self._is_of_path = re.compile(OF_PATH[tally.path]).search
        self._found = ""
        self._last = -1.0
        self._newest_ns = 0
        self._heard_s = time.monotonic()
        self._noting = Lock()
        """The tail and the questions may bring the same line at once."""

    def heard(self, entries: Iterable[Entry]) -> None:
        """Note those of the lines that a tail brought that are of this path."""
        now = time.time_ns()
        for entry in entries:
            if self._is_of_path(entry.line):
                self._heard_s = time.monotonic()
                self._note(entry, now)

    def ask(self) -> None:
        """Note what came since the newest line that is known, where none is heard of."""
        if time.monotonic() - self._heard_s < QUIET_S:
            return
        try:
            now = time.time_ns()
            since = max(self._start_ns, self._newest_ns - OVERLAP_NS)
            for entry in self._entries([Window(since, now + NS)]):
                self._note(entry, now)
        except ObsCheckError as error:
            self.tally.unknown = error.message
        else:
            self.tally.unknown = ""

    def whole(self) -> None:
        """Read the whole anew where the number of lines has changed, and count how often each is there. Of what is
        found only now nobody knows when it came."""
        now = time.time_ns()
        window = Window(self._start_ns, now + _MARGIN_NS)
        try:
            query = self._query(window)
            if not query:
                return
            seconds = (window.end_ns - window.start_ns) // NS + 1
            count = self._loki.count(f"sum(count_over_time({query} [{seconds}s]))", window).value
            if count != self._last:
                times = [0] * self._events
                slices = _slices(self._start_ns, now, int(count / (_FULL * _PAGE)) + 1)
                for entry in self._entries([*slices, Window(now, window.end_ns)]):
                    if n := self.tally.find(entry.line.encode("utf-8", "surrogatepass")):
                        times[n - 1] += 1
                        self._note_first(n)
                with self._noting:
                    self.tally.set_counts(times)
                self._last = count
        except ObsCheckError as error:
            self.tally.unknown = error.message
        else:
            self.tally.unknown = ""

    def _note(self, entry: Entry, at_ns: int) -> None:
        n = self.tally.find(entry.line.encode("utf-8", "surrogatepass"))
        if n:
            self._newest_ns = max(self._newest_ns, entry.ts)
            self._note_first(n, at_ns)

    def _note_first(self, n: int, at_ns: int = 0) -> None:
        with self._noting:
            if not self.tally.is_seen(n):
                self.tally.note_seen(n, at_ns)

    def _query(self, window: Window) -> str:
        """A log query of the path's lines, by the first label name that finds some; "" where none does."""
        if not self._found:
            every = queries_of(self.tally.path, self._loki.labels(window).value, f"obs={self._run}-")
            self._found = next((query for query in every if self._loki.lines(query, window, 1).value), "")
        return self._found

    def _entries(self, windows: list[Window]) -> Iterator[Entry]:
        """The lines of windows; one with more than a page of them is asked for in halves."""
        todo = [*windows] if windows and self._query(Window(windows[0].start_ns, windows[-1].end_ns)) else []
        while todo:
            part = todo.pop()
            lines = self._loki.entries(self._found, part, _PAGE).value
            half = (part.start_ns + part.end_ns) // 2
            if len(lines) >= _PAGE and half > part.start_ns:
                todo += [Window(part.start_ns, half), Window(half, part.end_ns)]
                continue
            for stored in lines:
                yield Entry(stored.ts, stored.line)


def _slices(start_ns: int, end_ns: int, count: int) -> Iterator[Window]:
    """Equal windows, one behind the other."""
    bounds = [start_ns + (end_ns - start_ns) * at // count for at in range(count + 1)]
    return (Window(*pair) for pair in pairwise(bounds))
