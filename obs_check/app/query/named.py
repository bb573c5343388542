"""Queries kept as files: queries/NAME.logql in the working directory, else the ones that come with obs-check."""

import re
from dataclasses import dataclass
from pathlib import Path

from obs_check.data import QUERIES
from obs_check.documents.nearest import nearest
from obs_check.errors import UsageError

_NAME = re.compile(r"[a-zA-Z][\w-]*")
"""No word alone is a query."""
_ANSWERS = re.compile(r"^# answers:(.*)$", re.MULTILINE)
_FILE = re.compile(r"[^{}\n]+\.logql")


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query kept as a file; `answers` is what its comment says it answers, "" without one."""

    name: str
    answers: str
    file: Path


def named_queries() -> list[NamedQuery]:
    """All that there are, sorted; one of the working directory hides the one of that name that comes with obs-check."""
    files = {path.stem: path for folder in reversed(_folders()) for path in folder.glob("*.logql")}
    return [NamedQuery(name, _answers(file), file) for name, file in sorted(files.items())]


def _answers(file: Path) -> str:
    said = _ANSWERS.search(file.read_text("utf-8", errors="replace"))
    return said[1].strip() if said else ""


def _folders() -> list[Path]:
    return [Path("queries"), QUERIES]


def query_text(query: str) -> str:
    """The text of queries/NAME.logql without its comment lines when `query` is a NAME, that of the file when it is the
    path of one, else `query` itself.

    Raises UsageError with the nearest names there are.
    """
    if _FILE.fullmatch(query):
        return _text(Path(query)) if Path(query).is_file() else _named(Path(query).stem)
    return _named(query) if _NAME.fullmatch(query) else query


def _named(name: str) -> str:
    for folder in _folders():
        file = folder / f"{name}.logql"
        if file.is_file():
            return _text(file)
    known = [one.name for one in named_queries()]
    near = nearest(name.lower().replace("_", "-"), known)
    some = "obs-check query --list shows those that there are" if known else "write a LogQL query"
    hint = f"did you mean {near}?" if near else some
    raise UsageError(f"no query named {name}", hint)


def _text(file: Path) -> str:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as text: {error}", "name a file with a LogQL query") from error
    return "\n".join(line for line in lines if not line.lstrip().startswith("#")).strip()
