"""Files as texts: whole ones, whose line ends stay as they are, so that an edit changes nothing else, and those that a
person names."""

from pathlib import Path

from obs_check.errors import ConfigError, InputError


def read_exact(path: Path) -> str:
    """The whole text, UTF-8; raises OSError and UnicodeDecodeError."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def read_log(path: Path) -> str:
    """The whole text of a log; bytes that are no UTF-8 are kept (`surrogateescape`). Raises OSError."""
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


def replace_text(path: Path, before: str, after: str) -> Path:
    """Write a text in place of another, which is kept beside it in the file that is returned; raises ConfigError."""
    backup = path.with_name(path.name + ".before")
    try:
        write_exact(backup, before)
        write_exact(path, after)
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be written: {error.strerror}", "make the change by hand"
        ) from error
    return backup
