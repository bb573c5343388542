"""Queries kept as files: queries/NAME.logql in the working directory, else the ones that come with obs-check."""

import difflib
import re
from pathlib import Path

from obs_check.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9-]*")


def query_text(query: str) -> str:
    """The text of queries/NAME.logql without its comment lines when `query` is a NAME, else `query` itself.

    Raises UsageError with the nearest names there are.
    """
    return _named(query) if _NAME.fullmatch(query) else query


def _named(name: str) -> str:
    folders = [Path("queries"), Path(__file__).parents[2] / "queries"]
    for folder in folders:
        file = folder / f"{name}.logql"
        if file.is_file():
            lines = file.read_text("utf-8").splitlines()
            return "\n".join(line for line in lines if not line.lstrip().startswith("#")).strip()
    known = sorted({path.stem for folder in folders for path in folder.glob("*.logql")})
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}" if known else "write a LogQL query"
    raise UsageError(f"no query named {name}", hint)
