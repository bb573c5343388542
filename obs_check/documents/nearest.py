"""The known name that a misspelt one is nearest to."""

import difflib
from collections.abc import Iterable

CUTOFF = 0.5
"""How alike (0 to 1, as difflib counts) two names have to be."""


def nearest(name: str, known: Iterable[str]) -> str:
    """What to say of a name that is not known: `did you mean X?`, or all names where none is like it."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1, CUTOFF)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(names)) or 'nothing'}"
