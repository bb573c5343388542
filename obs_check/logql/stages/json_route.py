"""The value at a path of keys found by one regular expression, where the line is plain up to there."""

import re
from collections.abc import Callable

from obs_check.logql.stages.json_path import Path

_SPACE = r"[ \n\r\t]*+"
# A quote that no backslash precedes ends the string. One with an escaped quote does not fit, which is no loss: to look
# for one character is three times as fast as for one of two.
_STRING = r'"[^"]*+(?<!\\)"'
_KEY = rf'{_SPACE}"[^"\\]*+"{_SPACE}:{_SPACE}'
_WORD = r"[A-Za-z0-9.+\-]++"
_ARRAY = rf'\[[^"\[\]]*+(?:{_STRING}[^"\[\]]*+)*+\]'
_FLAT = rf"(?:{_STRING}|{_WORD}|{_ARRAY})"
_OBJECT = rf"\{{(?:{_KEY}{_FLAT}{_SPACE}(?:,(?!{_SPACE}\}})|(?=\}})))*+{_SPACE}\}}"
_NEXT = rf"{_KEY}(?:{_FLAT}|{_OBJECT}){_SPACE},"
_SCALAR = r'(?:"([^"\\]*+)"|([0-9\-][^ \n\r\t,}\]]*+|(?:true|false)(?=[ \n\r\t,}\]]|\Z)))'


def compile_route(path: Path) -> Callable[[str], str | None] | None:
    """What finds the label for the first value at a path in a line that starts with "{"; it answers None where it
    cannot tell: when there is none, or it is no text, number or boolean, or something before it is no plain JSON or
    nested deeper than once. None for a path with an index or a key that a line escapes.

    It is what json_paths.search_paths finds, which passes over everything before the value too and does not look at
    anything behind it.
    """
    if not all(isinstance(step, str) and not re.search(r'["\\]', step) for step in path):
        return None
    steps = []
    for step in map(str, path):
        key = rf'"{re.escape(step)}"'
        steps.append(rf"\{{(?:(?!{_SPACE}{key}){_NEXT})*+{_SPACE}{key}{_SPACE}:{_SPACE}")
    find = re.compile("".join(steps) + _SCALAR).match

    def value_in(line: str) -> str | None:
        found = find(line)
        if found is None:
            return None
        text: str = found[found.lastindex or 0]
        return text.replace("\ufffd", " ") if "\ufffd" in text else text

    return value_in
