"""pipeline.parser-error: the parser fails on the lines, and a later filter drops them in silence.

Lines with `__error__` stay in the pipeline without the labels that were wanted (Loki 3.5); the first filter on one of
these drops them. Proved by counting the lines with the error and by the same query on the part of the line that can be
parsed: the JSON behind a prefix, the line as it was before a `line_format`, or the pairs of coderd's human format. Any
parser misses the fields of lines with a terminal's colours, and of lines that were packed into others; those behind a
slip are for `logfmt --strict` to miss.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from obs_check.boundary.cri import CRI
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import passing_rows
from obs_check.evidence.line_shape import DECOLORIZE, UNPACK, are_logfmt, are_packed, has_colours, json_fields, shown
from obs_check.evidence.parser_at import ParserAt, as_written, count, count_fixed, count_gained, parsers, rows_at
from obs_check.evidence.query_edit import (
    Rewrite,
    after_stage,
    before_stage,
    insert_stage,
    move_stage,
    replace_stage,
)
from obs_check.evidence.query_fix import query_fix
from obs_check.logql.explain.fields import JsonField, field_meant
from obs_check.logql.stages.formats import FORMAT_ERROR
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding, Proof
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

_JSON_OF_CODERD = "let coderd write JSON (CODER_LOGGING_JSON=/dev/stderr)"
_ACTION = re.compile(r"\{\{.*?\}\}")
_PATH = re.compile(r"(?<![\w\"`)])\.(\w+(?:\.\w+)+)")
_UNWRAPPED = "| regexp `(?P<json_part>\\{.*)` | line_format `{{.json_part}}` | drop json_part"


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Count the errors, then the same query on what can be parsed."""
    if (found := _template_fails(context, broken)) is not None:
        return found
    for at in parsers(broken):
        if at.unset and (found := _unreadable(context, broken, at)) is not None:
            return found
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
            text = stage_text(broken.query.stages[changing])
            last = max(n for n, one in enumerate(broken.query.stages) if n == at.place or effect_of(one).reads_line)
            why = f"`{text}` changes the line before it is read"
            if last > at.place:
                behind = stage_text(broken.query.stages[last])
                rewrite, what = move_stage(context, broken, changing, last, at.needed), f"with it behind `{behind}`"
                fix = query_fix(context, f"put `{text}` behind `{behind}`", rewrite.edits)
            else:
                rewrite = move_stage(context, broken, at.place, changing, at.needed)
                what = "with the parser in front of it"
                fix = query_fix(context, f"put `{stage_text(at.stage)}` in front of `{text}`", rewrite.edits)
        elif _behind_prefix(example):
            rewrite = insert_stage(context, broken, _UNWRAPPED, before_stage(at.stage), at.needed)
            why, what = "text stands before the JSON", "with the JSON part alone"
            fix = query_fix(context, "parse the JSON part of the line", rewrite.edits)
        elif not _has_pairs(broken, at):
            continue
        else:
            rewrite = replace_stage(context, broken, at.place, "| logfmt")
            why, what = "they are written for people", "with `| logfmt`"
            fix = query_fix(context, _JSON_OF_CODERD if "coderd" in example else "let the program that logs write JSON")
        read, probe = count_fixed(context, broken, rewrite)
        if read <= 0:
            continue
        return CAUSE.finding(
            f"{count_noun(failed, 'line')} that reach `| json` are not JSON (JSONParserErr): {why}, for example "
            f"`{shorten(example, 120)}`; as written 0, {what} {read:g}",
            Proof((*broken.measured, written_probe, failed_probe), (probe,)),
            fix,
            group="json",
        )
    return None


