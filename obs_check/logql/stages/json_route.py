"""The values at paths of keys found by regular expressions, where the line is plain up to there."""

import re
from collections.abc import Callable, Sequence

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


Routes = Callable[[str], Sequence[str] | None]


def compile_routes(paths: Sequence[Path]) -> Routes | None:
    """What finds the labels for the first values at paths, in their order, in a line that starts with "{". It answers
    None where it cannot tell: when there is no such value, or it is not text, number or boolean, or something before it
    is not plain JSON or nested deeper than once. None for paths with an index or a key that a line escapes.

    It is what json_paths.search_paths finds, which passes over everything before a value too and does not look at
    anything behind the last one.
    """
    if not all(isinstance(step, str) and not re.search(r'["\\]', step) for path in paths for step in path):
        return None
    # Paths into the same object share the way to it.
    parents = [
        (_way(parent), [(n, _way(p[-1:], _SCALAR)) for n, p in enumerate(paths) if p[:-1] == parent])
        for parent in dict.fromkeys(path[:-1] for path in paths)
    ]

    def values_in(line: str) -> Sequence[str] | None:
        values = [""] * len(paths)
        for parent, ends in parents:
            inside = parent(line)
            if inside is None:
                return None
            at = inside.end()
            for number, end in ends:
                found = end(line, at)
                if found is None:
                    return None
                text = found[found.lastindex or 0]
                values[number] = text.replace("\ufffd", " ") if "\ufffd" in text else text
        return values

    return values_in


def _way(path: Path, value: str = "") -> Callable[..., re.Match[str] | None]:
    """What matches up to the value at a path, from the brace before the first key on."""
    steps = []
    # Python 3.11.2: `(?:(?!x)y)*+` gives up where it looks ahead, the atomic group, which means the same, does not.
    for step in map(str, path):
        key = rf'"{re.escape(step)}"'
        steps.append(rf"\{{(?>(?:(?!{_SPACE}{key}){_NEXT})*){_SPACE}{key}{_SPACE}:{_SPACE}")
    return re.compile("".join(steps) + value).match
