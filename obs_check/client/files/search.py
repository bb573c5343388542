"""Log files: which there are, their lines, and where a tag stands in them."""

import glob
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from obs_check.client.answered import Answered
from obs_check.errors import InputError
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.probe import Probe
from obs_check.model.secret import behind_cut, end_within
from obs_check.model.window import NS

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_LINE = 256 * 1024
"""Bytes of a line that count (Loki 3.5: limits_config.max_line_size, which refuses longer ones). Here they are cut."""
_HEAD_BYTES = 8192
_CHUNK = 1 << 20
_CLOCKS_S = 60
_SHOWN_LINES = 20
_DELETED = " (deleted)"
_GZIP = b"\x1f\x8b"


class FileLine(NamedTuple):
    """A line without its end; `offset` is its first byte in the (unpacked) file."""

    offset: int
    text: str


Text = tuple[str, int, bool]
"""A line as text, how many of its bytes are not UTF-8 and were replaced by U+FFFD, and whether it was cut."""


def expand(pattern: str) -> list[Path]:
    """The files that a glob names (`**` is recursive), sorted; a plain path is a glob without wildcards."""
    return sorted(p for p in map(Path, glob.glob(pattern, recursive=True)) if p.is_file())  # noqa: PTH207


def is_binary(path: Path) -> bool:
    """Whether a file, unpacked when it ends in .gz, has a NUL near the start of its text; False for one that cannot be
    read."""
    try:
        with _open(path) as stream:
            return b"\0" in _head(stream)
    except (OSError, EOFError, zlib.error):
        return False


def deleted_but_open(pattern: str) -> list[str]:
    """Deleted files below the directory of a glob that a process still holds open (Linux: /proc/PID/fd), sorted; empty
    where /proc does not show it."""
    directory = str(Path(pattern).parent.absolute())
    found = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith(f"{directory}/") and target.endswith(_DELETED):
            found.add(target.removesuffix(_DELETED))
    return sorted(found)


def each_line(path: Path, most: int = MAX_LINE) -> Iterator[Text]:
    """The lines of a file, unpacked when it ends in .gz, cut behind `most` bytes. A last line without its end counts.

    Raises InputError when the file cannot be read or is binary.
    """
    with _opened(path) as stream:
        for _, raw, cut in _raw_lines(stream, most):
            yield decode(raw, cut)


def each_stdin_line(stream: BinaryIO, most: int = MAX_LINE) -> Iterator[Text]:
    """The lines of standard input, unpacked when they are gzip, as each_line has those of a file; raises InputError."""
    given = cast(io.BufferedReader, stream)
    head = given.read1(_HEAD_BYTES)
    while len(head) < len(_GZIP) and (more := given.read1(_HEAD_BYTES)):
        head += more
    whole = io.BufferedReader(_Behind(head, given))
    try:
        unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=whole)) if head[:2] == _GZIP else whole
        for offset, raw, cut in _raw_lines(unpacked, most):
            if offset < _HEAD_BYTES and b"\0" in raw[: _HEAD_BYTES - offset]:
                raise InputError("standard input: binary, not a log", "pipe a text file")
            yield decode(raw, cut)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"standard input: broken gzip: {error}", "unpack it by hand and look") from error


class _Behind(io.RawIOBase):
    """A stream of which the head was read already; it gives what is there and does not wait for more."""

    def __init__(self, head: bytes, rest: io.BufferedReader) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """See io.RawIOBase."""
        view = memoryview(buffer)
        data = self._head[: len(view)] or self._rest.read1(len(view))
        self._head = self._head[len(view) :]
        view[: len(data)] = data
        return len(data)


def decode(raw: bytes, cut: bool = False) -> Text:
    """The text with U+FFFD for every byte that is not UTF-8."""
    try:
        return raw.decode("utf-8"), 0, cut
    except UnicodeDecodeError:
        kept = raw.decode("utf-8", "surrogateescape")
        bad = sum("\udc80" <= char <= "\udcff" for char in kept)
        return "".join("�" if "\udc80" <= char <= "\udcff" else char for char in kept), bad, cut


def cut_line(raw: bytes, most: int) -> bytes:
    """The first `most` bytes of a line, without a character that does not end there, and without the beginning of a
    secret; `most_kept` of its bytes tell."""
    head = raw[: end_within(raw, most)]
    for back in range(1, min(4, len(head) + 1)):
        byte = head[-back]
        if byte < 0x80 or byte >= 0xF8:
            break
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return head[:-back] if size > back else head
    return head


