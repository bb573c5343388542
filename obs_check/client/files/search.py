"""Log files: which there are, their lines, and where a tag stands in them."""

import glob
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from obs_check.client.answered import Answered
from obs_check.errors import InputError
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.probe import Probe
from obs_check.model.window import NS

_HEAD_BYTES = 8192
_CLOCKS_S = 60
_SHOWN_LINES = 20
_DELETED = " (deleted)"
_GZIP = b"\x1f\x8b"


class Line(NamedTuple):
    """A line without its end; `offset` is its first byte in the (unpacked) file."""

    offset: int
    text: str


def expand(pattern: str) -> list[Path]:
    """The files that a glob names (`**` is recursive), sorted; a plain path is a glob without wildcards."""
    return sorted(p for p in map(Path, glob.glob(pattern, recursive=True)) if p.is_file())  # noqa: PTH207


def is_binary(path: Path) -> bool:
    """Whether a file, unpacked when it ends in .gz, has a NUL near its start; False for one that cannot be read."""
    try:
        with _open(path) as stream:
            return b"\0" in stream.read(_HEAD_BYTES)
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


def each_line(path: Path) -> Iterator[tuple[str, int]]:
    """The lines of a file, unpacked when it ends in .gz, each with the number of its bytes that are no UTF-8 and were
    replaced by U+FFFD. A last line without its end counts.

    Raises InputError when the file cannot be read or is binary.
    """
    with _opened(path) as stream:
        for _, raw in _raw_lines(stream):
            yield decode(raw)


def each_stdin_line(stream: BinaryIO) -> Iterator[tuple[str, int]]:
    """The lines of standard input, unpacked when they are gzip, as each_line has those of a file; raises InputError."""
    content = stream.read()
    try:
        content = gzip.decompress(content) if content[:2] == _GZIP else content
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"standard input: broken gzip: {error}", "unpack it by hand and look") from error
    if b"\0" in content[:_HEAD_BYTES]:
        raise InputError("standard input: binary, no log", "pipe a text file")
    for _, raw in _raw_lines(io.BytesIO(content)):
        yield decode(raw)


def decode(raw: bytes) -> tuple[str, int]:
    """The text with U+FFFD for every byte that is no UTF-8, and how many bytes these were."""
    try:
        return raw.decode("utf-8"), 0
    except UnicodeDecodeError:
        kept = raw.decode("utf-8", "surrogateescape")
        bad = sum("\udc80" <= char <= "\udcff" for char in kept)
        return "".join("�" if "\udc80" <= char <= "\udcff" else char for char in kept), bad


def find_tag(
    pattern: AbsoluteGlob, needle: str, clock: Callable[[], int], since_ns: int = 0
) -> Answered[dict[Path, list[Line]]]:
    """The lines that hold a text, by file of a glob; files without one are left out, and one that has several names is
    read once.

    Files that vanish meanwhile (rotation) count as without. The probe's answer is {"files": {path: lines}, "searched",
    "sample"}; raises InputError for a file that cannot be read, unless it was not written to since `since_ns` (ns since
    the epoch): it has nothing of what came later.
    """
    wanted = needle.encode()
    found: dict[Path, list[Line]] = {}
    paths = _once(expand(pattern))
    total = 0
    for path in paths:
        try:
            with _opened(path) as stream:
                for offset, raw in _raw_lines(stream):
                    total += len(raw) + 1
                    if wanted in raw:
                        found.setdefault(path, []).append(Line(offset, decode(raw)[0]))
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
            head = stream.read(_HEAD_BYTES)
            if b"\0" in head:
                raise InputError(f"{path}: binary (byte {head.index(0)} is NUL), no log file", "name a text file")
            stream.seek(0)
            yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: broken gzip: {error}", "unpack it by hand and look") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", "check the path and who may read it") from error


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _raw_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    offset = 0
    for raw in stream:
        yield offset, raw.rstrip(b"\n").removesuffix(b"\r")
        offset += len(raw)
