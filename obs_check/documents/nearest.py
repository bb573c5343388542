"""The known name that a misspelt one is nearest to, and mappings of which the keys are known."""

import difflib
from collections.abc import Iterable, Mapping

from obs_check.errors import ConfigError, ObsCheckError

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


def check_keys(
    places: Mapping[str, str], known: Iterable[str], refused: type[ObsCheckError] = ConfigError, why: str = ""
) -> None:
    """Raise `refused` for the first key that is not known, with the known one that it is nearest to. `places` has what
    stands before the words about each key: the file, the line where it is known, the path in the file; `why` what
    stands behind them."""
    names = list(known)
    for key, place in places.items():
        if key not in names:
            raise refused(f"{place}: unknown key {key!r}{why}", did_you_mean(key, names))
