"""panel.false-green: the panel reads a number that no event changes.

Proved by the positive control: the panel reads a number before events and none of them after, though Loki (or the
agents' counter) got them, and a counterfactual: its query has none of the run's lines and counts others; or the
metric's sum rises where the panel's count of series does not.
"""

import re
from dataclasses import replace

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.control import Control
from obs_check.evidence.dashboard_edit import apply_edits, edits_fix
from obs_check.evidence.funnel import count_query
from obs_check.logql import to_text
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Fix, Observation, TargetEdit
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun
from obs_check.panel.elements import Target

_COUNT = re.compile(r"\bcount(?=\s*(?:by\s*\([^)]*\)\s*)?\()")
_DECISION = re.compile(r"boundary_request|msg=(?:ALLOW|DENY)\b")


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Compare the two readings of the positive control and look for what the query counts instead."""
    control = next((c for c in context.panels.controls if c.panel == broken.panel), None)
    if control is None or control.was_zero or control.moved not in ("not", "otherwise") or context.run is None:
        return None
    path = context.panels.paths.get(broken.panel.id, "")
    arrived = context.hop("B" if path == "metrics" else path, "loki")
    if arrived is None or not arrived.complete:
        return None
    proof = _lines(context, broken, control) if broken.run_window else _sum(context, broken, control)
    if proof is None:
        return None
    why, probes, fix = proof
    before, after, sent = control.before.text, control.after.text, len(context.run.events)
    read = f"{before} before and after" if before == after else f"{before} before and {after} after"
    return CAUSE.finding(
        claim=f"the panel reads {read} {count_noun(sent, 'event')} that arrived: {why}",
        evidence=Observation((*control.probes, *arrived.probes, *probes)),
        fix=fix,
    )


def _lines(context: Context, broken: BrokenPanel, control: Control) -> tuple[str, tuple[Probe, ...], Fix] | None:
    """What the query counts, when it has no line of the run and none that is a decision."""
    for asked in asked_queries(broken):
        lines, probe = context.loki.count(count_query(asked.query, broken.window), broken.window)
        if lines > 0:
            continue
        counted, sample = context.every_line.lines(to_text(_unformatted(asked.query)), control.after_window, 20)
        if not counted or any(_DECISION.search(line) for _, line in counted):
            continue
        why = f"its query has 0 of their lines and counts others, for example `{shorten(counted[0][1], 120)}`"
        summary = "count the decisions (`boundary_request` or `msg=ALLOW|DENY`), not other lines"
        return why, (probe, sample), Fix(summary, path=f"dashboard:{context.dashboard_uid}")
    return None


def _unformatted(query: ast.LogQuery) -> ast.LogQuery:
    """The query's lines as they are in Loki, by which they are known: an earlier run's decisions are others' lines too,
    and no mistake."""
    return replace(query, stages=tuple(stage for stage in query.stages if not _only_changes_the_line(stage)))


def _only_changes_the_line(stage: ast.Stage) -> bool:
    effect = effect_of(stage)
    return effect.changes_line and not effect.sets_labels


def _sum(context: Context, broken: BrokenPanel, control: Control) -> tuple[str, tuple[Probe, ...], Fix] | None:
    """That the sum of the counter rises where the count of its series does not."""
    edits = [edit for target in broken.panel.targets if (edit := _summed(broken.panel.id, target))]
    if not edits:
        return None
    changed = apply_edits(context.dashboard, edits)
    before = context.look_again(changed, broken, control.before_window)
    after = context.look_again(changed, broken, control.after_window)
    if (after.reading.number or 0) <= (before.reading.number or 0):
        return None
    why = f"it counts the series of a counter; their sum rises from {before.reading.text} to {after.reading.text}"
    fix = edits_fix("sum the counter instead of counting its series", context.dashboard_uid, edits)
    return why, (*before.probes, *after.probes), fix


def _summed(panel: int, target: Target) -> TargetEdit | None:
    after = _COUNT.sub("sum", target.text)
    return TargetEdit(panel, target.ref_id, target.text, after) if after != target.text else None


CAUSE = on_panel("panel.false-green", "panel", find)
