"""The hop `shipper` of a large run: as many lines of a file as it says that it read since the run began."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from obs_check.app.systems.shipping import Shipping
from obs_check.errors import ObsCheckError
from obs_check.follow.shipping import ShippingEvidence
from obs_check.follow.tally import Tally


class ShippedOfRun:
    """Which of the run's lines the shipper has read. It counts all lines of a file, so the run's are counted among all
    that were written since the run began; a promtail counts a line at once, and writes its offset up to 10 s later.

    `name_of` gives the shipper's name for a file; `shipping` has the snapshot in front of the run.
    """

    def __init__(self, tally: Tally, shipping: Shipping, name_of: Callable[[str], str], start_ns: int) -> None:
        self.tally = tally
        self._shipping = shipping
        self._name_of = name_of
        self._start_ns = start_ns
        self._waiting: dict[Path, deque[tuple[int, int]]] = {}
        self._lines: dict[Path, int] = {}

    def wrote(self, path: Path, n: int, ordinal: int) -> None:
        """Note that line number `ordinal` of those that were written to a file since the run began is of event `n`."""
        self._waiting.setdefault(path, deque()).append((ordinal, n))
        self._lines[path] = self._lines.get(path, 0) + 1

    def look(self) -> None:
        """Ask for its counters, and note the events whose lines were read."""
        before = self._shipping.before
        try:
            state = self._shipping.client.counters().value
        except ObsCheckError as error:
            self.tally.unknown = error.message
            return
        if before is None or before.started_s != state.started_s:
            self.tally.unknown = "the shipper was started while the run was sent: what it read before is not known"
            return
        self.tally.unknown = ""
        now = time.time_ns()
        for path, waiting in list(self._waiting.items()):
            name = self._name_of(str(path))
            was, file = before.file(name), state.file(name)
            grown = ((file.read_lines or 0) if file else 0) - ((was.read_lines or 0) if was else 0)
            while waiting and waiting[0][0] <= grown:
                self.tally.note_seen(waiting.popleft()[1], now)

    def tell(self) -> None:
        """Note what it says of the lines, once nothing is in flight any more."""
        if self.tally.unknown or not self._lines:
            return
        try:
            after = self._shipping.client.state().value
        except ObsCheckError as error:
            self.tally.unknown = error.message
            return
        lines = {self._name_of(str(path)): count for path, count in self._lines.items()}
        evidence = ShippingEvidence(after, lines, self._shipping.before, self._start_ns)
        self.tally.note = "; ".join(evidence.sentences())
