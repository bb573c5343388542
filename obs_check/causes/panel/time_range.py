"""panel.time-range: the events exist, outside of the range that the panel looks at.

A panel may have a range (`timeFrom`) or a shift (`timeShift`) of its own; the dashboard's range may have passed, or end
before now.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.funnel import range_s
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, PanelEdit
from obs_check.model.probe import Probe
from obs_check.model.window import MS, NS, Window

_SELECTOR = re.compile(r"\{[^{}]*\}")
_BACK_NS = 7 * 86_400 * NS
"""How far back events are looked for when the range of the dashboard is empty (ns)."""


def find_override(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel in the dashboard's range."""
    panel = broken.panel
    own = [(name, value) for name, value in (("timeFrom", panel.time_from), ("timeShift", panel.time_shift)) if value]
    if not own or broken.request.range == broken.request.whole:
        return None
    change = try_edits(context, broken, [PanelEdit(panel.id, (name,), value, None) for name, value in own])
    lines = () if change.helps else _selected(context, broken)
    outside = () if change.helps or lines else _outside(context, broken)
    if not (change.helps or lines or outside):
        return None
    words = ", ".join(f"{name} {value}" for name, value in own)
    claim = (
        f"the panel looks at {_span(broken.range)} because of its own {words}; "
        f"in the dashboard's range, {_span(broken.opened)}, it reads {reading_text(change.reading)}"
    )
    if lines:
        claim += " and its selector has lines, which it has not in the panel's own"
    if outside and context.run is not None:
        claim += f", and every event of the run lies there ({_span(context.run.window)}), none in the panel's own"
    more, summary = (*lines, *outside), "let the panel look at the dashboard's range"
    return tried_finding(context, broken, OVERRIDE, claim, change, summary, more)


def find_ended(context: Context, broken: BrokenPanel) -> Finding | None:
    """Where a run's events lie behind the range of the dashboard, read the panel in a range that ends now."""
    run, panel = context.run, broken.panel
    if run is None or not context.expects(panel.id) or panel.time_shift or broken.range != broken.opened:
        return None
    if any(event.sent_ns <= broken.range.end_ns for event in run.events):
        return None
    stored = context.dashboard.get("time") or {}
    start, end = str(stored.get("from") or ""), str(stored.get("to") or "")
    delay = (context.dashboard.get("timepicker") or {}).get("nowDelay")
    delayed = f", since its now is delayed by {delay} (`nowDelay`)" if delay and end == "now" else ""
    edits = [PanelEdit(None, ("time", "to"), end, "now")]
    if delayed:
        edits = [PanelEdit(None, ("timepicker", "nowDelay"), delay, None)]
    if not start.startswith("now"):
        length = (broken.opened.end_ns - broken.opened.start_ns) // NS
        edits.insert(0, PanelEdit(None, ("time", "from"), start, f"now-{max(1, length)}s"))
    change = try_edits(context, broken, edits)
    at_loki = context.hop(context.panels.paths.get(panel.id, ""), "loki")
    arrived = tuple(at_loki.probes) if at_loki is not None and at_loki.seen else ()
    if not (change.helps or arrived):
        return None
    claim = (
        f"the dashboard looks at {_span(broken.range)}{delayed}, and every event of the run came after that "
        f"({_span(run.window)}); in a range that ends now the panel reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, ENDED, claim, change, "let the dashboard's range end now", arrived)


def find_passed(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel from a week before its range until now. Not asked where a run says what is in the range."""
    if context.run is not None or broken.reading.rows or not broken.request.queries:
        return None
    if (broken.panel.time_from and broken.request.relative) or broken.panel.time_shift:
        return None
    now = context.now_ns()
    late = (now - broken.opened.end_ns) > 60 * NS
    wide = Window(broken.opened.end_ns - _BACK_NS, now if late else broken.opened.end_ns)
    change = try_edits(context, broken, [], window=wide)
    # What came in since the panel was read is no sign of a range that is too short.
    if not change.helps or try_edits(context, broken, []).helps:
        return None
    claim = (
        f"nothing happened in the range, {_span(broken.opened)}; from a week before it {'until now' if late else 'on'} "
        f"the panel reads {reading_text(change.reading)}"
    )
    summary = "look at a longer range"
    if late:
        to = (context.dashboard.get("time") or {}).get("to")
        summary = "let the dashboard's range end now"
        change = try_edits(context, broken, [PanelEdit(None, ("time", "to"), to, "now")], window=wide)
    found = tried_finding(context, broken, PASSED, claim, change, summary)
    return replace(found, severity="error" if late else "info")


def _selected(context: Context, broken: BrokenPanel) -> tuple[Probe, ...]:
    """The counts that show a Loki selector without lines in the panel's range and with lines in the dashboard's."""
    for query in broken.request.queries:
        for sent in query.body["queries"] if query.datasource.kind == "loki" else ():
            found = _SELECTOR.search(str(sent.get("expr") or ""))
            if found is None:
                continue
            counts = [
                context.loki.count(f"sum(count_over_time({found[0]} [{range_s(window)}s]))", window)
                for window in (broken.range, broken.opened)
            ]
            if not counts[0][0] and counts[1][0]:
                return tuple(probe for _, probe in counts)
    return ()


def _outside(context: Context, broken: BrokenPanel) -> tuple[Probe, ...]:
    """What shows the run's lines in Loki, where all of them come after the end of the panel's range and within the
    dashboard's: whatever else is wrong with its query, it cannot find them, because ranges look back."""
    path = context.panels.paths.get(broken.panel.id, "")
    at_loki, run, own, whole = context.hop(path, "loki"), context.run, broken.range, broken.opened
    if run is None or at_loki is None or not at_loki.seen or any(" offset " in t.text for t in broken.panel.targets):
        return ()
    after = all(own.end_ns < event.sent_ns <= whole.end_ns for event in run.events)
    return tuple(at_loki.probes) if after else ()


def _span(window: Window) -> str:
    return " to ".join(
        datetime.fromtimestamp(ns // MS / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        for ns in (window.start_ns, window.end_ns)
    )


ENDED = on_panel("panel.time-range", "panel", find_ended)
OVERRIDE = on_panel("panel.time-range", "panel", find_override)
PASSED = on_panel("panel.time-range", "panel", find_passed, asked="last")
