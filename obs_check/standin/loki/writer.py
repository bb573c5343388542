"""The writer of the lab Loki: moves lines from the heads of their streams to the archive."""

import contextlib
import threading

from obs_check.errors import InputError
from obs_check.standin.loki.ingest import Ingest

_PAUSE_S = 0.1
"""Between two writes, so that a burst of pushes makes a few large ones: DuckDB takes them many times faster."""


class Writer:
    """A thread that writes as soon as something was pushed, until `stop`."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lab-loki writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits and end the thread. InputError when it cannot be written."""
        self._stop.set()
        self._ingest.changed.set()
        self._thread.join()
        self._write()

    def _run(self) -> None:
        self._ingest.archive.open()
        while not self._stop.wait(_PAUSE_S):
            self._ingest.changed.wait()
            self._ingest.changed.clear()
            # What cannot be written stays with its stream: the next push tries again, and so does `stop`.
            with contextlib.suppress(InputError):
                self._write()

    def _write(self) -> None:
        for store in list(self._ingest.tenants.values()):
            store.write_out()
