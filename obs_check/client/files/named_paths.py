"""Which files the paths and globs on a command line name."""

from collections.abc import Callable, Sequence
from glob import has_magic
from pathlib import Path

from obs_check.client.files.search import expand, is_binary
from obs_check.errors import InputError

STDIN = Path("-")
"""The name that stands for standard input."""


def named_paths(patterns: Sequence[str], say: Callable[[str], None] = lambda _text: None) -> list[Path]:
    """The files that paths and globs name, each once, and STDIN for `-`; binary files of a glob are left out, and `say`
    gets a sentence for each. Raises InputError when a pattern names no file to read."""
    paths: dict[Path, None] = {}
    for pattern in patterns:
        if pattern == str(STDIN):
            paths[STDIN] = None
        elif Path(pattern).is_file():
            paths[Path(pattern)] = None
        else:
            paths.update(dict.fromkeys(_of_glob(pattern, say)))
    return list(paths)


def refuse_directory(pattern: str) -> None:
    """Raise InputError when a pattern is a directory."""
    if Path(pattern).is_dir():
        globs = (
            f"--file '{Path(pattern, '*.log')}', or with the folders below it --file '{Path(pattern, '**', '*.log')}'"
        )
        raise InputError(f"{pattern}: is a directory", f"name its files with a quoted glob: {globs}")


def _of_glob(pattern: str, say: Callable[[str], None]) -> list[Path]:
    if not pattern:
        raise InputError("the path of a file is empty", "name a file, a quoted glob or -")
    refuse_directory(pattern)
    if Path(pattern).exists():
        raise InputError(f"{pattern}: not a regular file", f"pipe what it gives: cat {pattern} | obs-check ... -")
    matching = expand(pattern)
    if not matching and has_magic(pattern):
        raise InputError(f"{pattern}: no file matches", "check the path; ** stands for folders of any depth")
    if not matching:
        raise InputError(f"{pattern}: no such file", "check the path; quote a glob")
    found = []
    for path in matching:
        if is_binary(path):
            say(f"{path}: binary, left out")
        else:
            found.append(path)
    if not found:
        raise InputError(f"{pattern}: only binary files match", "name text files")
    return found
