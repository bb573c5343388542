"""pipeline.capture-too-wide: a capture of a pattern or regexp parser takes in more than the value.

The last capture of a pattern takes the rest of the line, and so does one whose next text is not there; `.*` goes as far
as it can (Loki 3.5). A filter then compares the value with all that, and a grouping shows a series a line. Proved by
the same query with the capture ended where the value ends.
"""

import re
from collections.abc import Iterator, Sequence

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import Rung
from obs_check.evidence.needed_labels import grouped_by
from obs_check.evidence.parser_at import count_fixed, rows_at
from obs_check.evidence.query_edit import Rewrite, replace_stage
from obs_check.evidence.query_fix import query_fix, with_edits
from obs_check.logql import parse
from obs_check.logql.explain.whereabouts import SHOWN
from obs_check.logql.stages.line_pattern import Piece, parse_pieces
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.walk import ranges
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

_GROUP = r"\(\?P<{}>(?P<inside>[^()]*)\)"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[a-zµ]+)?(?=[\s;)\]}\"|]|,(?:\s|$))")
"""A number at the beginning of a text, which ends where a value does."""
_QUOTES = re.compile(r"^[\"'\[({]+|[\"'\])},;]+$")
_LINE = 120
_PARSERS = (ast.PatternParser, ast.RegexpParser)


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Look for the wanted value inside of what was captured, and count with a capture that takes it alone."""
    for name, values in _wanted(context, broken):
        for place, stage in enumerate(broken.query.stages[: broken.rungs[-1].stages]):
            if place < broken.head or not isinstance(stage, _PARSERS):
                continue
            captured = [
                (row, wanted)
                for row in rows_at(broken, place + 1)
                for wanted in values
                if _is_inside(wanted, row, name)
            ]
            better = next(_narrowed(stage, name, captured), None)
            if better is None:
                continue
            text = stage_text(better)
            rewrite = replace_stage(context, broken, place, text, (name,))
            shown = _shown(context, broken, rewrite)
            if shown is None:
                continue
            told, probes, right = shown
            row, wanted = captured[0]
            taken = shorten(row.get(name), SHOWN)
            return CAUSE.finding(
                f"`{stage_text(stage)}` takes more than the value into `{name}`: `{taken}` where "
                f"`{wanted}` is meant; {told}",
                Proof(broken.measured, probes, cured=right),
                query_fix(context, f"let the capture `{name}` end where the value does", rewrite.edits),
                group=stage_text(stage),
            )
    return _shifted(context, broken)


def _shifted(context: Context, broken: BrokenTarget) -> Finding | None:
    """A parser whose captures lie beside the values: the wanted one is in another capture, with its quotes."""
    if broken.emptied is None:
        return None
    for name, values in _wanted(context, broken):
        for place, stage in enumerate(broken.query.stages[: broken.rungs[-1].stages]):
            if place < broken.head or not isinstance(stage, _PARSERS):
                continue
            for row in rows_at(broken, place + 1):
                quoted = {other: value for other, value in row.parsed.items() if value not in values}
                beside = [other for other, value in quoted.items() if _QUOTES.sub("", value) in values]
                if not row.get(name) or not beside or any(_is_inside(wanted, row, name) for wanted in values):
                    continue
                taken, found = (shorten(row.get(one), SHOWN) for one in (name, beside[0]))
                return CAUSE.finding(
                    f"`{stage_text(stage)}` does not fit the lines: it takes `{taken}` into `{name}`, and `{found}` "
                    f"into `{beside[0]}`; none of the {count_noun(broken.emptied[0].lines, 'line')} passes the filter",
                    Observation(broken.measured),
                    query_fix(
                        context,
                        f"write the text of a line around the captures, for example `{shorten(row.line, _LINE)}`",
                    ),
                    group=stage_text(stage),
                )
    return None


def _wanted(context: Context, broken: BrokenTarget) -> Iterator[tuple[str, Sequence[str]]]:
    """A label and the values that it should have: those of the filter that drops every line, or else the names that
    the run has to make the panel show."""
    if broken.emptied is not None:
        stage = broken.query.stages[broken.emptied[1].stages - 1]
        if isinstance(stage, ast.LabelFilter) and isinstance(stage.predicate, ast.StringPredicate):
            matcher = stage.predicate.matcher
            plain = matcher.op == "=" or re.fullmatch(r"[\w|-]+", matcher.value)
            if matcher.op in ("=", "=~") and matcher.value and plain:
                yield matcher.name, [v for v in matcher.value.split("|" if matcher.op == "=~" else "\0") if v]
        return
    found = ranges(parse(broken.expr))
    unwrap = found[broken.place].unwrap if broken.place < len(found) else None
    if unwrap is not None:
        texts = (row.get(unwrap.label) for row in rows_at(broken))
        numbers = [m[0] for text in texts if (m := _NUMBER.match(text)) and m[0] != text]
        if numbers:
            yield unwrap.label, numbers[:1]
        return
    expectation = context.panels.expectations.get(broken.panel.id)
    if context.run is None or expectation is None or expectation.kind != "count":
        return
    wanted = expectation.wanted(context.run.events) or {}
    for name in grouped_by(parse(broken.expr)):
        yield name, list(wanted)


def _is_inside(wanted: str, row: Row, name: str) -> bool:
    value = row.get(name)
    return wanted in value and value != wanted


def _narrowed(
    stage: ast.PatternParser | ast.RegexpParser, name: str, captured: Sequence[tuple[Row, str]]
) -> Iterator[ast.PatternParser | ast.RegexpParser]:
    """The parser with a capture that gives the wanted value on a line."""
    for row, wanted in captured[:1]:
        before, _, after = row.get(name).partition(wanted)
        if isinstance(stage, ast.PatternParser):
            pattern = _narrow_pattern(stage.pattern, name, before, after)
            made: ast.PatternParser | ast.RegexpParser | None = ast.PatternParser(pattern) if pattern else None
        else:
            expression = _narrow_expression(stage.pattern, name, before, after)
            made = ast.RegexpParser(expression) if expression else None
        if made is not None:
            yield made


def _narrow_pattern(pattern: str, name: str, before: str, after: str) -> str | None:
    pieces = parse_pieces(pattern)
    at = next((n for n, piece in enumerate(pieces) if piece == Piece(name, capture=True)), None)
    if at is None:
        return None
    # A text ends the capture in front of it where it is found first; a whole word says what it is.
    word = max(1, len(before) - len(before.rstrip()), len(before) - before.rstrip().rfind(" ") - 1)
    ends = next((before[-n:] for n in range(word, len(before) + 1) if before.find(before[-n:]) == len(before) - n), "")
    skipped = [Piece("_", capture=True)] if len(ends) < len(before) else []
    lead = [*skipped, *([Piece(ends, capture=False)] if ends else [])]
    trail = [Piece(after[0], capture=False), Piece("_", capture=True)] if after else []
    if skipped and at and pieces[at - 1].capture:
        return None
    every = [*pieces[:at], *lead, pieces[at], *trail, *pieces[at + 1 :]]
    return "".join(f"<{piece.text}>" if piece.capture else piece.text for piece in every)


def _narrow_expression(pattern: str, name: str, before: str, after: str) -> str | None:
    found = re.search(_GROUP.format(name), pattern)
    if found is None or before or not after:
        return None
    end = after[0] if after[0] not in "\\]^-" else f"\\{after[0]}"
    start, stop = found.span("inside")
    return f"{pattern[:start]}[^{end}]+{pattern[stop:]}"


def _shown(context: Context, broken: BrokenTarget, rewrite: Rewrite) -> tuple[str, tuple[Probe, ...], bool] | None:
    """What the change makes of the panel, in words; None where it is of no help."""
    if broken.emptied is not None:
        lines, probe = count_fixed(context, broken, rewrite)
        reach: Rung = broken.emptied[0]
        return (
            (f"as written 0 of {count_noun(reach.lines, 'line')} pass, with it ended there {lines:g}", (probe,), False)
            if lines
            else None
        )
    if not rewrite.edits:
        return None
    changed = with_edits(context, broken, rewrite.edits)
    if changed.differs:
        return None
    return f"as written {broken.reading.text}, with it ended there {changed.reading.text}", changed.probes, True


CAUSE = on_query("pipeline.capture-too-wide", "panel", find)
