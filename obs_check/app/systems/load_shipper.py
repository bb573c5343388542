"""The hop `shipper` of a large run: as many lines of a file as it says that it read since the run began, or, of a run
that is over, those in front of its offset."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from obs_check.app.systems.shipping import Shipping
from obs_check.errors import ObsCheckError
from obs_check.follow.shipping import ShippingEvidence, in_words, skipped_in_words
from obs_check.follow.tally import Tally
from obs_check.model.shipping import FileState
from obs_check.model.wording import count_noun


class ShippedOfRun:
    """Which of the run's lines the shipper has read. It counts all lines of a file, so the run's are counted among all
    that were written since the run began; a promtail counts a line at once, and writes its offset up to 10 s later.

    `name_of` gives the shipper's name for a file; `shipping` has the snapshot in front of the run. With `traced` the
    run is over: nobody counted before it, and a line in front of the file's offset was read. One behind it may have
    been, too, since the offset is written later.
    """

    def __init__(
        self, tally: Tally, shipping: Shipping, name_of: Callable[[str], str], start_ns: int, traced: bool
    ) -> None:
        self.tally = tally
        self._traced = traced
        self._shipping = shipping
        self._name_of = name_of
        self._start_ns = start_ns
        self._waiting: dict[Path, deque[tuple[int, int]]] = {}
        self._lines: dict[Path, int] = {}

    def wrote(self, path: Path, n: int, ordinal: int, end: int) -> None:
        """Note that line number `ordinal` of those that were written to a file since the run began is of event `n`, and
        ends in front of byte `end`."""
        self._waiting.setdefault(path, deque()).append((end if self._traced else ordinal, n))
        self._lines[path] = self._lines.get(path, 0) + 1

    def look(self) -> None:
        """Ask it, and note the events whose lines were read."""
        if self._traced:
            self._look_at_offsets()
        else:
            self._look_at_counters()

    def _look_at_offsets(self) -> None:
        try:
            state = self._shipping.client.state().value
        except ObsCheckError as error:
            self.tally.unknown = error.message
            return
        why: list[str] = []
        for path, waiting in self._waiting.items():
            name = self._name_of(str(path))
            file = state.file(name) or FileState(name, on_disk=True)
            while waiting and not file.skipped and file.offset is not None and waiting[0][0] <= file.offset:
                self.tally.note_seen(waiting.popleft()[1])
            if waiting:
                behind = f"{count_noun(len(waiting), 'line')} of the run may be read or not"
                why.append(f"{behind}: {skipped_in_words(file) if file.skipped else in_words(file)}")
        self.tally.unknown = "; ".join(why)

    def _look_at_counters(self) -> None:
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
