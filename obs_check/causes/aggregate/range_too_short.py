"""aggregate.range-too-short: the interval in brackets is shorter than the time between two points.

What happens between two points is in none of them; an instant query, or a tile that shows the last point, looks back
no further than the interval. Proved by the panel read with the interval that covers everything.
"""

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_edit import Edits
from obs_check.evidence.query_finding import query_finding, query_fix, reads_better, with_edits
from obs_check.evidence.query_text import splice_text
from obs_check.golang.durations import format_duration
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import ranges
from obs_check.model.finding import Finding, Proof, TargetEdit
from obs_check.panel.drawing import shows_one_point
from obs_check.panel.macros import read_text


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Read the panel with an interval as long as the step, or as the panel's range where one point is shown."""
    found = ranges(parse(broken.expr))
    if broken.place >= len(found) or broken.rungs[-1].lines == 0:
        return None
    interval_ns = found[broken.place].interval_ns
    one_point = broken.instant or shows_one_point(broken.panel)
    window_ns = broken.whole.range.end_ns - broken.whole.range.start_ns
    needed_ns, macro = (window_ns, "$__range") if one_point else (broken.step_ns, "$__auto")
    edits = _edits(broken, macro, needed_ns) if interval_ns < needed_ns else ()
    if not edits:
        return None
    changed = with_edits(context, broken, edits)
    if not reads_better(broken, changed):
        return None
    where = "the panel shows one point" if one_point else f"points are {format_duration(needed_ns)} apart"
    return query_finding(
        CAUSE,
        context,
        broken,
        f"[{format_duration(interval_ns)}] is too short, {where}: of {broken.rungs[-1].lines:g} lines the panel "
        f"reads {broken.reading.text}, with [{macro}] {changed.reading.text}",
        Proof((*broken.measured, *broken.whole.probes), changed.probes, cured=not changed.differs),
        query_fix(context, f"count over [{macro}]", edits),
        group=macro,
    )


def _edits(broken: BrokenTarget, macro: str, needed_ns: int) -> Edits:
    """Every interval of the panel's queries of the same type that is too short, each of them: a difference of which one
    side alone looks back further is wrong. None where one of them cannot be edited."""
    asked = {one.target.ref_id: one for one in asked_queries(broken.whole)}
    edits = []
    for one in asked.values():
        if (one.sent.get("queryType") == "instant") != broken.instant:
            continue
        raw, expr = one.target.text, read_text(one.target.text)
        written, sent = ranges(expr) if expr is not None else [], ranges(parse(one.expr))
        if len(written) != len(sent):
            return ()
        short = [w for w, s in zip(written, sent, strict=True) if s.interval_ns < needed_ns]
        brackets = [_brackets(raw, found.span) for found in short]
        if -1 in (end for bracket in brackets for end in bracket):
            return ()
        after = splice_text(raw, ((opening + 1, closing, macro) for opening, closing in brackets))
        if after != raw:
            edits.append(TargetEdit(broken.panel.id, one.target.ref_id, raw, after))
    return tuple(edits)


def _brackets(raw: str, span: ast.Span) -> tuple[int, int]:
    """Where the interval of a range begins and ends; -1 where it is not found."""
    opening = raw.rfind("[", *span)
    return opening, raw.find("]", max(opening, span.start))


CAUSE = on_query("aggregate.range-too-short", "panel", find)
