"""The hops of a large run: files that are read on, and Loki that is listened to, until every event is seen."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

from obs_check.app.systems.load_loki import StoredOfRun
from obs_check.app.systems.load_shipper import ShippedOfRun
from obs_check.app.systems.shipping import HERE, ShipperNames, Shipping
from obs_check.app.systems.tailing import listening
from obs_check.client.files.search import expand
from obs_check.client.loki.client import LokiClient
from obs_check.config import Config
from obs_check.follow.tally import Moments, Tally
from obs_check.follow.trace import SERVERS_S, TOLD_S
from obs_check.model.entry import Entry

LOOK_S = 0.2
"""Seconds between two looks at the files."""
ASK_S = 1.0
"""Seconds between two questions to the shipper, and to Loki where nothing is heard of it."""
_STOP_S = 2.0
"""Seconds that a look that is under way may take where the command is ended."""


@dataclass(frozen=True, slots=True)
class Means:
    """With what a large run is followed: its Loki, where there is one to ask; how long (s) a hop may take; and who is
    told of it. The shipper's configuration is read with `env`."""

    config: Config
    loki: LokiClient | None
    hop_s: float
    say: Callable[[str], None]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


class Follower:
    """Looks at files and listens to Loki, first while the events are sent, then until all are seen or nothing changes
    for as long as a hop may take. `traced` is when (ns) a run began that is over: when its events came nobody saw."""

    def __init__(
        self,
        moments: Moments,
        means: Means,
        traced: int = 0,
        shipping: Shipping | None = None,
    ) -> None:
        self.moments = moments
        config, loki = means.config, means.loki
        self._say = means.say
        self._config, self._loki = config, loki
        self._hop_s = max(means.hop_s, config.inject.settle_s)
        self._start_ns = traced or time.time_ns()
        self._live = not traced

        def tally(path: Any, hop: str) -> Tally:
            return Tally(path, hop, moments.run, moments.decisions, self._hop_s)

        self._egress = [tally("A", "egress"), tally("B", "egress")]
        self._files: list[_Files] = []
        self._shipped: list[ShippedOfRun] = []
        names = ShipperNames(HERE, config.shipper.config, shipping, means.env)
        for path, hop, glob in (("A", "file", config.boundary.logs), ("B", "coderd", config.coderd.logs)):
            if glob and loki is not None:
                shipped = None
                if shipping is not None:
                    found = tally(path, "shipper")
                    shipped = ShippedOfRun(found, shipping, names.of, self._start_ns, bool(traced))
                    self._shipped.append(shipped)
                self._files.append(_Files(tally(path, hop), glob, moments, shipped, self._live))
        self._lokis = []
        if loki is not None:
            self._lokis = [StoredOfRun(tally(path, "loki"), loki, moments, self._start_ns) for path in ("A", "B")]
        behind = [one.tally for hops in (self._files, self._shipped, self._lokis) for one in hops]
        self.tallies = sorted([*self._egress, *behind], key=lambda one: one.path)
        for files in self._files:
            files.look()
            files.begin()

    def egress(self, n: int, at_ns: int) -> None:
        """Note that the firewall decided an event as expected."""
        for one in self._egress:
            one.note_seen(n, at_ns)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """A block in which Loki tells what comes; `finish` is inside of it."""
        tail: AbstractContextManager[None] = nullcontext()
        if self._loki is not None and self._live:
            needle = f"obs={self.moments.run}-"
            tail = listening(self._config, self._loki, needle, self._start_ns, lambda _text: None, self._heard, 1)
        with tail:
            yield

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A block in which one thread looks at the files, and another asks: a slow answer makes no event late in a
        file."""
        with ExitStack() as threads:
            if self._lokis:
                threads.enter_context(_again_and_again("follow-files", self._look, LOOK_S))
                threads.enter_context(_again_and_again("follow-servers", self._ask, ASK_S))
            yield

    def _heard(self, entries: list[Entry]) -> None:
        for stored in self._lokis:
            stored.heard(entries)

    def _look(self) -> None:
        for files in self._files:
            files.look()

    def _ask(self) -> None:
        for shipped in self._shipped:
            shipped.look()
        for stored in self._lokis if self._live else ():
            stored.ask()

    def _whole(self) -> None:
        for stored in self._lokis:
            stored.whole()

    def finish(self) -> None:
        """Look until all is seen, or nothing has changed for the time that a hop may take. Loki is asked for the whole
        when nothing comes any more."""
        quiet_since = told = asked = time.monotonic()
        counted = 0.0
        sent = self.moments.sent_ns
        watched = [*(one.tally for one in self._files), *(one.tally for one in self._lokis)]
        before: list[int] = []
        while True:
            now = time.monotonic()
            self._look()
            if now - asked > ASK_S:
                asked = now
                self._ask()
            quiet = now - quiet_since
            over = quiet > self._hop_s or (quiet > ASK_S and all(one.complete(sent) for one in watched))
            if over or (quiet > ASK_S and now - counted > SERVERS_S):
                self._whole()
                counted = time.monotonic()
            if (changed := [one.changed for one in watched]) != before:
                before, quiet_since = changed, time.monotonic()
            elif over:
                break
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                there = ", ".join(f"path {one.path} {one.hop} {one.count}" for one in watched if not one.complete(sent))
                self._say(f"waiting for {there}: at most {self._hop_s - quiet:.0f} s more if nothing comes (--timeout)")
            time.sleep(LOOK_S)
        for shipped in self._shipped:
            shipped.look()
            shipped.tell()
        for one in self.tallies:
            row = one.row(sent, None)
            self._say(f"path {one.path} {one.hop}: {row['seen']} of {row['sent']} seen {row['note']}".rstrip())


@contextmanager
def _again_and_again(name: str, look: Callable[[], None], pause_s: float) -> Iterator[None]:
    """A block beside which a thread looks every `pause_s` seconds."""
    over = Flag()

    def run() -> None:
        while not over.wait(pause_s):
            look()

    thread = Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        over.set()
        # Whoever ends the command does not wait for the answer of a Loki that hangs.
        thread.join(_STOP_S)
        raise
    over.set()
    thread.join()


class _Files:
    """The files of a glob, read on from where they were read to; `shipped` is told of each line of the run. `live` says
    that what is found has just been written."""

    def __init__(self, tally: Tally, glob: str, moments: Moments, shipped: ShippedOfRun | None, live: bool) -> None:
        self.tally = tally
        self._live = live
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
                        begun = self._rest.pop(path, b"")
                        at = self._read.get(path, 0) - len(begun)
                        self._read[path] = file.tell()
                        self._take(path, at, begun + chunk)
            except FileNotFoundError:
                continue
            except OSError as error:
                self.tally.unknown = f"{path}: {error.strerror}"

    def _take(self, path: Path, at: int, text: bytes) -> None:
        """Note the lines of a text that begins at byte `at`."""
        now = time.time_ns() if self._live else 0
        *lines, self._rest[path] = text.split(b"\n")
        latest = self._latest.get(path, 0)
        before = self._lines.get(path, 0)
        self._lines[path] = before + len(lines)
        for ordinal, line in enumerate(lines, start=before + 1):
            at += len(line) + 1
            if self._needle not in line or not (n := self.tally.find(line)):
                continue
            if self._shipped is not None:
                self._shipped.wrote(path, n, ordinal, at)
            self.tally.note_seen(n, now)
            # Whoever was sent once this one had been answered has no right to stand before it.
            if self._answered_ns[n - 1] and latest > self._answered_ns[n - 1]:
                self.tally.note_displaced(n)
            latest = max(latest, self._sent_ns[n - 1])
        self._latest[path] = latest
