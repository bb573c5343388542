"""Where a value of a dashboard stands in a text that holds the dashboard as JSON: a file, or a block inside of YAML."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

Place = tuple[int, int]
"""Start and end of a value in the text."""

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def place_of(text: str, dashboard: Mapping[str, Any], panel: int | None, path: Sequence[str | int]) -> Place | None:
    """The place of the value at `path` of a panel (of the dashboard where `panel` is None), None when the text does not
    hold this dashboard as JSON or the dashboard has no such place."""
    start = _start(text, dashboard)
    if start is None:
        return None
    before = () if panel is None else panel_path(dashboard, panel)
    return None if before is None else _follow(text, start, [*before, *path])


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


def _start(text: str, dashboard: Mapping[str, Any]) -> int | None:
    for found in re.finditer(r"\{", text):
        try:
            held, _ = _DECODER.raw_decode(text, found.start())
        except ValueError:
            continue
        if held == dashboard:
            return found.start()
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
