"""Folders of a lab that nobody gave it: gone at its end, and where its process was killed, with the next lab."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "obs-check-"
_LOCK = ".held"
"""Locked for as long as the process lives, however it ends."""


class OwnFolder:
    """A new temporary folder; `name` is a part of its name. Those that killed processes left are removed first."""

    def __init__(self, name: str = "") -> None:
        _clear()
        self.path, self._lock = _held(name)
        while not (self.path / _LOCK).exists():
            # Another process took it for one that was left, between its making and its lock.
            os.close(self._lock)
            self.path, self._lock = _held(name)

    def remove(self) -> None:
        """Delete it with all that is in it; twice is not an error."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _held(name: str) -> tuple[Path, int]:
    """A new folder and the handle of its lock."""
    path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{name}"))
    handle = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return path, handle


def _clear() -> None:
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_LOCK}"):
        # Another's folder cannot be opened or is not ours to judge; one that is held has its process.
        with contextlib.suppress(OSError):
            if lock.parent.lstat().st_uid != os.getuid():
                continue
            handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)
