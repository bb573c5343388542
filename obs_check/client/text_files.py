"""Files as texts that have everything which is in the file: line ends stay as they are, so that an edit changes nothing
else."""

from pathlib import Path


def read_exact(path: Path) -> str:
    """The whole text, UTF-8; raises OSError and UnicodeDecodeError."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def read_log(path: Path) -> str:
    """The whole text of a log; bytes that are no UTF-8 are kept (`surrogateescape`). Raises OSError."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def write_exact(path: Path, text: str) -> None:
    """Write the whole text, UTF-8; raises OSError."""
    path.write_text(text, encoding="utf-8", newline="")
