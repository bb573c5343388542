"""field-not-in-lines: a query takes a field that no line of the sample has."""

import difflib
import re
from collections.abc import Iterator, Sequence

from obs_check.evidence.needed_labels import grouped_by, labels_needed
from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.lint.sample import SampleLines, shapes
from obs_check.logql.explain.fields import in_lists, valueless
from obs_check.logql.explain.reasons import compared_labels
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.naming import sanitise
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text

_PACKED = "_entry"
"""Where promtail's and Alloy's `pack` put the line."""
_Structured = ast.JsonParser | ast.LogfmtParser


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        for number, (query, known) in enumerate(question.log_queries()):
            for sample in material.stored_samples:
                for place, stage in enumerate(query.stages):
                    if not isinstance(stage, _Structured | ast.RegexpParser | ast.PatternParser):
                        continue
                    rows = sample.survivors(query, known, place)
                    needed = labels_needed(question.logql, place, number) if question.logql else []
                    if not rows:
                        continue
                    if isinstance(stage, _Structured):
                        claims = _absent(question, query, place, stage, sample, rows, needed)
                    else:
                        claims = _unfit(stage, sample, rows, needed)
                    for claim, remedy in claims:
                        yield question.spot, f"{claim} ({sample.name})", remedy


def _unfit(
    stage: ast.RegexpParser | ast.PatternParser, sample: SampleLines, rows: list[Row], needed: list[str]
) -> Iterator[tuple[str, str]]:
    names = _after(stage, rows, sample.settings)
    if not names:
        yield f"`| {stage.WORD}` fits no line", "compare it with a line of the sample"
        return
    for label in needed:
        if label in (effect_of(stage).sets or ()) and label not in names:
            yield f"`| {stage.WORD}` takes {label!r}, which the query uses, from no line", _nearest(label, names)


def _absent(
    question: Question,
    query: ast.LogQuery,
    place: int,
    stage: _Structured,
    sample: SampleLines,
    rows: list[Row],
    needed: list[str],
) -> Iterator[tuple[str, str]]:
    # Other lines among them, as a banner, have no field at all.
    if ("json" if isinstance(stage, ast.JsonParser) else "logfmt") not in shapes([row.line for row in rows]):
        return
    flat = _after(_whole(stage), rows, sample.settings)
    blank = _blank(stage, rows, sample.settings)
    listed = _listed(stage, rows)
    if stage.extractions:
        names = _after(stage, rows, sample.settings)
        for one in stage.extractions:
            if one.label not in names and sanitise(one.expression) not in blank:
                path = listed.get(_bare(sanitise(one.expression)))
                remedy = f"it stands in a list: the first is {path}" if path else _nearest(one.expression, flat)
                yield f"no line has the field {one.expression!r}", remedy
        return
    grouped = grouped_by(question.logql) if question.logql else []
    there = {m.name for m in query.selector.matchers} | _anywhere(query.stages[place:], rows, sample.settings) | blank
    there |= {name for one in query.stages[place:] if isinstance(one, ast.LabelFilter) for name in _spare(one, there)}
    for label in needed:
        of_stream = sample.may_have(label)
        # People group by labels of the stream: without a word on those, only what resembles a field is one.
        path = listed.get(_bare(label))
        resembles = path or _near(label, flat)
        if label in there or of_stream or (of_stream is None and label in grouped and not resembles):
            continue
        remedy = f"it stands in a list, which a bare `| json` passes over: {_json(label, path)}" if path else ""
        yield f"no line has the field {label!r}, which the query uses", remedy or _nearest(label, flat)


def _listed(stage: _Structured, rows: list[Row]) -> dict[str, str]:
    """The expressions of fields in lists, by their names without numbers."""
    if not isinstance(stage, ast.JsonParser):
        return {}
    return {sanitise(name): path for row in rows for name, path in in_lists(row.line).items()}


def _bare(name: str) -> str:
    return re.sub(r"_+\d+_*(?=_|$)", "", name).rstrip("_")


def _json(label: str, path: str) -> str:
    return stage_text(ast.JsonParser((ast.Extraction(label, path),)))


def _spare(stage: ast.LabelFilter, there: set[str]) -> set[str]:
    """Labels that stand in for others in an `or`, one side of which the lines can meet: for lines of another form."""
    found: set[str] = set()
    todo: list[ast.Predicate] = [stage.predicate]
    while todo:
        match todo.pop():
            case ast.OrPredicate() as either:
                sides = set(compared_labels(either.left)), set(compared_labels(either.right))
                found |= sides[0] | sides[1] if any(side <= there for side in sides) else set()
                todo += [either.left, either.right]
            case ast.AndPredicate() as both:
                todo += [both.left, both.right]
            case _:
                pass
    return found


def _whole(stage: _Structured, keep_empty: bool = False) -> _Structured:
    """The parser of every field."""
    return ast.JsonParser() if isinstance(stage, ast.JsonParser) else ast.LogfmtParser(keep_empty=keep_empty)


def _blank(stage: _Structured, rows: list[Row], settings: EngineSettings) -> set[str]:
    """Fields that are in the lines without a value: another line may have one."""
    if isinstance(stage, ast.JsonParser):
        return {name for row in rows for name in valueless(row.line)}
    return _after(_whole(stage, keep_empty=True), rows, settings, empty=True)


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


def _after(stage: ast.Stage, rows: list[Row], settings: EngineSettings, empty: bool = False) -> set[str]:
    """Labels that a stage sets to something (or nothing, with `empty`) on some of the lines."""
    run = compile_stage(stage, settings)
    found: set[str] = set()
    for row in rows:
        fresh = Row(row.ts, row.line, {}, {})
        run(fresh)
        found |= {name for name, value in fresh.parsed.items() if bool(value) != empty}
    return found


def _near(name: str, known: set[str]) -> str:
    """The field that is meant by a name; "" where none resembles it."""
    plain = name.replace(".", "_")
    near = [k for k in sorted(known) if k.endswith(f"_{plain}")] or difflib.get_close_matches(plain, sorted(known), 1)
    return near[0] if near else ""


def _nearest(name: str, known: set[str]) -> str:
    if _PACKED in known:
        return "the shipper packs the lines: put `| unpack` in front of the parser"
    near = _near(name, known)
    return f"the nearest is {near}" if near else f"fields there: {', '.join(sorted(known)[:12])}"


RULE = LintRule("field-not-in-lines", "warning", "a field that no line of the sample has", _find)
