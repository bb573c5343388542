"""Where a value stands in a text of JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Place = tuple[int, int]
"""Start and end of a value in the text."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def place_of(text: str, path: Sequence[str | int]) -> Place | None:
    """The place of the value at a path of a text that is JSON, None where there is none."""
    return _follow(text, _skip(text, 0), path)


def held_at(text: str, place: Place) -> Any:
    """The value there."""
    return json.loads(text[place[0] : place[1]])


def panel_path(holder: Mapping[str, Any], panel: int) -> tuple[str | int, ...] | None:
    """Keys that lead to a panel of a classic dashboard, also inside of closed rows and of the rows of old schemas."""
    for name in ("panels", "rows"):
        for index, item in enumerate(holder.get(name) or ()):
            if name == "panels" and item.get("id") == panel and "panels" not in item:
                return name, index
            inner = panel_path(item, panel)
            if inner is not None:
                return (name, index, *inner)
    return None


def _follow(text: str, at: int, path: Sequence[str | int]) -> Place | None:
    """Walks the JSON from the value that starts at `at`."""
    if not path:
        return at, _DECODER.raw_decode(text, at)[1]
    wanted, index = path[0], 0
    if text[at] != ("[" if isinstance(wanted, int) else "{"):
        return None
    at = _skip(text, at + 1)
    while text[at] not in "]}":
        key: str | int = index
        if not isinstance(wanted, int):
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == wanted:
            return _follow(text, at, path[1:])
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
        index += 1
    return None


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
