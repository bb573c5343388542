"""Paths that mean the same file wherever a command was started.

A name that a person writes is made absolute once, where it is read; from there on the types hold it. Two absolute names
can still be of one file (a symbolic link): only the disk knows that.
"""

import os
from pathlib import Path
from typing import NewType

AbsolutePath = NewType("AbsolutePath", Path)
"""The path of a file or directory."""
AbsoluteGlob = NewType("AbsoluteGlob", str)
"""A pattern of paths; a plain path is one without wildcards."""


def absolute_path(text: str | Path, base: Path) -> AbsolutePath:
    """A path as it is written, relative ones from `base` on, `~` as the home directory. `..` goes where that leads to
    the same place, which it does not behind a symbolic link."""
    # `~name` of nobody stays as it is, as in a shell.
    path = (base / os.path.expanduser(text)).absolute()  # noqa: PTH111
    plain = Path(os.path.normpath(path))
    return AbsolutePath(plain if plain.resolve() == path.resolve() else path)


def absolute_glob(text: str, base: Path) -> AbsoluteGlob:
    """As `absolute_path`, for a pattern."""
    return AbsoluteGlob(str(absolute_path(text, base)))
