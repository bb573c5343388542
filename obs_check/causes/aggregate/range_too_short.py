"""aggregate.range-too-short: the interval in brackets is shorter than the time between two points.

What happens between two points is in none of them; an instant query, or a tile that shows the last point, looks back
no further than the interval. Proved by the panel read with the interval that covers everything.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_finding import better, query_finding, query_fix, with_text
from obs_check.golang.durations import format_duration
from obs_check.logql import parse
from obs_check.logql.syntax.parts import ranges
from obs_check.model.finding import Finding, Proof
from obs_check.panel.drawing import shows_one_point
from obs_check.panel.macros import read_text


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Read the panel with an interval as long as the step, or as the panel's range where one point is shown."""
    found = ranges(parse(broken.expr))
    if broken.place >= len(found) or broken.rungs[-1].lines == 0:
        return None
    interval_ns = found[broken.place].interval_ns
    one_point = broken.instant or shows_one_point(broken.panel)
    window_ns = broken.window.end_ns - broken.window.start_ns
    needed_ns, macro = (window_ns, "$__range") if one_point else (broken.step_ns, "$__auto")
    raw = _edited(broken, macro)
    if interval_ns >= needed_ns or raw is None:
        return None
    changed = with_text(context, broken, raw)
    if not better(broken, changed):
        return None
    where = "the panel shows one point" if one_point else f"points are {format_duration(needed_ns)} apart"
    return query_finding(
        CAUSE,
        context,
        broken,
        f"[{format_duration(interval_ns)}] is too short, {where}: of {broken.rungs[-1].lines:g} lines the panel "
        f"reads {broken.reading.text}, with [{macro}] {changed.reading.text}",
        Proof((*broken.measured, *broken.whole.probes), changed.probes),
        query_fix(context, broken, f"count over [{macro}]", raw),
        group=macro,
        cured=not changed.differs,
    )


def _edited(broken: BrokenTarget, macro: str) -> str | None:
    expr = read_text(broken.raw)
    found = ranges(expr) if expr is not None else []
    if broken.place >= len(found):
        return None
    start, end = found[broken.place].span
    opening = broken.raw.rfind("[", start, end)
    closing = broken.raw.find("]", opening)
    if opening < 0 or closing < 0:
        return None
    return f"{broken.raw[: opening + 1]}{macro}{broken.raw[closing:]}"


CAUSE = on_query("aggregate.range-too-short", "panel", find)
