"""Files as texts: whole ones, whose line ends stay as they are, so that an edit changes nothing else, and those that a
person names."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obs_check.errors import ConfigError, InputError, with_room
from obs_check.model.secret import hide_secrets

_BY_HAND = "make the change by hand"


def read_exact(path: Path) -> str:
    """The whole text, UTF-8; raises OSError and UnicodeDecodeError."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def read_log(path: Path) -> str:
    """The whole text of a log; bytes that are not UTF-8 are kept (`surrogateescape`). Raises OSError."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def read_given(path: Path, hint: str) -> str:
    """The text of a file that a person named, UTF-8; raises InputError, with the hint where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text (byte {error.start})", "is it the right file?") from error


def write_exact(path: Path, text: str) -> None:
    """Write the whole text, UTF-8; raises OSError."""
    path.write_text(text, encoding="utf-8", newline="")


def check_target(path: Path, folder: bool = False) -> None:
    """Raise InputError where no file, or no folder with files in it, can be written, before what is to be in it has
    been made. Nothing is left behind."""
    place = path.resolve()
    if place.exists() and place.is_dir() != folder:
        kind = "a file, no directory" if folder else "a directory"
        raise InputError(f"{path}: is {kind}", f"name a {'directory' if folder else 'file'} that can be written")
    # A folder is made with those above it, a file is not.
    within = place if place.exists() and folder else place.parent
    while folder and not within.exists():
        within = within.parent
    if place.exists() and not place.is_file() and not folder:
        return
    try:
        descriptor, name = tempfile.mkstemp(dir=within)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", with_room(error, "name a place that can be written")) from error
    os.close(descriptor)
    Path(name).unlink()


def write_result(path: Path, content: str | bytes, hint: str = "name a file that can be written") -> None:
    """Write what a person wants to have, whole or not at all: a text in UTF-8, known secrets hidden, or bytes as they
    are. Raises InputError with the hint.

    What is not a regular file (a pipe, a device) is written as it is.
    """
    raw = hide_secrets(content).encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        try:
            path.write_bytes(raw)
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}", with_room(error, hint)) from error
        return
    with replace_file(path, hint) as part:
        part.write_bytes(raw)


@contextmanager
def replace_file(path: Path, hint: str = "name a file that can be written") -> Iterator[Path]:
    """A file to write, which takes the place of `path` when the block is left at its end; raises InputError with the
    hint. Its mode is that of the file that it replaces."""
    try:
        # Beside the file that a link leads to, so that the link stays one.
        place = path.resolve()
        mode = place.stat().st_mode & 0o777 if place.exists() else None
        descriptor, name = tempfile.mkstemp(dir=place.parent)
        os.close(descriptor)
        part = Path(name)
        try:
            yield part
            part.chmod(mode if mode is not None else 0o666 & ~_umask())
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", with_room(error, hint)) from error


def append_text(path: Path, text: str) -> None:
    """Add a text to a file, UTF-8, known secrets hidden; raises InputError."""
    try:
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write(hide_secrets(text))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", with_room(error, "name a file that can be written")) from error


def _umask() -> int:
    """The mode bits that new files do not get."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def replace_text(path: Path, before: str, after: str) -> Path:
    """Write a text in place of another, which is kept beside it in the file that is returned. Raises ConfigError; then
    the file is as it was, and the other is not there.

    It is written where it is: one that is mounted by itself, as into a container, cannot be replaced by another.
    """
    backup = path.with_name(path.name + ".before")
    try:
        write_exact(backup, before)
    except OSError as error:
        if backup.is_file():
            backup.unlink()
        raise _unwritten(backup, error, _BY_HAND) from error
    try:
        write_exact(path, after)
    except OSError as error:
        try:
            write_exact(path, before)
            backup.unlink()
        except OSError:
            raise _unwritten(path, error, f"it is half there: write it anew from {backup}") from error
        raise _unwritten(path, error, _BY_HAND) from error
    return backup


def _unwritten(path: Path, error: OSError, hint: str) -> ConfigError:
    return ConfigError(f"{path}: cannot be written: {error.strerror}", hint)
