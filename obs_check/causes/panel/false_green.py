"""panel.false-green: the panel reads a number that no event changes.

Proved by the positive control: the panel reads the same before and after events that Loki (or the agents' counter) got,
and a counterfactual: the query, narrowed to the run, has none of its lines; or the metric's sum rises where the panel's
count of series does not.
"""

import re

from obs_check.errors import QueryError
from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.control import Control
from obs_check.evidence.dashboard_edit import dashboard_fix, edited
from obs_check.evidence.ladder import counting, narrowed
from obs_check.logql import parse, to_text
from obs_check.logql.syntax.parts import log_queries
from obs_check.model.finding import Finding, Fix, Observation, Subject, TargetEdit
from obs_check.model.probe import Probe
from obs_check.panel.elements import Target

_COUNT = re.compile(r"\bcount(?=\s*(?:by\s*\([^)]*\)\s*)?\()")
_DECISION = re.compile(r"boundary_request|msg=(?:ALLOW|DENY)\b")


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Compare the two readings of the positive control and look for what the query counts instead."""
    control = next((c for c in context.controls if c.panel == broken.panel), None)
    if control is None or control.meaning != "false_green" or context.run is None:
        return None
    path = context.panel_paths.get(broken.panel.id, "")
    arrived = context.hop("B" if path == "metrics" else path, "loki")
    if arrived is None or not arrived.complete:
        return None
    kinds = {q.datasource.kind for q in broken.request.queries}
    proof = _lines(context, broken, control) if kinds == {"loki"} else _sum(context, broken, control)
    if proof is None:
        return None
    why, probes, fix = proof
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid, broken.panel.id),
        claim=f"the panel reads {control.before.text} before and after {len(context.run.events)} events that "
        f"arrived: {why}",
        evidence=Observation((*control.probes, *arrived.probes, *probes)),
        fix=fix,
        panels=(broken.panel.id,),
    )


def _lines(context: Context, broken: BrokenPanel, control: Control) -> tuple[str, tuple[Probe, ...], Fix] | None:
    """What the query counts, when it has no line of the run and none that is a decision."""
    assert context.run is not None
    for query in broken.request.queries:
        for sent in query.body["queries"]:
            try:
                found = log_queries(parse(re.sub(r"\[\$__\w+\]|\[\$\{\w+\}\]", "[1s]", str(sent["expr"]))))
            except QueryError:
                continue
            for log_query in found:
                mine = narrowed(log_query, f"obs={context.run.id}-")
                lines, probe = context.loki.count(counting(mine, context.run.window), context.run.window)
                counted, sample = context.loki.sample(to_text(log_query), control.after_window, 20)
                if lines > 0 or not counted or any(_DECISION.search(line) for _, line in counted):
                    continue
                why = f"its query has 0 of their lines and counts others, for example `{counted[0][1][:120]}`"
                summary = "count the decisions (`boundary_request` or `msg=ALLOW|DENY`), not other lines"
                return why, (probe, sample), Fix(summary, path=f"dashboard:{context.dashboard_uid}")
    return None


def _sum(context: Context, broken: BrokenPanel, control: Control) -> tuple[str, tuple[Probe, ...], Fix] | None:
    """That the sum of the counter rises where the count of its series does not."""
    edits = [edit for target in broken.panel.targets if (edit := _summed(broken.panel.id, target))]
    if not edits:
        return None
    changed = edited(context.dashboard, edits)
    before, first = context.grafana.reread(changed, broken, control.before_window)
    after, second = context.grafana.reread(changed, broken, control.after_window)
    if (after.number or 0) <= (before.number or 0):
        return None
    why = f"it counts the series of a counter; their sum rises from {before.text} to {after.text}"
    fix = dashboard_fix("sum the counter instead of counting its series", *_place(context), edits)
    return why, (*first, *second), fix


def _place(context: Context) -> tuple[str, dict[str, object]]:
    return context.dashboard_uid, dict(context.dashboard)


def _summed(panel: int, target: Target) -> TargetEdit | None:
    after = _COUNT.sub("sum", target.text)
    return TargetEdit(panel, target.ref_id, target.text, after) if after != target.text else None


CAUSE = on_panel("panel.false-green", "panel", find)
