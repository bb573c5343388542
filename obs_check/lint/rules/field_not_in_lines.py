"""field-not-in-lines: a query takes a field that no line of the sample has."""

import difflib
from collections.abc import Iterator

from obs_check.evidence.needed_labels import labels_needed
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.sample import SampleLines, shape
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries

_Structured = ast.JsonParser | ast.LogfmtParser


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        queries = log_queries(question.logql) if question.logql else []
        for query in queries:
            for sample in material.stored_samples:
                for place, stage in enumerate(query.stages):
                    for claim, remedy in _at(question, query, place, stage, sample, len(queries) == 1):
                        yield question.spot, f"{claim} ({sample.name})", remedy


def _at(
    question: Question, query: ast.LogQuery, place: int, stage: ast.Stage, sample: SampleLines, alone: bool
) -> Iterator[tuple[str, str]]:
    if not isinstance(stage, _Structured | ast.RegexpParser | ast.PatternParser):
        return
    rows = sample.survivors(query, place)
    if not rows:
        return
    lines = [row.line for row in rows]
    before = {name for row in rows for name in row.labels()} | {m.name for m in query.selector.matchers}
    names = _after(stage, rows, sample.settings)
    if isinstance(stage, ast.RegexpParser | ast.PatternParser):
        if not names:
            yield f"`| {stage.WORD}` fits no line", "compare it with a line of the sample"
        return
    if shape(lines) != ("json" if isinstance(stage, ast.JsonParser) else "logfmt"):
        return
    whole = ast.JsonParser() if isinstance(stage, ast.JsonParser) else ast.LogfmtParser()
    flat = _after(whole, rows, sample.settings)
    if stage.extractions:
        for one in stage.extractions:
            if one.label not in names:
                yield f"no line has the field {one.expression!r}", _nearest(one.expression, flat)
    elif alone and question.logql is not None:
        for label in labels_needed(question.logql, place):
            if label not in names and label not in before:
                yield f"no line has the field {label!r}, which the query uses", _nearest(label, flat)


def _after(stage: ast.Stage, rows: list[Row], settings: EngineSettings) -> set[str]:
    """Labels that a stage sets to something on some of the lines."""
    run = compile_stage(stage, settings)
    found: set[str] = set()
    for row in rows:
        fresh = Row(row.ts, row.line, {}, {})
        run(fresh)
        found |= {name for name, value in fresh.parsed.items() if value}
    return found


def _nearest(name: str, known: set[str]) -> str:
    plain = name.replace(".", "_")
    near = [k for k in sorted(known) if k.endswith(f"_{plain}")] or difflib.get_close_matches(plain, sorted(known), 1)
    return f"the nearest is {near[0]}" if near else f"fields there: {', '.join(sorted(known)[:12])}"


RULE = LintRule("field-not-in-lines", "warning", "a field that no line of the sample has", _find)
