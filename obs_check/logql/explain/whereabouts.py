"""Where a label is that a line does not have: taken away by a stage, a field that nothing reads, or another name."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from obs_check.errors import QueryError
from obs_check.logql.explain.fields import FieldParser, pairs, parser_for, parser_text
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.secret import shorten

_ANY_TIME = EngineSettings(lambda: 0)
"""What time it is makes no difference to which labels a line has."""
_DETECTED = "detected_level"
_LEVEL_FIELDS = frozenset(
    {"level", "log.level", "log_level", "loglevel", "lvl", "severity", "severitytext", "severity_text"}
)
"""What Loki 3 makes `detected_level` of (its `log_level_fields`), in small letters, and usual spellings beside it."""
SHOWN = 80
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class TakenAway:
    """The line had the label until stage number `place`; `now` is the name that it has since, "" for none."""

    place: int
    stage: ast.Stage
    now: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """The line has a field of that name; `parser` makes a label of it."""

    parser: FieldParser


@dataclass(frozen=True, slots=True)
class OtherName:
    """The line has a label with a name that looks like it."""

    name: str
    value: str


Whereabouts = TakenAway | Unread | OtherName


def whereabouts(name: str, row: Row, before: Sequence[ast.Stage] = ()) -> Iterator[Whereabouts]:
    """The places where a label may be that a row does not have, the surest first. `row` is as it is behind the stages
    `before`, of which those that took the label away are found where they did not change the line too."""
    # With every label that it has now, so that a filter in front is passed whatever kind of label it looks at.
    taken = taken_away(name, Row(row.ts, row.line, row.labels(), {}), before)
    if taken is not None:
        yield taken
        return
    parser = parser_for(name, row.line)
    if parser is not None:
        yield Unread(parser)
    labels = {n: v for n, v in row.labels().items() if v and n not in (ERROR, ERROR_DETAILS)}
    near = nearest_label(name, labels)
    if near is not None and near != name:
        yield OtherName(near, labels[near])


def why_absent(name: str, row: Row, before: Sequence[ast.Stage] = ()) -> str:
    """Why a row does not have a label, in words, with the remedy where one is known."""
    if row.error:
        return f"{name} is absent: the line has {row.error}"
    found = next(whereabouts(name, row, before), None)
    return f"{name} is absent from the line" if found is None else in_words(name, found, row)


def in_words(name: str, found: Whereabouts, row: Row) -> str:
    """One clause about the place where a label is."""
    match found:
        case TakenAway(stage=stage, now=now) if now:
            return f"{name} is absent: `{stage_text(stage)}` calls it {now}"
        case TakenAway(stage=stage):
            return f"{name} is absent: `{stage_text(stage)}` takes it away"
        case Unread(ast.JsonParser(extractions=((one),)) as parser):
            return f"{name} is absent, but the line has the JSON field {one.expression}: {parser_text(parser)}"
        case Unread(parser):
            key, value = pairs(row.line)[name]
            return f"{name} is absent, but the line has {key}={shorten(value, SHOWN)}: {parser_text(parser)}"
        case OtherName(other, value):
            return f"{name} is absent; nearest label {other}=`{shorten(value, SHOWN)}`"


def nearest_label(wanted: str, known: Iterable[str]) -> str | None:
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
    if folded in _LEVEL_FIELDS and _DETECTED in texts:
        return _DETECTED
    by_fold = {text.casefold(): text for text in texts}
    close = get_close_matches(folded, list(by_fold), 1, 0.6)
    return by_fold[close[0]] if close else None


def taken_away(name: str, row: Row, stages: Sequence[ast.Stage]) -> TakenAway | None:
    """The stage that takes a label away from a row in front of the stages; None where it has the label behind them, or
    never had it, and where a stage drops the row."""
    again, found = row.copy(), None
    for place, stage in enumerate(stages):
        had = bool(again.get(name))
        try:
            if not compile_stage(stage, _ANY_TIME)(again):
                return None
        except QueryError:
            return None
        if again.get(name):
            found = None
        elif had:
            found = TakenAway(place, stage, _new_name(name, stage))
    return found


def _new_name(name: str, stage: ast.Stage) -> str:
    if not isinstance(stage, ast.LabelFormat):
        return ""
    return next((one.name for one in stage.assignments if one.rename and one.value == name), "")
