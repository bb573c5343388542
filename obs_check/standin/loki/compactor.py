"""The compactor of the lab Loki: deletes lines that are older than the retention period."""

import threading
from collections.abc import Callable

from obs_check.standin.loki.ingest import Ingest


class Compactor:
    """A thread that looks at every tenant again and again until `stop`. `clock` gives ns since the epoch."""

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
