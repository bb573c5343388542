"""Why a stage dropped a line, in words."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Literal

from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.row import ERROR, Row
from obs_check.logql.stages.unwrap import SAMPLE_ERROR, unwrap_value
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import predicate_text, unwrap_text

DROPPED_HERE = "Loki drops the line here"
_VALUE_CHARS = 80
_CONVERSIONS: tuple[Literal["", "duration", "bytes"], ...] = ("", "duration", "bytes")
_LINE_FILTERS = {
    "|=": "the line does not contain",
    "!=": "the line contains",
    "|~": "the line does not match",
    "!~": "the line matches",
    "|>": "the line does not fit the pattern",
    "!>": "the line fits the pattern",
}


def why_dropped(stage: ast.Stage, row: Row) -> str:
    """One clause for a row that the stage drops; the row is as it was before the stage."""
    match stage:
        case ast.LineFilter():
            return _line_filter(stage, row.line)
        case ast.LabelFilter():
            return "; ".join(dict.fromkeys(_predicate(stage.predicate, row)))
        case _:
            return f"it sets a label to what a filter before it does not hold for: {DROPPED_HERE}"


def why_not_unwrapped(unwrap: ast.Unwrap, row: Row) -> str:
    """One clause for a row that an unwrap and its filters drop; the row is as it was before."""
    value = row.find(unwrap.label)
    if not value:
        return _absence(unwrap.label, row)
    kept = row.copy()
    unwrap_value(replace(unwrap, filters=()))(kept)
    dropping = [stage for stage in unwrap.filters if not compile_predicate(stage.predicate)(kept.copy())]
    unread = kept.error == SAMPLE_ERROR and any(ERROR in compared_labels(stage.predicate) for stage in dropping)
    if not unread:
        return "; ".join(why_dropped(stage, kept) for stage in dropping)
    kind = {"": "number", "bytes": "size"}.get(unwrap.conversion, "duration")
    readers = [replace(unwrap, conversion=name, filters=()) for name in _CONVERSIONS if name != unwrap.conversion]
    other = next((one for one in readers if _reads(one, row)), None)
    hint = f": {unwrap_text(other)} reads it" if other is not None else ""
    return f"{unwrap.label} is `{value[:_VALUE_CHARS]}`, which is no {kind}{hint}"


def why_all_dropped(stage: ast.Stage, reason: str, values: Mapping[str, Mapping[str, int]]) -> str:
    """The reason for one line of a stage that drops all of them, with the value that the filter most likely means."""
    if isinstance(stage, ast.LabelFilter) and isinstance(stage.predicate, ast.StringPredicate):
        matcher = stage.predicate.matcher
        counts = values.get(matcher.name, {})
        near = nearest(matcher.value, counts) if matcher.op in ("=", "=~") else None
        if near is not None and f"`{near}`" not in reason:
            return f"{reason}; nearest value `{near}` on {counts[near]:,} lines"
    return reason


def compared_labels(predicate: ast.Predicate) -> Iterator[str]:
    """Names of the labels that a predicate looks at, in order; one may come twice."""
    match predicate:
        case ast.AndPredicate() | ast.OrPredicate():
            yield from compared_labels(predicate.left)
            yield from compared_labels(predicate.right)
        case ast.StringPredicate():
            yield predicate.matcher.name
        case _:
            yield predicate.name


def nearest(wanted: str, known: Iterable[str]) -> str | None:
    """The known text that a misspelt one most likely means: the same but for case, one that contains it or ends in it,
    or the closest; None when none is close."""
    texts = [text for text in known if text]
    folded = wanted.casefold()
    for alike in (
        lambda text: text.casefold() == folded,
        lambda text: text.casefold().endswith(("_" + folded, "." + folded, "/" + folded)),
        lambda text: len(folded) > 2 and folded in text.casefold(),
    ):
        found = next(filter(alike, texts), None)
        if found is not None:
            return found
    by_fold = {text.casefold(): text for text in texts}
    close = get_close_matches(folded, list(by_fold), 1, 0.6)
    return by_fold[close[0]] if close else None


def _line_filter(stage: ast.LineFilter, line: str) -> str:
    wanted = " or ".join(f"ip({m.value})" if m.ip else f"`{m.value}`" for m in stage.matches)
    reason = f"{_LINE_FILTERS[stage.op]} {wanted}"
    if stage.op == "|=":
        folded = line.casefold()
        for match in stage.matches:
            at = folded.find(match.value.casefold())
            if at >= 0 and not match.ip:
                return f"{reason}, but `{line[at : at + len(match.value)]}`: case counts"
    return reason


def _predicate(predicate: ast.Predicate, row: Row) -> Iterator[str]:
    match predicate:
        case ast.AndPredicate():
            for side in (predicate.left, predicate.right):
                if not compile_predicate(side)(row.copy()):
                    yield from _predicate(side, row)
        case ast.OrPredicate():
            yield from _predicate(predicate.left, row)
            yield from _predicate(predicate.right, row)
        case _:
            yield _comparison(predicate, row)


def _comparison(predicate: ast.Predicate, row: Row) -> str:
    [name] = compared_labels(predicate)
    value = row.get(name)
    if value:
        reason = f"{name} is `{value[:_VALUE_CHARS]}`, wanted {predicate_text(predicate)}"
        if isinstance(predicate, ast.StringPredicate) and value.casefold() == predicate.matcher.value.casefold():
            reason += ": case counts"
        return reason
    return _absence(name, row)


def _absence(name: str, row: Row) -> str:
    """Why a row does not have a label, as far as one can see."""
    if row.error:
        return f"{name} is absent: the line has {row.error}"
    path = next((path for path in _json_paths(row.line) if path.rpartition(".")[2] == name), None)
    if path is not None:
        return f'{name} is absent, but the line has the JSON field {path}: | json {name}="{path}"'
    known = row.labels()
    near = nearest(name, known)
    if near is not None and near != name:
        return f"{name} is absent; nearest label {near}=`{known[near][:_VALUE_CHARS]}`"
    return f"{name} is absent from the line"


def _reads(unwrap: ast.Unwrap, row: Row) -> bool:
    tried = row.copy()
    tried.error = ""
    unwrap_value(unwrap)(tried)
    return not tried.error


def _json_paths(line: str) -> Iterator[str]:
    """Dotted paths of the fields of a line that is a JSON object."""
    if not line.startswith("{"):
        return
    try:
        todo = [("", json.loads(line))]
    except (ValueError, RecursionError):
        return
    while todo:
        prefix, value = todo.pop(0)
        for key, inner in value.items():
            path = f"{prefix}.{key}" if prefix else key
            if isinstance(inner, dict):
                todo.append((path, inner))
            else:
                yield path
