"""panel.prometheus-label-value: the metric has series, and a matcher of the query accepts none of them."""

import re
from difflib import get_close_matches

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.prometheus_absence import Absence, absent_selectors, count, without_matcher
from obs_check.evidence.promql import VectorSelector
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, Fix, TargetEdit
from obs_check.model.probe import Probe
from obs_check.standin.prometheus.store import LabelMatcher


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask without each matcher in turn, then for the values of its label, and try the nearest."""
    for absence in absent_selectors(context, broken):
        if not absence.others:
            continue
        for matcher in absence.selector.matchers:
            series, counted = count(context, absence, without_matcher(absence.selector, matcher))
            if not series:
                continue
            return _told(context, broken, absence, matcher, series, counted)
    return None


def _told(
    context: Context, broken: BrokenPanel, absence: Absence, matcher: LabelMatcher, series: float, counted: Probe
) -> Finding:
    params = (("match[]", VectorSelector(absence.selector.metric).text),)
    answer, listed = context.grafana.prometheus(absence.uid, f"label/{matcher.name}/values", params)
    values = [str(v) for v in answer]
    there = ", ".join(values[:10]) or "none"
    claim = (
        f"`{absence.selector.text}` has no series, without `{matcher.text}` {series:g}; "
        f"values of `{matcher.name}`: {there}"
    )
    target = absence.target
    near = get_close_matches(re.sub(r"[^\w.:-]", "", matcher.value), values, 1, 0.6)
    if near and matcher.value in target.text:
        after = target.text.replace(matcher.value, near[0], 1)
        change = try_edits(context, broken, [TargetEdit(broken.panel.id, target.ref_id, target.text, after)])
        if change.helps:
            claim += f"; with `{near[0]}` the panel reads {reading_text(change.reading)}"
            return tried_finding(
                context, broken, CAUSE, claim, change, f"use `{near[0]}`", (*absence.probes, counted, listed)
            )
    fix = Fix(f"select a value that `{matcher.name}` has")
    return absence.finding(broken, CAUSE, claim, (counted, listed), fix)


CAUSE = on_panel("panel.prometheus-label-value", "panel", find)
