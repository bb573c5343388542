"""One file that is read as it grows."""

import os
from pathlib import Path
from typing import Literal

CHUNK = 1 << 20
"""Bytes read at once."""


class Tail:
    """Complete lines of a file from `offset` (bytes) on. A last line without newline waits.

    As in promtail 3.5: a file that shrank is read from its start, also when it did so before watching began; one that
    was replaced meanwhile by a longer one is read from the old position on, so that its head is lost. A file replaced
    while it is watched (other inode) is read to its end first, then the new one from its start.
    """

    def __init__(self, path: str, offset: int) -> None:
        """Opens the file; raises OSError."""
        self.path = path
        self.offset = offset
        self._file = Path(path).open("rb")  # noqa: SIM115 (open as long as the tail)
        # promtail seeks to the position and its first poll finds the file shorter than that: a truncation.
        self._size = offset
        self.reopened: Literal["", "truncated", "moved"] = ""
        """Why it was begun from its start again since somebody last looked."""

    def read(self) -> list[str]:
        """The lines that are complete now and were not given before, without their newline; bytes that are not UTF-8
        are replaced. Raises FileNotFoundError when the file is gone and was read to its end."""
        status = os.fstat(self._file.fileno())
        if status.st_size < self._size:
            self.offset, self.reopened = 0, "truncated"
        self._size = status.st_size
        lines = self._complete()
        if lines:
            return lines
        now = os.stat(self.path)  # noqa: PTH116 (raises FileNotFoundError)
        if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
            self._file.close()
            self._file = Path(self.path).open("rb")  # noqa: SIM115
            self.offset, self._size, self.reopened = 0, 0, "moved"
            return self._complete()
        return []

    def _complete(self) -> list[str]:
        self._file.seek(self.offset)
        data = self._file.read(CHUNK)
        end = data.rfind(b"\n")
        while end < 0 and len(data) >= CHUNK and (more := self._file.read(CHUNK)):
            data += more
            end = data.rfind(b"\n")
        if end < 0:
            return []
        self.offset += end + 1
        return [line.decode("utf-8", "replace") for line in data[:end].split(b"\n")]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
