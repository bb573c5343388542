"""Every line that DuckDB would count itself has the labels that the row engine gives it; each line is asked alone, so
that one that is refused hides no other."""

from collections.abc import Mapping, Sequence

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.columnar.plan import Plan, plan_for
from obs_check.logql.engine.evaluate import query_instant
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.model.entry import NO_METADATA, Entry, LogStream
from obs_check.model.result import Vector
from tests.client.log_lines import json_objects
from tests.engine_settings import NEWER, SETTINGS

S = 10**9
STREAM = {"s": "1", "level": "own"}
QUERIES = [
    "sum by (a_b) (count_over_time({s=`1`} | json [9s]))",
    "sum by (msg) (count_over_time({s=`1`} | json [9s]))",
    "sum by (level, b) (count_over_time({s=`1`} | json [9s]))",
    "sum by (a_b, msg) (count_over_time({s=`1`} | json | b!=`x` [9s]))",
    "sum by (msg) (count_over_time({s=`1`} | json | a=`a` | __error__=`` [9s]))",
    "sum by (x) (count_over_time({s=`1`} | json x=`a.b` [9s]))",
    "sum by (x, y) (count_over_time({s=`1`} | json x=`a`, y=`a.b` [9s]))",
    "sum(count_over_time({s=`1`} | json x=`msg` | x!=`b` [9s]))",
]
TORN = st.builds(
    lambda line, at, patch: f"{line[: at % (len(line) + 1)]}{patch}{line[at % (len(line) + 1) + 1 :]}",
    json_objects(),
    st.integers(0, 200),
    st.sampled_from([*'{}[]":,\\ x1\t\x0b', "nan", ""]),
)
LINES = (json_objects() | json_objects() | TORN).filter(lambda line: bool(line) and "\n" not in line)


def by_columns(query: str, lines: Sequence[str]) -> dict[str, Sequence[Mapping[str, str]]]:
    """The labels of each line that leaves no doubt: of one series, or of none."""
    asked = parse(query)
    assert isinstance(asked, ast.VectorAggregation) and isinstance(asked.expr, ast.RangeAggregation)
    plan = plan_for(asked.expr, asked.grouping or ast.Grouping(()), STREAM)
    named = [*plan.helpers.items(), *((f"raw_{name}", value.raw) for name, value in plan.columns.items())]
    # Conditions and columns as statement.py puts them together, but for times and groups.
    lines_of = f"SELECT line, {plan.document.column('true')} FROM (SELECT unnest(?) AS line)"
    for name, sql in named:
        lines_of = f"SELECT *, {sql} AS {name} FROM ({lines_of})"
    values = [value.read(f"raw_{name}") for name, value in plan.columns.items()]
    wanted = " AND ".join(plan.conditions) or "true"
    statement = f"SELECT {', '.join(['line', wanted, plan.simple, *values])} FROM ({lines_of})"
    found: dict[str, Sequence[Mapping[str, str]]] = {}
    for line, is_wanted, is_simple, *texts in duckdb.execute(statement, [list(lines)]).fetchall():
        if not is_wanted:
            found[line] = []
        elif is_simple:
            found[line] = _series(plan, texts)
    return found


def _series(plan: Plan, texts: Sequence[str | None]) -> Sequence[Mapping[str, str]]:
    row = Row(0, "", STREAM, NO_METADATA)
    row.parsed = {name: text for name, text in zip(plan.columns, texts, strict=True) if text is not None}
    return [_filled(dict(plan.key(row)))] if plan.passes(row) else []


def by_rows(query: str, line: str, engine: EngineSettings) -> Sequence[Mapping[str, str]] | str:
    """The labels of the series that a line is counted in, or the refusal."""
    source = ListSource([LogStream(STREAM, [Entry(S, line)])])
    try:
        answer = query_instant(parse(query), source, S, settings=engine)
    except QueryError as refusal:
        return refusal.message
    assert isinstance(answer, Vector)
    return [_filled(sample.labels) for sample in answer.samples]


def _filled(labels: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in labels.items() if value}


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, min_size=20, max_size=30, unique=True))
@example(['{"a":{"b":"a"}}', '{"a":nan,"msg":"a"}', '{"a":{"b":"a","b":"b"}}', '{"a.b":1,"a":{"b":2}}'])
@example(['{"a":{"c":1},"a":{"b":"a"}}', '{"msg ":"a","msg":"b"}', '{"msg":"a",}', '{"x":[nan,],"msg":"a"}'])
@example(['{"a":{"b":-0}}', '{"msg":"a"}x', '{"msg":"\\u0061"}', '{"m\\u0073g":"a"}', '{"a":{"b":' + "[" * 2000])
@example(['{"":' * n + '{"msg":"a","a":{"b":"a"}}' + "}" * n for n in (2, 300, 760, 900, 2000)])
@example(
    [f'{{"x":"{"7" * 5000}","n":{"7" * 5000},"msg":"a","a":{{"b":"a"}}}}', '{"x":' + "[" * 3000 + "]" * 3000 + "}"]
)
def test_a_line_that_is_counted_at_once_has_the_labels_of_the_row_engine(lines: list[str]) -> None:
    for query in QUERIES:
        for line, found in by_columns(query, lines).items():
            for engine in (SETTINGS, NEWER):
                assert (query, line, found) == (query, line, by_rows(query, line, engine))


def test_lines_of_usual_form_leave_no_doubt() -> None:
    lines = ['{"a":{"b":"x"},"msg":"error: nan of 3"}', '{"msg":"a c","list":[1,{"c":null}],"n":1.5}', '{"x":{}}']
    lines.append(f'{{"x":"{"long " * 2000}","msg":"a c"}}')
    for query in (QUERIES[0], QUERIES[1], QUERIES[5], QUERIES[7]):
        assert len(by_columns(query, lines)) == len(lines)