def _template_fails(context: Context, broken: BrokenTarget) -> Finding | None:
    """A template with the path of a field, `{{.a.b}}`, which is the label `a_b`: Go finds no field in a text."""
    for place, stage in enumerate(broken.query.stages[: broken.rungs[-1].stages]):
        if place < broken.head or not isinstance(stage, ast.LabelFormat | ast.LineFormat):
            continue
        after = rows_at(broken, place + 1)
        if not after or any(row.error != FORMAT_ERROR for row in after):
            continue
        labels = {name for row in after for name in row.labels()}

        def flat(found: re.Match[str], labels: set[str] = labels) -> str:
            name = found[1].replace(".", "_")
            return f".{name}" if name in labels else found[0]

        text = stage_text(stage)
        new = _ACTION.sub(lambda action: _PATH.sub(flat, action[0]), text)
        if new == text:
            continue
        rewrite = replace_stage(context, broken, place, new)
        lines, probe = count_fixed(context, broken, rewrite)
        if lines:
            return CAUSE.finding(
                f"`{text}` fails on every line ({FORMAT_ERROR}): the field of a field is a label of its own; as "
                f"written 0, with `{new}` {lines:g}",
                Proof(broken.measured, (probe,)),
                query_fix(context, f"write `{new}`", rewrite.edits),
                group=text,
            )
    return None


def _has_pairs(broken: BrokenTarget, at: ParserAt) -> bool:
    """Whether the lines have one of the labels that are missed as a pair."""
    parsed = passing_rows((ast.LogfmtParser(),), [({}, line) for line in at.lines], broken.settings)
    return any(row.get(name) for row in parsed for name in at.unset)


def _unreadable(context: Context, broken: BrokenTarget, at: ParserAt) -> Finding | None:
    """What keeps any parser from the fields: colours, a line inside of another, or `--strict` on lines with a slip."""
    text = stage_text(at.stage)
    for change, why, what in _readable(context, broken, at):
        gained = count_gained(context, broken, change, at.unset)
        if gained is not None:
            found, proof = gained
            example = shorten(shown(at.lines[0]), 120)
            return CAUSE.finding(
                f"`{text}` does not find {', '.join(at.unset)} in the lines: {why}, for example `{example}`; as "
                f"written 0, with `{what}` {found:g}",
                proof,
                query_fix(context, f"write `{what}` in the place of `{text}`", change.edits),
                group=f"{text} {what}",
            )
    return None


def _readable(context: Context, broken: BrokenTarget, at: ParserAt) -> Iterator[tuple[Rewrite, str, str]]:
    text = stage_text(at.stage)
    front = [
        (has_colours(at.lines), DECOLORIZE, "they hold the colours of a terminal"),
        (are_packed(at.lines), UNPACK, "they are packed, the line itself is in `_entry`"),
    ]
    for concerns, stage, why in front:
        if concerns:
            change = insert_stage(context, broken, stage, before_stage(at.stage), at.needed)
            yield change, why, f"{stage} {text}"
    if isinstance(at.stage, ast.JsonParser) and not at.stage.extractions and (holder := _holder(at)) is not None:
        stages = f"| line_format `{{{{.{holder.flat}}}}}` | json"
        change = insert_stage(context, broken, stages, after_stage(at.stage), at.needed)
        yield change, f"the text of `{holder.path}` has it, which is JSON itself", f"{text} {stages}"
    if isinstance(at.stage, ast.LogfmtParser) and at.stage.strict and any(row.error for row in at.after):
        lenient = stage_text(replace(at.stage, strict=False))
        change = replace_stage(context, broken, at.place, lenient, at.needed)
        yield change, "with `--strict` it stops at what is no pair", lenient


def _holder(at: ParserAt) -> JsonField | None:
    """The field of the lines whose text is JSON that has all that is missed."""
    for one in json_fields(at.lines):
        inner = json_fields([one.value])
        if inner and all(field_meant(name, inner) is not None for name in at.unset):
            return one
    return None


def _changed_by(broken: BrokenTarget, at: ParserAt) -> int | None:
    """The number of the first `line_format` in front of which the parser sets what is needed of it."""
    stages = broken.query.stages
    for number in range(broken.head, at.place):
        if not isinstance(stages[number], ast.LineFormat):
            continue
        parsed = rows_at(broken, number, at.stage)
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
