"""The hops of a large run: files that are read on, and Loki that is asked, until every event is seen."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

from obs_check.app.systems.load_shipper import ShippedOfRun
from obs_check.app.systems.shipping import HERE, ShipperNames, Shipping
from obs_check.client.files.search import expand
from obs_check.client.loki.client import LokiClient
from obs_check.config import Config
from obs_check.errors import ObsCheckError
from obs_check.follow.hops import queries_of
from obs_check.follow.tally import Moments, Tally
from obs_check.follow.trace import TOLD_S
from obs_check.model.window import NS, Window

LOOK_S = 0.2
"""Seconds between two looks at the files."""
ASK_S = 1.0
"""Seconds between two questions to Loki."""
_STOP_S = 2.0
"""Seconds that a look that is under way may take where the command is ended."""
_PAGE = 5000
_NEVER_S = 1e9
_MARGIN_NS = 60 * NS


class Follower:
    """Looks at files and asks Loki, first while the events are sent, then until all are seen or nothing changes for as
    long as a hop may take."""

    def __init__(
        self,
        moments: Moments,
        config: Config,
        loki: LokiClient | None,
        hop_s: float,
        say: Callable[[str], None],
        traced: int = 0,
        shipping: Shipping | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.moments = moments
        self._say = say
        self._hop_s = max(hop_s, config.inject.settle_s)
        self._start_ns = traced or time.time_ns()
        late_s = _NEVER_S if traced else self._hop_s

        def tally(path: Any, hop: str) -> Tally:
            return Tally(path, hop, moments.run, moments.decisions, late_s)

        self._egress = [tally("A", "egress"), tally("B", "egress")]
        self._files: list[_Files] = []
        self._shipped: list[ShippedOfRun] = []
        names = ShipperNames(HERE, config.shipper.config, shipping, env or {})
        for path, hop, glob in (("A", "file", config.boundary.logs), ("B", "coderd", config.coderd.logs)):
            if glob and loki is not None:
                shipped = ShippedOfRun(tally(path, "shipper"), shipping, names.of, self._start_ns) if shipping else None
                self._shipped += [shipped] if shipped else []
                self._files.append(_Files(tally(path, hop), glob, moments, shipped))
        self._lokis = []
        if loki is not None:
            self._lokis = [_Stored(tally(path, "loki"), loki, moments) for path in ("A", "B")]
        behind = [one.tally for hops in (self._files, self._shipped, self._lokis) for one in hops]
        self.tallies = sorted([*self._egress, *behind], key=lambda one: one.path)
        for files in self._files:
            files.look()
            files.begin()

    def egress(self, n: int, at_ns: int) -> None:
        """Note that the firewall decided an event as expected."""
        for one in self._egress:
            one.saw(n, at_ns)

    def watching(self) -> "_Watching":
        """A block in which a thread looks and asks."""
        return _Watching(self._look, bool(self._lokis))

    def _look(self, ask: bool) -> None:
        for files in self._files:
            files.look()
        if ask:
            for shipped in self._shipped:
                shipped.look()
            for stored in self._lokis:
                stored.ask(Window(time.time_ns() - 10 * NS, time.time_ns() + NS))

    def finish(self) -> None:
        """Look until all is seen, or nothing has changed for the time that a hop may take."""
        quiet_since = told = time.monotonic()
        sent = self.moments.sent_ns
        watched = [*(one.tally for one in self._files), *(one.tally for one in self._lokis)]
        while True:
            before = [one.changed for one in watched]
            for files in self._files:
                files.look()
            for shipped in self._shipped:
                shipped.look()
            for stored in self._lokis:
                stored.whole(Window(self._start_ns - NS, time.time_ns() + _MARGIN_NS))
            if [one.changed for one in watched] != before:
                quiet_since = time.monotonic()
            quiet = time.monotonic() - quiet_since
            if quiet > self._hop_s or (quiet > ASK_S and all(one.complete(sent) for one in watched)):
                break
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                there = ", ".join(f"path {one.path} {one.hop} {one.count}" for one in watched if not one.complete(sent))
                self._say(f"waiting for {there}: at most {self._hop_s - quiet:.0f} s more if nothing comes (--timeout)")
            time.sleep(LOOK_S)
        for shipped in self._shipped:
            shipped.tell()
        for one in self.tallies:
            row = one.row(sent, None)
            self._say(f"path {one.path} {one.hop}: {row['seen']} of {row['sent']} seen {row['note']}".rstrip())


class _Watching:
    def __init__(self, look: Callable[[bool], None], on: bool) -> None:
        self._look = look
        self._done = Flag()
        self._thread = Thread(target=self._run, name="follow-load", daemon=True) if on else None

    def __enter__(self) -> None:
        if self._thread is not None:
            self._thread.start()

    def __exit__(self, kind: object, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            # Whoever ends the command does not wait for the answer of a Loki that hangs.
            self._thread.join(None if kind is None else _STOP_S)

    def _run(self) -> None:
        asked = time.monotonic()
        while not self._done.wait(LOOK_S):
            ask = time.monotonic() - asked > ASK_S
            self._look(ask)
            asked = time.monotonic() if ask else asked


class _Files:
    """The files of a glob, read on from where they were read to; `shipped` is told of each line of the run."""

    def __init__(self, tally: Tally, glob: str, moments: Moments, shipped: ShippedOfRun | None) -> None:
        self.tally = tally
        self._shipped = shipped
        self._lines: dict[Path, int] = {}
        self._glob = glob
        self._needle = f"obs={moments.run}-".encode()
        self._sent_ns, self._answered_ns = moments.sent_ns, moments.answered_ns
        self._read: dict[Path, int] = {}
        self._latest: dict[Path, int] = {}
        self._rest: dict[Path, bytes] = {}

    def begin(self) -> None:
        """Count lines from here on."""
        self._lines.clear()

    def look(self) -> None:
        """Read what was added."""
        for path in expand(self._glob):
            try:
                with path.open("rb") as file:
                    file.seek(self._read.get(path, 0))
                    while chunk := file.read(1024 * 1024):
                        self._read[path] = file.tell()
                        self._take(path, self._rest.pop(path, b"") + chunk)
            except FileNotFoundError:
                continue
            except OSError as error:
                self.tally.unknown = f"{path}: {error.strerror}"

    def _take(self, path: Path, text: bytes) -> None:
        now = time.time_ns()
        *lines, self._rest[path] = text.split(b"\n")
        latest = self._latest.get(path, 0)
        before = self._lines.get(path, 0)
        self._lines[path] = before + len(lines)
        for ordinal, line in enumerate(lines, start=before + 1):
            if self._needle not in line or not (n := self.tally.find(line)):
                continue
            if self._shipped is not None:
                self._shipped.wrote(path, n, ordinal)
            self.tally.saw(n, now)
            # Whoever was sent once this one had been answered has no right to stand before it.
            if self._answered_ns[n - 1] and latest > self._answered_ns[n - 1]:
                self.tally.displaced(n)
            latest = max(latest, self._sent_ns[n - 1])
        self._latest[path] = latest


class _Stored:
    """The run's lines of one path in Loki."""

    def __init__(self, tally: Tally, loki: LokiClient, moments: Moments) -> None:
        self.tally = tally
        self._events = len(moments.decisions)
        self._loki = loki
        self._run = moments.run
        self._found = ""
        self._last = -1.0

    def ask(self, window: Window) -> None:
        """Note what is new in a window."""
        try:
            for line in self._lines(window):
                if (n := self.tally.find(line)) and not self.tally.seen(n):
                    self.tally.saw(n, time.time_ns())
        except ObsCheckError as error:
            self.tally.unknown = error.message
        else:
            self.tally.unknown = ""

    def whole(self, window: Window) -> None:
        """Read the whole anew where their number has changed, and count how often each is there."""
        try:
            query = self._query(window)
            if not query:
                return
            seconds = (window.end_ns - window.start_ns) // NS + 1
            count = self._loki.count(f"sum(count_over_time({query} [{seconds}s]))", window).value
            if count == self._last:
                return
            times = [0] * self._events
            for line in self._lines(window):
                if n := self.tally.find(line):
                    times[n - 1] += 1
                    if not self.tally.seen(n):
                        self.tally.saw(n, time.time_ns())
            self.tally.counted(times)
            self.tally.unknown = ""
            self._last = count
        except ObsCheckError as error:
            self.tally.unknown = error.message

    def _query(self, window: Window) -> str:
        """A log query of the path's lines, by the first label name that finds some; "" where none does."""
        if not self._found:
            every = queries_of(self.tally.path, self._loki.labels(window).value, f"obs={self._run}-")
            self._found = next((query for query in every if self._loki.lines(query, window, 1).value), "")
        return self._found

    def _lines(self, window: Window) -> Iterator[bytes]:
        query = self._query(window)
        todo = [window] if query else []
        while todo:
            part = todo.pop()
            entries = self._loki.entries(query, part, _PAGE).value
            half = (part.start_ns + part.end_ns) // 2
            if len(entries) >= _PAGE and half > part.start_ns:
                todo += [Window(part.start_ns, half), Window(half, part.end_ns)]
                continue
            for entry in entries:
                yield entry.line.encode("utf-8", "surrogatepass")
