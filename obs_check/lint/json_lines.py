"""The line of each value in a JSON text."""

import re
from dataclasses import dataclass

Path = tuple[str | int, ...]
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n|[^\s{}\[\],:"]+')


@dataclass(slots=True)
class _Open:
    """An object or list that is not closed yet; `at` is the key or index that is being read."""

    is_list: bool
    at: str | int
    is_key: bool


def json_lines(text: str, first_line: int = 1) -> dict[Path, int]:
    """The line at which every value begins, by its path of keys and indexes, of a text that is JSON. The first line of
    the text counts as `first_line`."""
    lines: dict[Path, int] = {}
    line = first_line
    within: list[_Open] = []
    for token in _TOKEN.findall(text):
        top = within[-1] if within else None
        if token == "\n":
            line += 1
        elif token in ("}", "]"):
            within.pop()
        elif token == ":" and top:
            top.is_key = False
        elif token == "," and top:
            top.at = int(top.at) + 1 if top.is_list else ""
            top.is_key = not top.is_list
        elif top and top.is_key:
            top.at = token[1:-1]
        else:
            lines[tuple(one.at for one in within)] = line
            if token in ("{", "["):
                within.append(_Open(token == "[", 0 if token == "[" else "", token == "{"))
    return lines