def most_kept(most: int) -> int:
    """So many bytes of a line are kept that is cut behind `most`: what tells that it is cut, and where it may be."""
    return most + 2 + behind_cut()


def find_tag(
    pattern: AbsoluteGlob, needle: str, clock: Callable[[], int], since_ns: int = 0
) -> Answered[dict[Path, list[FileLine]]]:
    """The lines that hold a text, by file of a glob; files without one are left out, and one that has several names is
    read once.

    Files that vanish meanwhile (rotation) count as without. The probe's answer is {"files": {path: lines}, "searched",
    "sample"}; raises InputError for a file that cannot be read, unless it was not written to since `since_ns` (ns since
    the epoch): it has nothing of what came later.
    """
    wanted = needle.encode()
    found: dict[Path, list[FileLine]] = {}
    paths = _once(expand(pattern))
    total = 0
    for path in paths:
        try:
            with _opened(path) as stream:
                for offset, raw, _ in _raw_lines(stream, MAX_LINE):
                    total += len(raw) + 1
                    if wanted in raw:
                        found.setdefault(path, []).append(FileLine(offset, decode(raw)[0]))
        except InputError:
            if not written_since(path, since_ns):
                continue
            raise
    sample = [line.text for lines in found.values() for line in lines][:_SHOWN_LINES]
    answer = {"files": {str(p): len(lines) for p, lines in found.items()}, "searched": len(paths), "sample": sample}
    return Answered(found, Probe("file", f"lines with {needle} in {pattern}", answer, clock(), bytes_read=total))


def written_since(path: Path, since_ns: int) -> bool:
    """Whether a file was written to since a time (ns since the epoch), as far as two clocks that are `_CLOCKS_S` apart
    can say so; False for one that is gone."""
    try:
        return path.stat().st_mtime_ns >= since_ns - _CLOCKS_S * NS
    except OSError:
        return False


def _once(paths: Iterable[Path]) -> list[Path]:
    """The paths without those that lead to a file that another one before them leads to."""
    found: dict[object, Path] = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            found[path] = path
        else:
            found.setdefault((status.st_dev, status.st_ino), path)
    return list(found.values())


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with _open(path) as stream:
            head = _head(stream)
            if b"\0" in head:
                raise InputError(f"{path}: binary (byte {head.index(0)} is NUL), not a log", "name a text file")
            stream.seek(0)
            yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: broken gzip: {error}", "unpack it by hand and look") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", "check the path and who may read it") from error


def _head(stream: BinaryIO) -> bytes:
    """The first bytes of a stream's text. A file that was truncated while its writer kept its place (logrotate's
    copytruncate) begins with as many NULs as were written before."""
    head = stream.read(_HEAD_BYTES)
    while head and not head.strip(b"\0"):
        head = stream.read(_CHUNK)
    text = head.lstrip(b"\0")
    return (text if len(text) >= _HEAD_BYTES or text == head else text + stream.read(_HEAD_BYTES))[:_HEAD_BYTES]


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _raw_lines(stream: BinaryIO, most: int) -> Iterator[tuple[int, bytes, bool]]:
    """Offset, bytes without the end of the line, and whether they were cut; without the NULs that a stream begins with
    (see _head)."""
    offset = lost = 0
    begun, in_hole = b"", True
    read = cast(io.BufferedReader, stream).read1
    while chunk := read(_CHUNK):
        if in_hole:
            text = chunk.lstrip(b"\0")
            offset += len(chunk) - len(text)
            in_hole, chunk = not text, text
        *lines, rest = chunk.split(b"\n")
        if lines:
            lines[0] = begun + lines[0]
            begun = b""
        for line in lines:
            size = len(line) + lost + 1
            raw = line[:-1] if line.endswith(b"\r") else line
            cut = len(raw) > most
            yield offset, cut_line(raw, most) if cut else raw, cut
            offset += size
            lost = 0
        begun += rest
        lost += max(0, len(begun) - most_kept(most))
        begun = begun[: most_kept(most)]
    if begun:
        raw = begun.removesuffix(b"\r")
        cut = len(raw) > most
        yield offset, cut_line(raw, most) if cut else raw, cut
