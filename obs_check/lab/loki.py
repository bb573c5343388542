"""The lab Loki as one object: start, ask its `url`, stop."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from obs_check.logql.settings import EngineSettings
from obs_check.serving import Server, Startable
from obs_check.standin.loki.archive import Archive
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.served import Served
from obs_check.standin.loki.write_ahead import WriteAhead
from obs_check.standin.loki.writer import Compactor, Writer

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens; port 0 takes a free one. `hosts` are names with dots by which it may be asked, others
    are kept away as web pages are; None lets everybody ask."""

    host: str = "127.0.0.1"
    port: int = 0
    hosts: Collection[str] | None = ()


class LabLoki(Startable):
    """A Loki on loopback that has its lines in DuckDB: in `data_dir`, which keeps every line that was acknowledged,
    else (None) in memory. `clock` gives ns since the epoch; `say` gets a sentence when lines cannot be kept."""

    def __init__(
        self,
        data_dir: Path | None = None,
        limits: Limits | None = None,
        *,
        listening: Listening | None = None,
        clock: Callable[[], int] = time.time_ns,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._listening = listening or Listening()
        self._say = say
        self._data_dir = data_dir
        self._limits = limits or Limits()
        self._clock = clock
        self._server: Server | None = None
        self._archive: Archive | None = None
        self._ahead: WriteAhead | None = None
        self._compactor: Compactor | None = None
        self._writer: Writer | None = None
        self.counters = Counters()
        self.served = Served()

    def start(self) -> Self:
        """Open what is kept and serve, once more where it served before. Unavailable when the port is taken, InputError
        when the data cannot be read."""
        from obs_check.standin.loki.api import LokiApi
        from obs_check.standin.loki.web_pages import NoWebPages

        self._archive = archive = Archive(self._data_dir)
        if self._data_dir is not None:
            self._ahead = WriteAhead(self._data_dir, self._say)
        ingest = Ingest(self._limits, self.counters, self._clock, archive, self._ahead)
        if self._ahead is not None:
            self._restore(ingest, archive, self._ahead)
        self._writer = Writer(ingest, self._say)
        if self._limits.retention_period:
            self._compactor = Compactor(ingest, self._clock)
        app: ASGIApp = LokiApi(ingest, self.counters, EngineSettings(self._clock), self.served).application()
        at = self._listening
        if at.hosts is not None:
            app = NoWebPages(app, at.hosts)
        self._server = Server(app, at.host, at.port, "lab-loki")
        try:
            self._listening = replace(at, port=self._server.start().port)
        except BaseException:
            self.stop()
            raise
        return self

    @staticmethod
    def _restore(ingest: Ingest, archive: Archive, ahead: WriteAhead) -> None:
        try:
            for kept in archive.kept():
                ingest.tenant(kept.tenant).restore(kept)

            # Lines of the log that DuckDB has already are taken once, as those of any push.
            for logged in ahead.recovered():
                for tenant, stream in logged:
                    ingest.tenant(tenant).append(*stream)
                for store in ingest.tenants.values():
                    store.write_out()
        except BaseException:
            archive.close()
            raise

    def stop(self) -> None:
        """Stop serving, then write what waits. Stopping twice is not an error; InputError when it cannot be written."""
        if self._server is not None:
            self._server.stop()
        if self._compactor is not None:
            self._compactor.stop()
            self._compactor = None
        writer, self._writer = self._writer, None
        archive, self._archive = self._archive, None
        ahead, self._ahead = self._ahead, None
        try:
            if writer is not None:
                writer.stop()
        finally:
            if ahead is not None:
                ahead.close()
            if archive is not None:
                archive.close()

    @property
    def url(self) -> str:
        """`http://host:port`; Unavailable when it is not running."""
        return self._running().url

    def wait(self) -> None:
        """Block until it is stopped."""
        self._running().wait()

    def _running(self) -> Server:
        return self._server if self._server is not None else Server(None, name="lab-loki")
