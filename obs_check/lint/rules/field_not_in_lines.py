"""field-not-in-lines: a query takes a field that no line of the sample has."""

import difflib
from collections.abc import Iterator, Sequence

from obs_check.evidence.needed_labels import grouped_by, labels_needed
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.sample import SampleLines, shapes
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.registry import effect_of
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
    names = _after(stage, rows, sample.settings)
    if isinstance(stage, ast.RegexpParser | ast.PatternParser):
        if not names:
            yield f"`| {stage.WORD}` fits no line", "compare it with a line of the sample"
            return
        captured = effect_of(stage).sets or ()
        for label in labels_needed(question.logql, place) if alone and question.logql is not None else ():
            if label in captured and label not in names:
                yield f"`| {stage.WORD}` takes {label!r}, which the query uses, from no line", _nearest(label, names)
        return
    # Other lines among them, as a banner, have no field at all.
    if ("json" if isinstance(stage, ast.JsonParser) else "logfmt") not in shapes([row.line for row in rows]):
        return
    whole = ast.JsonParser() if isinstance(stage, ast.JsonParser) else ast.LogfmtParser()
    flat = _after(whole, rows, sample.settings)
    if stage.extractions:
        for one in stage.extractions:
            if one.label not in names:
                yield f"no line has the field {one.expression!r}", _nearest(one.expression, flat)
    elif alone and question.logql is not None:
        grouped = grouped_by(question.logql)
        there = {m.name for m in query.selector.matchers} | _anywhere(query.stages[place:], rows, sample.settings)
        for label in labels_needed(question.logql, place):
            of_stream = sample.may_have(label)
            # People group by labels of the stream: without a word on those, only what resembles a field is one.
            if label in there or of_stream or (of_stream is None and label in grouped and not _near(label, flat)):
                continue
            yield f"no line has the field {label!r}, which the query uses", _nearest(label, flat)


def _anywhere(stages: Sequence[ast.Stage], rows: list[Row], settings: EngineSettings) -> set[str]:
    """Labels that some line has behind one of the stages, whatever the filters between take away."""
    run = [compile_stage(one, settings) for one in stages if not isinstance(one, ast.LabelFilter | ast.LineFilter)]
    found: set[str] = set()
    for row in rows:
        whole = row.copy()
        found |= whole.labels().keys()
        for one in run:
            one(whole)
            found |= whole.labels().keys()
    return found


def _after(stage: ast.Stage, rows: list[Row], settings: EngineSettings) -> set[str]:
    """Labels that a stage sets to something on some of the lines."""
    run = compile_stage(stage, settings)
    found: set[str] = set()
    for row in rows:
        fresh = Row(row.ts, row.line, {}, {})
        run(fresh)
        found |= {name for name, value in fresh.parsed.items() if value}
    return found


def _near(name: str, known: set[str]) -> str:
    """The field that is meant by a name; "" where none resembles it."""
    plain = name.replace(".", "_")
    near = [k for k in sorted(known) if k.endswith(f"_{plain}")] or difflib.get_close_matches(plain, sorted(known), 1)
    return near[0] if near else ""


def _nearest(name: str, known: set[str]) -> str:
    near = _near(name, known)
    return f"the nearest is {near}" if near else f"fields there: {', '.join(sorted(known)[:12])}"


RULE = LintRule("field-not-in-lines", "warning", "a field that no line of the sample has", _find)
