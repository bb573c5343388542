"""The known name that a misspelt one is nearest to."""

import difflib
from collections.abc import Iterable

CUTOFF = 0.5
"""How alike (0 to 1, as difflib counts) two names have to be."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like another one, "" where none is."""
    near = difflib.get_close_matches(name, list(known), 1, CUTOFF)
    return near[0] if near else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not known: `did you mean X?`, or all names where none is like it."""
    names = set(known)
    near = nearest(name, names)
    return f"did you mean {near}?" if near else f"known here: {', '.join(sorted(names)) or 'nothing'}"
