"""A file of lines that one process only ever adds to, and that can be read whatever happened to that process."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from obs_check.errors import InputError, Unavailable

SYNC_S = 0.5
"""What is not handed to the disk at once is so at most this many seconds later, with the next lines."""
_HINT = "name a run that `inject` or `verify` sent"


class JournalFile:
    """Lines are with the kernel when `append` is back, so that they outlive this process; `durable` ones are on the
    disk. The file is locked as long as it is open, so that a reader can tell whether it is still written."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._synced_s = time.monotonic()

    @classmethod
    def create(cls, path: Path) -> Self:
        """A new file, which only its owner may read; its folder is made. Raises OSError, also where it exists."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        journal = cls(path, os.open(path, flags, 0o600))
        fcntl.flock(journal._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return journal

    def append(self, lines: bytes, durable: bool = False) -> None:
        """Add whole lines with one write; several threads may. Raises OSError."""
        view = memoryview(lines)
        while view:
            view = view[os.write(self._descriptor, view) :]
        if durable or time.monotonic() - self._synced_s > SYNC_S:
            self._synced_s = time.monotonic()
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Hand all to the disk and let go of the lock; raises OSError."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def journal_lines(path: Path) -> Iterator[bytes]:
    """The lines of a journal; a last one without its end, as a process leaves it that was killed, is none.

    Raises InputError for a file that cannot be read, Unavailable while a process writes it.
    """
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Unavailable(f"run {path.stem} is being sent right now", "wait until that has ended") from None
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", _HINT) from error


def remove_older(folder: Path, than_ns: int) -> None:
    """Remove the journals of a folder that nobody wrote to since a time (ns since the epoch); what cannot be removed
    stays."""
    for path in folder.glob("*.jsonl"):
        try:
            if path.stat().st_mtime_ns < than_ns:
                path.unlink()
        except OSError:
            continue


def remove_all_but(folder: Path, newest: int) -> None:
    """Remove all journals of a folder but the newest; one that a process writes stays. Raises OSError."""
    found = sorted(folder.glob("*.jsonl"), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    for path in found[newest:]:
        with path.open("rb") as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
