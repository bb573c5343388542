"""The threads of the lab Loki: the writer moves lines from the heads of their streams to the archive, the compactor
deletes old ones."""

import threading
from collections.abc import Callable
from contextlib import nullcontext

from obs_check.errors import InputError
from obs_check.standin.loki.ingest import Ingest

_PAUSE_S = 0.1
"""Between two writes, so that a burst of pushes makes a few large ones: DuckDB takes them many times faster."""
_AGAIN_S = 1.0
"""After a write that failed."""


class Writer:
    """A thread that writes as soon as something was pushed, until `stop`. `say` gets a sentence when it cannot, and
    when it can again; meanwhile the lines are answered from memory."""

    def __init__(self, ingest: Ingest, say: Callable[[str], None] = lambda _text: None) -> None:
        self._ingest = ingest
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lab-loki writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread. InputError when it cannot be written, and is not kept otherwise."""
        self._stop.set()
        self._ingest.changed.set()
        self._thread.join()
        try:
            self._write()
        except InputError as error:
            if self._ingest.ahead is None:
                raise
            self._say(f"{error.message}; what was acknowledged is in the log beside it and read with the next start")

    def _run(self) -> None:
        self._ingest.archive.open()
        fails = False
        while not self._stop.wait(_AGAIN_S if fails else _PAUSE_S):
            self._ingest.changed.wait()
            self._ingest.changed.clear()
            try:
                self._write()
            except InputError as error:
                # What cannot be written stays with its stream.
                self._ingest.changed.set()
                if not fails:
                    self._say(f"{error.message}; lines wait in memory, and in the log where there is one")
                fails = True
            else:
                if fails:
                    self._say("lines are written again")
                fails = False

    def _write(self) -> None:
        with self._ingest.ahead.while_moving() if self._ingest.ahead is not None else nullcontext():
            for store in list(self._ingest.tenants.values()):
                store.write_out()


class Compactor:
    """A thread that deletes lines older than the retention period, until `stop`. `clock` gives ns since the epoch."""

    def __init__(self, ingest: Ingest, clock: Callable[[], int]) -> None:
        self._ingest = ingest
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lab-loki compactor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        limits = self._ingest.limits
        while not self._stop.wait(limits.compaction_interval_s):
            for store in list(self._ingest.tenants.values()):
                store.expire(self._clock() - limits.retention_period)
