"""The shipper's own log: failed pushes and files it cannot open, in promtail's logfmt."""

import contextlib
import json
import threading
import time
from pathlib import Path

from obs_check.model.times import rfc3339


class ShipperLog:
    """Lines are added to a file, at once; None writes nothing. Safe to use from several threads. Alloy 1.11 says at
    level debug, which is not written, what promtail 3.5 warns of."""

    def __init__(self, path: Path | None, alloy: bool = False) -> None:
        self._path = path
        self._alloy = alloy
        self._lock = threading.Lock()

    def push(self, level: str, message: str, host: str, status: int, tenant: str, error: str) -> None:
        """A push that failed, in the words of promtail 3.5's client."""
        if self._alloy and level == "warn":
            return
        self._write(
            level,
            f"component=client host={host} msg={json.dumps(message)} status={status} tenant={tenant} "
            f"error={json.dumps(error)}",
        )

    def unopened(self, path: str, error: str) -> None:
        """A file that could not be opened, in the words of promtail 3.5's file target."""
        self._write(
            "error",
            f'caller=filetarget.go msg="failed to start tailer" error={json.dumps(error)} filename={json.dumps(path)}',
        )

    def seeked(self, path: str, offset: int) -> None:
        """Where reading of a file begins, in the words of promtail 3.5's tail."""
        message = f"Seeked {path} - &{{Offset:{offset} Whence:0}}"
        self._write("info", f"caller=log.go msg={json.dumps(message)}")

    def reopened(self, path: str, truncated: bool) -> None:
        """A file that is read from its start again."""
        message = f"Successfully reopened {'truncated ' * truncated}{path}"
        self._write("info", f"caller=log.go msg={json.dumps(message)}")

    def _write(self, level: str, rest: str) -> None:
        if self._path is None:
            return
        at = rfc3339(time.time_ns())
        with self._lock, contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(f"level={level} ts={at} {rest}\n")
