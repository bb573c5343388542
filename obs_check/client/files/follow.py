"""Log files as they grow: what `tail -F` does, for the files of globs."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from obs_check.client.files.line_times import Timing
from obs_check.client.files.named_paths import refuse_directory
from obs_check.client.files.search import MAX_LINE, cut_line, decode, expand, most_kept
from obs_check.client.files.source import stream_labels
from obs_check.errors import InputError
from obs_check.model.entry import Entry, LogStream
from obs_check.model.wording import count_noun

_CHUNK = 1 << 20
_HEAD_BYTES = 8192
_Identity = tuple[int, int]
"""Device and inode: a file keeps it when it is renamed."""


class _Followed:
    """One open file: it stays readable when it is renamed or removed."""

    def __init__(self, path: Path, descriptor: int, timing: Timing, at_end: bool, most: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._timing = timing
        self._offset = os.fstat(descriptor).st_size if at_end else 0
        self._rest = b""
        self._most = most
        self.cut = 0
        """Lines cut so far."""

    def grown(self) -> tuple[list[Entry], bool]:
        """The lines written since the last call (a line without its end waits), and whether the file was truncated,
        in which case it is read from its start."""
        truncated = os.fstat(self._descriptor).st_size < self._offset
        if truncated:
            self._offset, self._rest = 0, b""
        data = b""
        while chunk := os.pread(self._descriptor, _CHUNK, self._offset):
            self._offset += len(chunk)
            data += chunk if data or self._rest else chunk.lstrip(b"\0")
            if len(data) >= 16 * _CHUNK:
                break
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[: most_kept(self._most)]
        return [self._entry(line) for line in lines if line.strip()], truncated

    def last(self) -> list[Entry]:
        """What is left of a file that is gone, its last line even without an end."""
        entries, _ = self.grown()
        rest, self._rest = self._rest, b""
        os.close(self._descriptor)
        return [*entries, *([self._entry(rest)] if rest.strip() else [])]

    def _entry(self, raw: bytes) -> Entry:
        raw = raw.removesuffix(b"\r")
        self.cut += len(raw) > self._most
        text = decode(cut_line(raw, self._most) if len(raw) > self._most else raw)[0]
        return Entry(self._timing.of(text), text)


class FollowedFiles:
    """The files of paths and globs, known by inode so that a renamed file is not read twice.

    Files that are there at the start are read from their end, or from their start with `from_start`; files that come
    later are read from their start. `say` gets one sentence for what a person should know. `timing` dates
    the lines of one file. Lines are cut behind `most` bytes. Raises InputError for a directory.
    """

    def __init__(
        self,
        patterns: Sequence[str],
        labels: Mapping[str, str],
        timing: Callable[[], Timing],
        say: Callable[[str], None],
        from_start: bool = False,
        most: int = MAX_LINE,
    ) -> None:
        self._patterns = patterns
        self._labels = labels
        self._timing = timing
        self._say = say
        self._most = most
        self._open: dict[_Identity, _Followed] = {}
        self._refused: set[_Identity] = set()
        for pattern in patterns:
            refuse_directory(pattern)
        self._look(at_end=not from_start)
        if not self._open:
            say(f"no file yet: waiting for {', '.join(patterns)}")

    def poll(self) -> list[LogStream]:
        """The new lines, one stream a file. Raises InputError for a file that may not be read."""
        there = self._look(at_end=False)
        found = []
        for identity, file in list(self._open.items()):
            if identity in there:
                entries, truncated = file.grown()
                if truncated:
                    self._say(f"{file.path} was truncated: it is read from its start")
            else:
                entries = file.last()
                del self._open[identity]
            if file.cut:
                self._say(f"{file.path}: {count_noun(file.cut, 'line')} of more than {self._most:,} bytes cut there")
                file.cut = 0
            if entries:
                found.append(LogStream(stream_labels(file.path, self._labels), entries))
        return found

    def close(self) -> None:
        """Close all files."""
        for file in self._open.values():
            file.last()
        self._open.clear()

    def _look(self, at_end: bool) -> set[_Identity]:
        """Open files that are new; returns which are there."""
        there = set()
        for path in dict.fromkeys(path for pattern in self._patterns for path in expand(pattern)):
            try:
                state = path.stat()
                identity = (state.st_dev, state.st_ino)
                there.add(identity)
                if identity not in self._open and identity not in self._refused:
                    self._take(path, identity, at_end)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise InputError(f"{path}: {error.strerror or error}", "check who may read it") from error
        return there

    def _take(self, path: Path, identity: _Identity, at_end: bool) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        # NULs in front are where a file was truncated while its writer kept its place.
        if path.suffix == ".gz" or b"\0" in os.pread(descriptor, _HEAD_BYTES, 0).lstrip(b"\0"):
            self._refused.add(identity)
            os.close(descriptor)
            self._say(f"{path} is packed or binary: not followed")
            return
        self._open[identity] = _Followed(path, descriptor, self._timing(), at_end, self._most)
