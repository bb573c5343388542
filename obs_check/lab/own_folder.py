"""Folders of a lab that nobody gave it, and its programs: gone at its end, and where its process was killed, with the
next lab."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from obs_check.errors import UsageError

_PREFIX = "obs-check-"
_LOCK = ".held"
"""Locked for as long as the process lives, however it ends."""
_GIVEN = ".lab"
"""As _LOCK, of a folder that somebody gave: that one is never removed, wherever it is and whatever it is called."""
_PROGRAM = ".program"
"""Names a program that was started for this folder's process."""
_END_S, _LOOK_S = 5.0, 0.05


class OwnFolder:
    """A new temporary folder; `name` is a part of its name. Those that killed processes left are removed first, and
    the programs that were noted there are ended."""

    def __init__(self, name: str = "") -> None:
        _clear()
        self.path, self._lock = _held(name)
        while not (self.path / _LOCK).exists():
            # Another process took it for one that was left, between its making and its lock.
            os.close(self._lock)
            self.path, self._lock = _held(name)

    def note_program(self, process_id: int) -> None:
        """Note the program, leader of a process group, that is to end with this process; one at a time."""
        if known := _known(process_id):
            (self.path / _PROGRAM).write_text(json.dumps({"process_id": process_id, "known": known}), "utf-8")

    def remove(self) -> None:
        """Delete it with all that is in it; twice is not an error."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


@contextlib.contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold a folder that somebody gave, for as long as the block or the process lives. UsageError where another lab
    does: both would write the same files, and only one would be reached by them."""
    handle = os.open(directory / _GIVEN, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{directory}: a lab is up here", "end it first, or give --dir another folder") from None
        yield
    finally:
        os.close(handle)


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
                _end_program(lock.parent / _PROGRAM)
                shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(handle)


def _known(process_id: int) -> list[str]:
    """When a process was started (ticks since the machine was) and its command line; [] for one that has ended, or
    where there is no /proc."""
    folder = Path("/proc") / str(process_id)
    try:
        # The second field, the name in brackets, may hold blanks and brackets; the 22nd is the start: proc_pid_stat(5).
        started = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
        command = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except (OSError, IndexError):
        return []
    return [started, *command] if command else []


def _end_program(note: Path) -> None:
    """End the program of a note, with its group, unless another process has its number by now."""
    try:
        written = json.loads(note.read_text("utf-8"))
        process_id, known = int(written["process_id"]), written["known"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if not known or _known(process_id) != known:
        return
    pause = threading.Event()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process_id, signal.SIGTERM)
        for _ in range(round(_END_S / _LOOK_S)):
            if _known(process_id) != known:
                return
            pause.wait(_LOOK_S)
        os.killpg(process_id, signal.SIGKILL)
