"""Queries kept as files: queries/NAME.logql in the working directory, else the ones that come with obs-check."""

import difflib
import re
from pathlib import Path

from obs_check.data import QUERIES
from obs_check.errors import UsageError

_NAME = re.compile(r"[a-zA-Z][\w-]*")
"""No word alone is a query."""
_FILE = re.compile(r"[^{}\n]+\.logql")


def query_text(query: str) -> str:
    """The text of queries/NAME.logql without its comment lines when `query` is a NAME, that of the file when it is the
    path of one, else `query` itself.

    Raises UsageError with the nearest names there are.
    """
    if _FILE.fullmatch(query):
        return _text(Path(query)) if Path(query).is_file() else _named(Path(query).stem)
    return _named(query) if _NAME.fullmatch(query) else query


def _named(name: str) -> str:
    folders = [Path("queries"), QUERIES]
    for folder in folders:
        file = folder / f"{name}.logql"
        if file.is_file():
            return _text(file)
    known = sorted({path.stem for folder in folders for path in folder.glob("*.logql")})
    near = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}" if known else "write a LogQL query"
    raise UsageError(f"no query named {name}", hint)


def _text(file: Path) -> str:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as text: {error}", "name a file with a LogQL query") from error
    return "\n".join(line for line in lines if not line.lstrip().startswith("#")).strip()
