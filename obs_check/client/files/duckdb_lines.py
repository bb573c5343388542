"""Local log files as relations of DuckDB that have the lines of client/files.py, and the files that it would read
otherwise."""

from pathlib import Path

from obs_check.logql.columnar.sql import NotColumnar, text
from obs_check.model.wording import count_noun

_CHUNK = 1 << 20
_PIECE = 8 << 20
"""Bytes that a thread of DuckDB reads at once; a quarter of its own choice is quicker."""
_BOM = b"\xef\xbb\xbf"
_SEPARATOR = "\x01"
_FORBIDDEN = {b"\r": "a carriage return", b"\0": "a NUL byte", _SEPARATOR.encode(): "the byte 0x01"}
_GLOB = frozenset("*?[]{}")


def check_name(path: Path) -> None:
    """Raise NotColumnar for a file that DuckDB would take for another kind, or for several."""
    if path.suffix == ".gz":
        raise NotColumnar(f"{path} is compressed")
    if _GLOB & set(str(path.absolute())):
        raise NotColumnar(f"{path} would be read as a pattern")
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        raise NotColumnar(f"{path} has a name that is not UTF-8") from None


def check_bytes(path: Path, most: int) -> None:
    """Raise NotColumnar for bytes that DuckDB would read in another way than client/files.py, and for a line of more
    than `most` bytes, which is cut there."""
    begun = 0
    try:
        with path.open("rb") as file:
            if file.read(len(_BOM)) == _BOM:
                raise NotColumnar(f"{path} begins with a byte order mark")
            file.seek(0)
            while chunk := file.read(_CHUNK):
                for byte, name in _FORBIDDEN.items():
                    if byte in chunk:
                        raise NotColumnar(f"{path} holds {name}")
                start = _last_start(chunk, -begun, most)
                begun = len(chunk) - start
                if begun > most:
                    raise NotColumnar(f"{path} holds a line of more than {count_noun(most, 'byte')}")
    except OSError as error:
        raise NotColumnar(f"{path}: {error.strerror or error}") from error


def _last_start(chunk: bytes, start: int, most: int) -> int:
    """Where the last line of a chunk starts, or the first of more than `most` bytes; `start` is where the one starts
    that the chunk goes on with."""
    while True:
        end = chunk.rfind(b"\n", max(start, 0), max(start + most + 1, 0))
        if end < 0:
            return start
        start = end + 1


def lines_of(path: Path) -> str:
    """A file as a relation of its lines in the one column `line`; an empty line is NULL."""
    # No file that was let through holds the separator, so a row is a line.
    return (
        f"read_csv({text(str(path.absolute()))}, columns={{'line': 'VARCHAR'}}, delim='{_SEPARATOR}', "
        f"quote='', escape='', header=false, auto_detect=false, new_line='\\n', buffer_size={_PIECE})"
    )
