"""What a kind of stage says that it does to a line, held to what it does to the lines of every recorded query."""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import get_args

import pytest

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.settings import LOKI_3_5
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.kind import Effect
from obs_check.logql.stages.registry import BY_WORD, KINDS, effect_of
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, ERROR, ERROR_DETAILS, Row, row_of
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.walk import log_queries
from tests.engine_settings import SETTINGS
from tests.logql.test_conformance import CASES, read, source
from tests.logql.test_stages import stages

LINES = 15
_ERRORS = {ERROR, ERROR_DETAILS}


@cache
def recorded(lines: Path) -> list[Row]:
    streams = source(lines, LOKI_3_5).select((), 0, 2**63)
    every = (row_of(ts, line, one.labels, metadata) for one in streams for ts, line, metadata in one.entries)
    return list(islice(every, LINES))


def queries() -> Iterator[tuple[ast.LogQuery, Path]]:
    for path in sorted(CASES.rglob("*.json.gz")):
        case = read(path)
        for asked in case.get("queries", ()):
            try:
                found = log_queries(parse(asked["query"]))
            except QueryError:
                continue
            yield from ((query, path.with_name(f"{case['streams']}.gz")) for query in found if query.stages)


def test_no_stage_of_a_recorded_query_does_what_its_effect_does_not_say() -> None:
    seen: set[type] = set()
    for query, lines in queries():
        rows = [row.copy() for row in recorded(lines)]
        for stage in query.stages:
            seen.add(type(stage))
            run = compile_stage(stage, SETTINGS)
            rows = [row for row in rows if _as_said(effect_of(stage), row.copy(), row, run(row))]
    assert seen == {kind.node for kind in KINDS}


def _as_said(effect: Effect, before: Row, row: Row, kept: bool) -> bool:
    if not kept:
        assert effect.drops_lines
        return False
    assert effect.changes_line or row.line == before.line
    assert row.error in (before.error, effect.error) or (not row.error and effect.takes_errors)
    assert not (effect.clears_errors and row.error)
    old = {name: value for name, value in before.labels().items() if name not in _ERRORS}
    new = {name: value for name, value in row.labels().items() if name not in _ERRORS}
    if effect.sets is not None:
        assert {n.removesuffix(DUPLICATE_SUFFIX) for n, v in new.items() if old.get(n) != v} <= set(effect.sets)
    if effect.takes is not None:
        assert old.keys() - new.keys() <= set(effect.takes)
    return True


def test_every_stage_has_a_kind_and_every_word_is_read() -> None:
    assert {kind.node for kind in KINDS} == set(get_args(ast.Stage))
    assert {kind.node for kind in BY_WORD.values()} == set(get_args(ast.WordStage))
    assert BY_WORD.keys() < tokens.KEYWORDS


READ_AND_SET = [
    ('| a="1" or b>2', ("a", "b"), ()),
    ('| a=~".*"', (), ()),
    ("| line_format `{{.a}} 1.5 .txt {{if .b}}{{.c}}{{end}} {{$.d}}`", ("a", "b", "c", "d"), ()),
    ("| label_format a=b, c=`{{.d | ToUpper}}`", ("b", "d"), ("a", "c")),
    ("| regexp `(?<a>x)(?P<1b>y)\\(?P<c>`", (), ("a", "_1b")),
    ("| pattern `<a> <_> <b>`", (), ("a", "b")),
    ('| json a="x.y", b', (), ("a", "b")),
    ("| logfmt a", (), ("a",)),
    ("| json", (), None),
    ("| logfmt", (), None),
    ("| unpack", (), None),
]


@pytest.mark.parametrize(("text", "reads", "sets"), READ_AND_SET)
def test_what_a_stage_reads_and_sets(text: str, reads: tuple[str, ...], sets: tuple[str, ...] | None) -> None:
    effect = effect_of(stages(text)[0])
    assert (effect.reads, effect.sets) == (reads, sets)
