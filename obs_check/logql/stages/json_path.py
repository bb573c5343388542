"""Paths of `json a="b.c[0]"`."""

import re

from obs_check.errors import QueryError

_STEP = re.compile(r'\s*(?:(\.?)\s*([A-Za-z_][A-Za-z0-9_]*)|\[\s*([0-9]+)\s*\]|\[\s*"([^"\]]*)"\s*\])\s*')

Path = tuple[str | int, ...]


def parse_json_path(text: str) -> Path:
    """`a.b[0]["c d"]` as keys and indices; QueryError with the place where it is no path."""
    steps: list[str | int] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        # The first field has no dot, every later one has one.
        if found is None or (found[2] is not None and bool(found[1]) != bool(steps)):
            raise QueryError(f"cannot parse expression [{text}]: unexpected {text[at : at + 1]!r} at {at}")
        if found[2] is not None:
            steps.append(found[2])
        elif found[3] is not None:
            steps.append(int(found[3]))
        else:
            steps.append(found[4])
        at = found.end()
    if not steps:
        raise QueryError("cannot parse expression []: it is empty")
    return tuple(steps)
