"""A range aggregation as SQL over the lines of one file, and the stages that are left for its groups."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from obs_check.logql.columnar.columns import Columns, ColumnValue
from obs_check.logql.columnar.document import JsonColumn
from obs_check.logql.columnar.filters import line_condition, line_hints
from obs_check.logql.columnar.json import json_columns
from obs_check.logql.columnar.logfmt import logfmt_columns
from obs_check.logql.columnar.regexp import regexp_columns
from obs_check.logql.columnar.sql import NotColumnar, all_of
from obs_check.logql.engine.hints import hints_for
from obs_check.logql.engine.samples import grouping_of, key_of
from obs_check.logql.engine.vector import LabelSet
from obs_check.logql.stages.compile import chain, check_stage
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, ERROR, Row
from obs_check.logql.syntax import ast

COUNTED = frozenset({"count_over_time", "rate", "bytes_over_time", "bytes_rate", "absent_over_time"})
"""Aggregations that need the number of lines or of bytes only, so that counts of parts can be added up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`conditions` hold for every line that may count; `helpers` are computed for those in a window, and from them
    `columns` (by label) and `simple`, which says where these are exact; `passes` and `key` are what is left to ask
    of a group of lines with equal labels."""

    conditions: list[str]
    document: JsonColumn
    helpers: Mapping[str, str]
    columns: Mapping[str, ColumnValue]
    simple: str
    passes: Callable[[Row], bool]
    key: Callable[[Row], LabelSet]
    in_bytes: bool


def plan_for(expr: ast.RangeAggregation, pushed: ast.Grouping | None, stream: Mapping[str, str]) -> Plan:
    """The plan for a file with these stream labels. NotColumnar where the row engine has to do it; QueryError where
    that would refuse the stages. `pushed` is the grouping of a sum around the aggregation."""
    if expr.op not in COUNTED or expr.range.unwrap is not None:
        raise NotColumnar(f"{expr.op} needs every value" if expr.op not in COUNTED else "unwrap needs every value")
    stages = expr.range.query.stages
    for stage in stages:
        check_stage(stage)
    grouping, no_labels = grouping_of(expr, pushed)
    hints = hints_for(expr.range, grouping, no_labels)
    parsers = [] if hints.skip else [stage for stage in stages if isinstance(stage, ast.Parser)]
    wanted = set(hints.required) if hints.required else (set() if no_labels else None)
    if wanted and (grouping is None or ERROR not in grouping.labels):
        wanted.discard(ERROR)  # A filter asks the row for its error, which a simple line has not.
    document = JsonColumn("doc")
    parts = _parse(parsers, hints.required, wanted, stream, document)
    columns = {name: value for part in parts for name, value in part.values.items()}
    conditions, compared = [], set[str]()
    # A parser of all fields asks these as it sets a label, before the filters in front of them.
    checked = {
        name for stage, part in zip(parsers, parts, strict=True) if not _extractions(stage) for name in part.values
    }
    left = [check for name, check in hints.checks.items() if name in checked]
    for stage in stages:
        match stage:
            case ast.LineFilter():
                conditions.append(line_condition(stage))
            case ast.LabelFilter():
                left.append(compile_predicate(stage.predicate))
                compared.update(effect_of(stage).reads)
                conditions += line_hints(stage.predicate, columns)
            case _ if type(stage) in _COLUMNS:
                if compared & set(effect_of(stage).sets or columns):
                    raise NotColumnar("a label filter before the parser that may give its label")
            case _ if not (hints.skip and isinstance(stage, ast.Parser)):
                raise NotColumnar(f"{type(stage).__name__} has no columnar form")
    helpers = {name: sql for part in parts for name, sql in part.helpers.items()}
    simple = all_of(*(condition for part in parts for condition in part.simple))
    key, in_bytes = key_of(None, grouping, no_labels), expr.op in ("bytes_over_time", "bytes_rate")
    return Plan(conditions, document, helpers, columns, simple, chain(left), key, in_bytes)


def _parse(
    parsers: list[ast.Parser],
    required: AbstractSet[str],
    wanted: set[str] | None,
    stream: Mapping[str, str],
    document: JsonColumn,
) -> list[Columns]:
    """The columns of each parser; `wanted` None means all labels. A label comes from one parser only."""
    every_field = any(effect_of(stage).sets is None for stage in parsers)
    if every_field and (len(parsers) > 1 or wanted is None):
        raise NotColumnar("a parser takes every field and more than the grouping is needed")
    seen: set[str] = set()
    parts = []
    for stage in parsers:
        if type(stage) not in _COLUMNS:
            raise NotColumnar(f"{type(stage).__name__} has no columnar form")
        names = effect_of(stage).sets
        named = sorted(wanted or ()) if names is None else names
        if any(name.endswith(DUPLICATE_SUFFIX) for name in named):
            raise NotColumnar(f"a label that ends in {DUPLICATE_SUFFIX}")
        if names is not None and (len(set(names)) != len(names) or (seen | stream.keys()) & set(names)):
            raise NotColumnar("a label is extracted that is there already")
        seen.update(named)
        if isinstance(stage, ast.LogfmtParser) and len(stage.extractions) > 1 and required and required <= seen:
            raise NotColumnar("logfmt reads a line up to the first label that it names")
        needed = [name for name in named if name not in stream and (wanted is None or name in wanted)]
        parts.append(_COLUMNS[type(stage)](stage, needed, document))
    return parts


def _extractions(stage: ast.Parser) -> tuple[ast.Extraction, ...]:
    return stage.extractions if isinstance(stage, ast.JsonParser | ast.LogfmtParser) else ()


_COLUMNS: Mapping[type[ast.Stage], Callable[[Any, list[str], JsonColumn], Columns]] = {
    ast.JsonParser: json_columns,
    ast.LogfmtParser: lambda stage, needed, _: logfmt_columns(stage, needed),
    ast.RegexpParser: lambda stage, needed, _: regexp_columns(stage, needed),
}
"""The parsers that have a columnar form."""
