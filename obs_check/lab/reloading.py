"""How another process has a running lab read its files again: a unix socket whose path stands in the lab's folder."""

import contextlib
import os
import socket
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from obs_check.errors import ObsCheckError, Unavailable, UsageError
from obs_check.lab.own_folder import OwnFolder
from obs_check.serving import STOP_S

_POINTER = ".reload"
"""A file of the lab's folder: a unix socket's path has at most 107 bytes (Linux: sun_path), which the folder's own may
exceed."""
_DONE = b"done"


class Reloading:
    """While it is open, `ask_reload` of the folder calls `reload`, one at a time."""

    def __init__(self, directory: Path, reload: Callable[[], None]) -> None:
        self._pointer = directory / _POINTER
        self._held = OwnFolder("reload-")
        path = self._held.path / "socket"

        class ReloadHandler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                """Reload, and say how it went."""
                try:
                    reload()
                except ObsCheckError as error:
                    self.wfile.write(str(error).encode())
                else:
                    self.wfile.write(_DONE)

        self._server = socketserver.UnixStreamServer(str(path), ReloadHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="lab-reload", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._pointer.write_text(f"{self._server.server_address}\n", "utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._pointer.unlink(missing_ok=True)
        self._server.shutdown()
        self._thread.join(STOP_S)
        self._server.server_close()
        self._held.remove()


def ask_reload(directory: Path, limit_s: float = 60.0) -> None:
    """Have the lab of this folder read its files again, and wait for it, at most `limit_s` seconds. UsageError where no
    lab is up there, or where it cannot use its files; Unavailable when it does not answer."""
    none = UsageError(f"{directory}: no lab is up here", f"obs-check lab up --dir {directory}")
    try:
        path = (directory / _POINTER).read_text("utf-8").strip()
    except (OSError, UnicodeError):
        raise none from None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
        asked.settimeout(limit_s)
        try:
            asked.connect(os.fspath(path))
        except (OSError, ValueError):
            raise none from None
        said = b""
        with contextlib.suppress(OSError):
            while part := asked.recv(65_536):
                said += part
    if not said:
        raise Unavailable(f"the lab of {directory} did not answer", "look at the terminal of lab up")
    if said != _DONE:
        why = said.decode(errors="replace")
        raise UsageError(f"the lab of {directory} did not reload: {why}", "mend that file, then reload again")
