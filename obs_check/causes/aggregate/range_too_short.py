"""aggregate.range-too-short: the interval in brackets is shorter than the time between two points.

What happens between two points is in none of them; an instant query, or a tile that shows the last point, looks back
no further than the interval. Proved by the panel read with the interval that covers everything. A count over a macro's
interval says the same then; a rate over the whole range is another figure, whatever a run shows.
"""

from dataclasses import replace

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_edit import Edits
from obs_check.evidence.query_fix import query_fix, reads_better, with_edits
from obs_check.evidence.query_text import splice_text
from obs_check.golang.durations import format_duration
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import range_aggregations, ranges
from obs_check.model.finding import Finding, Meaning, Proof, TargetEdit
from obs_check.panel.drawing import shows_one_point
from obs_check.panel.macros import read_text, step_macro

_SAME: Meaning = "same"
_MEANINGS: tuple[Meaning, ...] = (_SAME, "other", "figure")
_SUMS = ("count_over_time", "sum_over_time", "bytes_over_time")
_WHOLE = "$__range"


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Read the panel with an interval as long as the step, or as the panel's range where one point is shown."""
    found = ranges(parse(broken.expr))
    if broken.place >= len(found) or broken.rungs[-1].lines == 0:
        return None
    interval_ns = found[broken.place].interval_ns
    one_point = broken.instant or shows_one_point(broken.panel)
    window_ns = broken.whole.range.end_ns - broken.whole.range.start_ns
    needed_ns, macro = (window_ns, _WHOLE) if one_point else (broken.step_ns, step_macro(context.grafana_version))
    edits, meaning = _edits(broken, macro, needed_ns) if interval_ns < needed_ns else ((), _SAME)
    if not edits:
        return None
    changed = with_edits(context, broken, edits)
    if not reads_better(broken, changed):
        return None
    where = "the panel shows one point" if one_point else f"points are {format_duration(needed_ns)} apart"
    short = CAUSE.finding(
        f"[{format_duration(interval_ns)}] is too short, {where}: of {broken.rungs[-1].lines:g} lines the panel "
        f"reads {broken.reading.text}, with [{macro}] {changed.reading.text}",
        Proof((*broken.measured, *broken.whole.probes), changed.probes, cured=not changed.differs),
        query_fix(context, f"look back over [{macro}]", edits, meaning),
        group=macro,
    )
    # A time of the author's own may be meant, and nothing have happened in it: only a run that has to show tells.
    certain = meaning == _SAME or context.expects(broken.panel.id)
    return short if certain else replace(short, severity="warning")


def _edits(broken: BrokenTarget, macro: str, needed_ns: int) -> tuple[Edits, Meaning]:
    """Every interval of the panel's queries of the same type that is too short, each of them: a difference of which one
    side alone looks back further is wrong. None where one of them cannot be edited. And what they make of it all."""
    asked = {one.target.ref_id: one for one in asked_queries(broken.whole)}
    edits: list[TargetEdit] = []
    meanings: set[Meaning] = set()
    for one in asked.values():
        if (one.sent.get("queryType") == "instant") != broken.instant:
            continue
        raw, expr = one.target.text, read_text(one.target.text)
        written = range_aggregations(expr) if expr is not None else []
        sent = range_aggregations(parse(one.expr))
        if len(written) != len(sent):
            return (), _SAME
        brief = [w for w, s in zip(written, sent, strict=True) if s.range.interval_ns < needed_ns]
        brackets = [_brackets(raw, found.range.span) for found in brief]
        if -1 in (end for bracket in brackets for end in bracket):
            return (), _SAME
        meanings |= {
            _meaning(found.op, macro, "$__" in raw[slice(*bracket)].replace("{", ""))
            for found, bracket in zip(brief, brackets, strict=True)
        }
        after = splice_text(raw, ((opening + 1, closing, macro) for opening, closing in brackets))
        if after != raw:
            edits.append(TargetEdit(broken.panel.id, one.target.ref_id, raw, after))
    return tuple(edits), max(meanings, key=_MEANINGS.index, default=_SAME)


def _meaning(op: str, macro: str, of_macro: bool) -> Meaning:
    """What an aggregation over a longer interval is to its author, who wrote a macro or a time of his own. Sums grow
    with their interval; what is per second or an average of one moment is another figure over all of the range, and
    the same between two points."""
    if op in _SUMS:
        return _SAME if of_macro else "other"
    return "figure" if macro == _WHOLE else _SAME


def _brackets(raw: str, span: ast.Span) -> tuple[int, int]:
    """Where the interval of a range begins and ends; -1 where it is not found."""
    opening = raw.rfind("[", *span)
    return opening, raw.find("]", max(opening, span.start))


CAUSE = on_query("aggregate.range-too-short", "panel", find)
