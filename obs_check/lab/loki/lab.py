"""The lab Loki as one object: start, ask its `url`, stop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from obs_check.lab.loki.compactor import Compactor
from obs_check.lab.loki.counters import Counters
from obs_check.lab.loki.ingest import Ingest
from obs_check.lab.loki.limits import Limits
from obs_check.lab.loki.served import Served
from obs_check.lab.serve import Server


class LabLoki:
    """A Loki on loopback. `data_dir` keeps lines over restarts (None: memory only); `clock` gives ns since
    the epoch."""

    def __init__(
        self,
        data_dir: Path | None = None,
        limits: Limits | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._data_dir = data_dir
        self._limits = limits or Limits()
        self._host = host
        self._port = port
        self._clock = clock
        self._server: Server | None = None
        self._close: Callable[[], None] = lambda: None
        self._compactor: Compactor | None = None
        self.counters = Counters()
        self.served = Served()

    def start(self) -> Self:
        """Load what is kept and serve. Unavailable when the port is taken, InputError when the data cannot be read."""
        from obs_check.lab.loki.api import Api
        from obs_check.lab.loki.disk import Disk

        disk = Disk(self._data_dir) if self._data_dir else None
        ingest = Ingest(self._limits, self.counters, self._clock, disk)
        if disk is not None:
            for tenant, stream in disk.load():
                ingest.tenant(tenant).restore(stream)
            disk.start()
            self._close = disk.close
        if self._limits.retention_period:
            self._compactor = Compactor(ingest, self._clock)
        app = Api(ingest, self.counters, self._clock, self.served).application()
        self._server = Server(app, self._host, self._port, "lab-loki")
        try:
            self._server.start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop serving, then write what waits for the disk. Stopping twice is no error."""
        if self._server is not None:
            self._server.stop()
        if self._compactor is not None:
            self._compactor.stop()
            self._compactor = None
        close, self._close = self._close, lambda: None
        close()

    @property
    def url(self) -> str:
        """`http://host:port`; Unavailable when it is not running."""
        return self._running().url

    def wait(self) -> None:
        """Block until it is stopped."""
        self._running().wait()

    def _running(self) -> Server:
        return self._server if self._server is not None else Server(None, name="lab-loki")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
