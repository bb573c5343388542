"""`| json` and `| json a="b.c"` on valid objects in which the needed key occurs once."""

import itertools
import re

from obs_check.logql.columnar.columns import Columns, ColumnValue
from obs_check.logql.columnar.document import JsonColumn
from obs_check.logql.columnar.sql import IS_ASCII, NotColumnar, all_of, case, contains, matches, repeats
from obs_check.logql.stages.json_path import parse_json_path
from obs_check.logql.syntax import ast

_MOST_PATHS = 16
_KEY = re.compile(r"[A-Za-z0-9_]+")
_LAST_PART = re.compile(r"[A-Za-z0-9]+$")
_WORDS = "('true', 'false')"
_RARE_LAST = "eatsoirncldhmpu0123456789fgbywvkxjqz"
"""The letters by how often they stand in a log; capitals are found nowhere, and count as the most common."""
_INTEGER = r"'^-?[1-9]\d{0,17}$'"


def json_columns(stage: ast.JsonParser, needed: list[str], document: JsonColumn) -> Columns:
    """The needed labels. NotColumnar for a label that is hard to tell from others."""
    if stage.extractions:
        # A value that nothing needs can be at fault, too.
        found = {e.label: _at_path(parse_json_path(e.expression), document) for e in stage.extractions}
    else:
        found = {name: _flattened(name, document) for name in needed}
    return Columns(
        values={name: found[name][0] for name in needed},
        simple=[
            document.found() if stage.extractions else document.members(),
            *(simple for _, simple in found.values()),
        ],
    )


def _at_path(path: tuple[str | int, ...], document: JsonColumn) -> tuple[ColumnValue, str]:
    """Value and condition of `a="b.c"`: the first value at the path counts, whatever follows; a line without one does
    not have the last key at all."""
    steps = [str(step) for step in path if isinstance(step, str)]
    if len(steps) != len(path) or not all(map(_KEY.fullmatch, steps)):
        raise NotColumnar("a json path that is not of plain keys")
    found = document.at(*steps)
    key = f'{steps[-1]}"'
    simple = case(
        (f"{found} IS NULL", f"NOT {contains(key)}"),
        (f"{found} = 'null'", "true"),
        otherwise=_is_readable(found),
    )
    return ColumnValue(
        found, lambda raw: case((f"{raw} IS NULL OR {raw} = 'null'", "''"), otherwise=_readable(raw))
    ), simple


def _flattened(name: str, document: JsonColumn) -> tuple[ColumnValue, str]:
    """Value and condition of a label of `| json`. Whatever makes this label has a key that ends as the label does, so
    where that stands once, and was found, nothing else makes it; blanks around a key are cut off by Loki."""
    last = _LAST_PART.search(name)
    if last is None:
        raise NotColumnar(f"label {name} ends in _")
    found = [document.at(*steps) for steps in _splits(name)]
    first = f"coalesce({', '.join(found)})" if len(found) > 1 else found[0]
    part = last[0]
    end = part[_rarest(part) :]
    key = f'{end}"'
    padded = case((all_of(IS_ASCII, f"NOT {contains(f'{end} ')}"), "false"), otherwise=matches(rf'{end}[^\x21-\x7e]+"'))
    simple = case(
        (f"{first} IS NULL", case((contains(end), f"NOT ({contains(key)} OR {padded})"), otherwise="true")),
        (repeats(key), "false"),
        otherwise=all_of(_is_readable(first), f"NOT {padded}"),
    )
    return ColumnValue(first, _readable), simple


def _rarest(part: str) -> int:
    """Where a part of a name should begin that is looked for in its place: texts are found by their first byte, so that
    a rare one saves half of the time. Two more letters are left, for few other keys to end so."""
    return max(range(max(len(part) - 2, 1)), key=lambda at: _RARE_LAST.find(part[at]))


def _readable(found: str) -> str:
    return f"trim({found}, '\"')"


def _is_readable(found: str) -> str:
    """Texts without escapes, true, false and integers are written as they are read, but for -0; U+FFFD becomes a
    blank."""
    return case(
        (f"starts_with({found}, '\"')", f"NOT (contains({found}, '\\') OR contains({found}, '\ufffd'))"),
        (f"{found} IN {_WORDS} OR regexp_matches({found}, {_INTEGER})", "true"),
        otherwise=f"{found} = '0' AND NOT contains(line, '-0')",
    )


def _splits(name: str) -> list[list[str]]:
    """The nested keys that a flattened label may come from: every `_` joins two keys or is part of one."""
    if _KEY.fullmatch(name) is None:
        raise NotColumnar(f"label {name} is not a plain name")
    places = [i for i, char in enumerate(name) if char == "_"]
    if 2 ** len(places) > _MOST_PATHS:
        raise NotColumnar(f"label {name} may come from too many places")
    found = []
    for cut in itertools.product((False, True), repeat=len(places)):
        cuts = [place for place, is_cut in zip(places, cut, strict=True) if is_cut]
        bounds = [-1, *cuts, len(name)]
        steps = [name[a + 1 : b] for a, b in itertools.pairwise(bounds)]
        if all(steps):
            found.append(steps)
    return found
