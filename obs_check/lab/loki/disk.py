"""Keeps pushed lines in a DuckDB file, written behind the answers."""

import json
import queue
import threading
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from obs_check.errors import InputError
from obs_check.model.entry import NO_METADATA, Entry, Labels, LogStream

_TABLE = (
    "CREATE TABLE IF NOT EXISTS entries (tenant VARCHAR, labels VARCHAR, ts BIGINT, line VARCHAR, metadata VARCHAR)"
)
_INSERT = "INSERT INTO entries SELECT unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)"
_Row = tuple[str, str, int, str, str]


class Disk:
    """One DuckDB file in `folder`. Rows are written by a thread of its own, in batches, in the order they came."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "lines.duckdb"
        try:
            self._connection: Any = duckdb.connect(str(path))
            self._connection.execute(_TABLE)
        except duckdb.Error as error:
            raise InputError(
                f"{path}: cannot be opened as the lab Loki's store: {error}",
                "another lab may use the folder; name another one",
            ) from error
        self._waiting: queue.SimpleQueue[list[_Row] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="lab-loki-disk", daemon=True)

    def load(self) -> Iterator[tuple[str, LogStream]]:
        """(tenant, stream) of all that is kept; to be read before `start`."""
        rows = self._connection.execute(
            "SELECT tenant, labels, ts, line, metadata FROM entries ORDER BY tenant, labels, ts, rowid"
        ).fetchall()
        for (tenant, labels), group in groupby(rows, key=lambda row: (row[0], row[1])):
            entries = [Entry(ts, line, json.loads(metadata) or NO_METADATA) for _, _, ts, line, metadata in group]
            yield tenant, LogStream(json.loads(labels), entries)

    def start(self) -> None:
        """Begin to write."""
        self._writer.start()

    def keep(self, tenant: str, labels: Labels, entries: list[Entry]) -> None:
        """Hand entries over to be written; returns at once."""
        name = json.dumps(labels, sort_keys=True)
        self._waiting.put([(tenant, name, e.ts, e.line, json.dumps(dict(e.metadata))) for e in entries])

    def close(self) -> None:
        """Write what waits and close the file."""
        self._waiting.put(None)
        self._writer.join()
        self._connection.close()

    def _write(self) -> None:
        ended = False
        while not ended:
            batch = [self._waiting.get()]
            while not self._waiting.empty():
                batch.append(self._waiting.get())
            ended = None in batch
            rows = [row for part in batch if part is not None for row in part]
            if rows:
                self._connection.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
