"""The write-ahead log of a lab Loki that keeps its lines: a push is on the disk before it is acknowledged, and stays in
the log until DuckDB has its lines.

Files `lines-<n>.log`, each a row of records: length and CRC-32 of the body (4 bytes each, little endian), then the
body, a list of pushes in MessagePack. A record is what waited when the disk was free: only the last one can be torn.
"""

import contextlib
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from obs_check.errors import InputError
from obs_check.model.entry import LogStream
from obs_check.standin.loki.refusal import LokiRefusal

LOG_BYTES = 64 * 1024 * 1024
"""A log of this size takes no more: DuckDB is behind it by some seconds, or cannot write at all."""
_HEAD = struct.Struct("<II")
_decode = msgspec.msgpack.Decoder(list[tuple[str, list[LogStream]]]).decode
_encode = msgspec.msgpack.Encoder().encode


@dataclass(slots=True, eq=False)
class _File:
    """One file of the log: its bytes up to the `end` of the last whole record, and how many pushes in it are not with
    their streams yet."""

    path: Path
    handle: int
    end: int = 0
    underway: int = 0

    def remove(self) -> None:
        """Close and delete it."""
        os.close(self.handle)
        self.path.unlink(missing_ok=True)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A push that waits for the disk; then the file it is in, or why it is in none."""

    body: msgspec.Raw
    ended: bool = False
    file: _File | None = None
    fault: str = ""


class WriteAhead:
    """The log in `folder`, which one process uses at a time (DuckDB sees to it). Safe to use from several threads.

    `say` gets a sentence when it can keep nothing any more, and when it can again.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _text: None) -> None:
        self._folder = folder
        self._say = say
        self._fault = ""
        """Why the last push could not be kept; empty when it could."""
        self._state = threading.Condition()
        self._busy = False
        """Somebody writes."""
        self._queue: list[_Waiting] = []
        self._file: _File | None = None
        self._full: list[_File] = []
        """Files that nothing is added to any more."""

    def recovered(self) -> Iterator[list[tuple[str, LogStream]]]:
        """Tenants and streams of an earlier process, a list for each file, which is removed when the next is asked for:
        DuckDB has to have its lines then. InputError when a file cannot be read."""
        for path in self._paths():
            try:
                data = path.read_bytes()
            except OSError as error:
                raise InputError(f"{path}: the lab Loki's log cannot be read: {error}", "whose file is it?") from error
            pushes, end = _read(data)
            if end < len(data):
                self._say(f"{path}: its last {len(data) - end} bytes are not a whole push: none that was acknowledged")
            yield [(tenant, stream) for tenant, streams in pushes for stream in streams]
            path.unlink()

    @contextmanager
    def kept(self, tenant: str, streams: Sequence[LogStream]) -> Iterator[None]:
        """Inside the block the push is on the disk, and the caller gives its lines to their streams. Refusal (503) when
        it cannot be kept: then nothing of it is."""
        waiting = _Waiting(msgspec.Raw(_encode((tenant, streams))))
        with self._state:
            self._queue.append(waiting)
        # Whoever writes meanwhile takes along all that wait.
        with self._writing(lambda: waiting.ended) as needed:
            if needed:
                self._write_queue()
        if waiting.file is None:
            raise LokiRefusal(503, f"not kept: {waiting.fault}")
        try:
            yield
        finally:
            with self._state:
                waiting.file.underway -= 1
                self._state.notify_all()

    @contextmanager
    def while_moving(self) -> Iterator[None]:
        """Around a move of all heads to DuckDB: behind it, the log forgets what it had before. An error inside leaves
        the log as it is."""
        with self._writing():
            if self._file is not None:
                self._full.append(self._file)
                self._file = None
            done = list(self._full)
        with self._state:
            self._state.wait_for(lambda: not any(file.underway for file in done))
        yield
        with self._writing():
            for file in done:
                self._full.remove(file)
                file.remove()

    def fault(self) -> str:
        """Why a push would not be kept, empty when it would; where the last one was not, it tries."""
        with self._writing():
            if self._fault:
                self._write_queue()
            return self._fault

    def close(self) -> None:
        """Close the files; what is in them is there for the next start."""
        with self._writing():
            for file in self._files():
                os.close(file.handle)
            self._full, self._file = [], None

    @contextmanager
    def _writing(self, unneeded: Callable[[], bool] = lambda: False) -> Iterator[bool]:
        """The files, for one at a time; False, and not the files, as soon as it is not needed."""
        with self._state:
            self._state.wait_for(lambda: unneeded() or not self._busy)
            needed = not unneeded()
            self._busy = self._busy or needed
        try:
            yield needed
        finally:
            if needed:
                with self._state:
                    self._busy = False
                    self._state.notify_all()

    def _files(self) -> list[_File]:
        return [*self._full, *([self._file] if self._file else [])]

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("lines-[0-9]*.log"))

    def _write_queue(self) -> None:
        with self._state:
            queue, self._queue = self._queue, []
        body = _encode([waiting.body for waiting in queue])
        file, fault = None, ""
        try:
            file = self._append(_HEAD.pack(len(body), zlib.crc32(body)) + body)
        except OSError as error:
            fault = f"{self._folder}: {error.strerror or error}"
        with self._state:
            if file is not None:
                file.underway += len(queue)
            for waiting in queue:
                waiting.file, waiting.fault, waiting.ended = file, fault, True
        self._tell(fault)

    def _append(self, record: bytes) -> _File:
        if sum(file.end for file in self._files()) >= LOG_BYTES:
            raise OSError(f"{LOG_BYTES // 1024 // 1024} MiB of pushes wait for DuckDB")
        file = self._file = self._file or self._new_file()
        try:
            rest = memoryview(record)
            while rest:
                rest = rest[os.write(file.handle, rest) :]
            os.fsync(file.handle)
        except OSError:
            # What the disk has of the record is not certain any more, nor would a second fsync tell: what comes next
            # goes to a file of its own.
            self._file = None
            with contextlib.suppress(OSError):
                os.ftruncate(file.handle, file.end)
            if file.end:
                self._full.append(file)
            else:
                file.remove()
            raise
        file.end += len(record)
        return file

    def _new_file(self) -> _File:
        last = max((int(path.stem.rpartition("-")[2]) for path in self._paths()), default=0)
        path = self._folder / f"lines-{last + 1:08}.log"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            # The name of the file, too, has to be on the disk.
            os.fsync(folder)
        finally:
            os.close(folder)
        return _File(path, handle)

    def _tell(self, fault: str) -> None:
        before, self._fault = self._fault, fault
        if fault and not before:
            self._say(f"not ready, pushes are refused with 503: {fault}")
        if before and not fault:
            self._say("ready again: pushes are kept")


def _read(data: bytes) -> tuple[list[tuple[str, list[LogStream]]], int]:
    """The pushes of all whole records, and where the last of them ends."""
    pushes, at = [], 0
    while at + _HEAD.size <= len(data):
        size, checksum = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + size
        body = data[at + _HEAD.size : end]
        # Zeros, as of a file that grew before it was written, would be records of nothing.
        if not size or len(body) < size or zlib.crc32(body) != checksum:
            break
        pushes += _decode(body)
        at = end
    return pushes, at
