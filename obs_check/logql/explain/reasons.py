"""Why a stage dropped a line, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from obs_check.logql.explain.whereabouts import SHOWN, nearest_label, why_absent
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.row import ERROR, Row
from obs_check.logql.stages.unwrap import SAMPLE_ERROR, unwrap_value
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import unwrap_text
from obs_check.logql.syntax.style import WRITTEN
from obs_check.logql.syntax.walk import comparisons
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

DROPPED_HERE = "Loki drops the line here"
_CONVERSIONS: tuple[Literal["", "duration", "bytes"], ...] = ("", "duration", "bytes")
_LINE_FILTERS = {
    "|=": "the line does not contain",
    "!=": "the line contains",
    "|~": "the line does not match",
    "!~": "the line matches",
    "|>": "the line does not fit the pattern",
    "!>": "the line fits the pattern",
}


def why_dropped(stage: ast.Stage, row: Row, before: Sequence[ast.Stage] = ()) -> str:
    """One clause for a row that the stage drops; the row is as it was before the stage, behind those in `before`."""
    match stage:
        case ast.LineFilter():
            return _line_filter(stage, row.line)
        case ast.LabelFilter():
            return "; ".join(dict.fromkeys(_predicate(stage.predicate, row, before)))
        case _:
            return f"it sets a label to what a filter before it does not hold for: {DROPPED_HERE}"


def why_not_unwrapped(unwrap: ast.Unwrap, row: Row, before: Sequence[ast.Stage] = ()) -> str:
    """One clause for a row that an unwrap and its filters drop; the row is as it was behind the stages `before`."""
    value = row.find(unwrap.label)
    if not value:
        return why_absent(unwrap.label, row, before)
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
    return f"{unwrap.label} is `{shorten(value, SHOWN)}`, which is not a {kind}{hint}"


def why_all_dropped(stage: ast.Stage, reason: str, values: Mapping[str, Mapping[str, int]]) -> str:
    """The reason for one line of a stage that drops all of them, with the value that the filter most likely means."""
    if isinstance(stage, ast.LabelFilter) and isinstance(stage.predicate, ast.StringPredicate):
        matcher = stage.predicate.matcher
        counts = values.get(matcher.name, {})
        near = nearest_label(matcher.value, counts) if matcher.op in ("=", "=~") else None
        if near is not None and f"`{near}`" not in reason:
            return f"{reason}; nearest value `{near}` on {count_noun(counts[near], 'line')}"
    return reason


def compared_labels(predicate: ast.Predicate) -> Iterator[str]:
    """Names of the labels that a predicate looks at, in order; one may come twice."""
    return (comparison.name for comparison in comparisons(predicate))


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


def _predicate(predicate: ast.Predicate, row: Row, before: Sequence[ast.Stage]) -> Iterator[str]:
    match predicate:
        case ast.AndPredicate():
            for side in (predicate.left, predicate.right):
                if not compile_predicate(side)(row.copy()):
                    yield from _predicate(side, row, before)
        case ast.OrPredicate():
            yield from _predicate(predicate.left, row, before)
            yield from _predicate(predicate.right, row, before)
        case _:
            yield _comparison(predicate, row, before)


def _comparison(predicate: ast.Predicate, row: Row, before: Sequence[ast.Stage]) -> str:
    [name] = compared_labels(predicate)
    value = row.get(name)
    if value:
        reason = f"{name} is `{shorten(value, SHOWN)}`, wanted {WRITTEN.predicate(predicate)}"
        if isinstance(predicate, ast.StringPredicate) and value.casefold() == predicate.matcher.value.casefold():
            reason += ": case counts"
        return reason
    return why_absent(name, row, before)


def _reads(unwrap: ast.Unwrap, row: Row) -> bool:
    tried = row.copy()
    tried.error = ""
    unwrap_value(unwrap)(tried)
    return not tried.error
