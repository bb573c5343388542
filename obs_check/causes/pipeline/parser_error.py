"""pipeline.parser-error: the json parser fails on the lines, and a later filter drops them in silence.

Lines with `__error__` stay in the pipeline without the labels that were wanted (Loki 3.5); the first filter on one of
these drops them. Proved by counting the lines with the error and by the same query on the part of the line that can be
parsed: the JSON behind a prefix, the line as it was before a `line_format`, or the pairs of coderd's human format.
"""

import json
from collections import Counter
from dataclasses import replace

from obs_check.boundary.cri import CRI
from obs_check.errors import QueryError
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import passing_rows
from obs_check.evidence.line_shape import are_logfmt, json_fields
from obs_check.evidence.parser_at import ParserAt, as_written, count, count_fixed, parsers
from obs_check.evidence.query_edit import before_stage, insert_stage, move_stage, replace_stage
from obs_check.evidence.query_finding import query_finding, query_fix
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding, Proof
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

_UNWRAPPED = "| regexp `(?P<json_part>\\{.*)` | line_format `{{.json_part}}` | drop json_part"


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Count the errors, then the same query on what can be parsed."""
    for at in parsers(broken):
        if not isinstance(at.stage, ast.JsonParser) or not at.unset:
            continue
        # What a container runtime puts in front of a line is the shipper's to take off.
        if json_fields(at.lines) or are_logfmt(at.lines) or CRI.match(at.lines[0]):
            continue
        errors = Counter(row.error for row in at.after if row.error)
        written, written_probe = as_written(context, broken, at.unset)
        if written > 0 or not (at.stage.extractions or errors):
            continue
        bare = replace(broken.query, stages=(*broken.query.stages[: at.place], ast.JsonParser()))
        failing = replace(bare, stages=(*bare.stages, _ERROR))
        failed, failed_probe = count(context, broken, failing)
        if failed <= 0:
            continue
        example = at.lines[0]
        changing = _changed_by(broken, at)
        if changing is not None:
            rewrite = move_stage(context, broken, at.place, changing, at.needed)
            text = stage_text(broken.query.stages[changing])
            why, what = f"`{text}` changes the line before it is read", "with the parser in front of it"
            fix = query_fix(context, f"put `{stage_text(at.stage)}` in front of `{text}`", rewrite.edits)
        elif _behind_prefix(example):
            rewrite = insert_stage(context, broken, _UNWRAPPED, before_stage(at.stage), at.needed)
            why, what = "text stands before the JSON", "with the JSON part alone"
            fix = query_fix(context, "parse the JSON part of the line", rewrite.edits)
        else:
            rewrite = replace_stage(context, broken, at.place, "| logfmt")
            why, what = "they are written for people", "with `| logfmt`"
            fix = query_fix(context, "let coderd write JSON (CODER_LOGGING_JSON=/dev/stderr)")
        found, probe = count_fixed(context, broken, rewrite)
        if found <= 0:
            continue
        return query_finding(
            CAUSE,
            context,
            broken,
            f"{count_noun(failed, 'line')} that reach `| json` are not JSON (JSONParserErr): {why}, for example "
            f"`{shorten(example, 120)}`; as written 0, {what} {found:g}",
            Proof((*broken.measured, written_probe, failed_probe), (probe,)),
            fix,
            group="json",
        )
    return None


def _changed_by(broken: BrokenTarget, at: ParserAt) -> int | None:
    """The number of the first `line_format` in front of which the parser sets what is needed of it."""
    stages = broken.query.stages
    for number in range(broken.head, at.place):
        if not isinstance(stages[number], ast.LineFormat):
            continue
        try:
            parsed = passing_rows((*stages[broken.head : number], at.stage), broken.lines, broken.settings)
        except QueryError:
            return None
        if any(row.get(name) for row in parsed for name in at.unset):
            return number
    return None


_ERROR = ast.LabelFilter(ast.StringPredicate(ast.Matcher("__error__", "!=", "")))


def _behind_prefix(line: str) -> bool:
    start = line.find("{")
    if start <= 0:
        return False
    try:
        return isinstance(json.loads(line[start:]), dict)
    except (ValueError, RecursionError):
        return False


CAUSE = on_query("pipeline.parser-error", "panel", find)
