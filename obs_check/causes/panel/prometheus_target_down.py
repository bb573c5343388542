"""panel.prometheus-target-down: the target that shows the metric cannot be scraped.

Proved by Prometheus's own list of targets, and by when the metric's last sample came from that target.
"""

from collections.abc import Mapping
from typing import Any

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.prometheus_absence import Absence, absent_selectors, last_seen_s, targets
from obs_check.model.finding import Finding, Fix

_PLACE = ("job", "instance")


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Look for the target of the metric's last series."""
    for absence in absent_selectors(context, broken):
        if absence.others:
            continue
        listed, asked = targets(context, absence)
        down = [t for t in listed if t.get("health") == "down"]
        if absence.earlier:
            came_from = {tuple(labels.get(name) for name in _PLACE) for labels in absence.earlier}
            down = [t for t in down if tuple((t.get("labels") or {}).get(name) for name in _PLACE) in came_from]
        if not down:
            continue
        return _told(context, broken, absence, down[0], asked)
    return None


def _told(context: Context, broken: BrokenPanel, absence: Absence, target: Mapping[str, Any], asked: Any) -> Finding:
    labels, said = target.get("labels") or {}, str(target.get("lastError") or "no error is reported")
    seen, probes = last_seen_s(context, absence) if absence.earlier else (None, ())
    since = "never had a series" if seen is None else f"had its last sample {absence.at_s - seen:.0f} s ago"
    url = str(target.get("scrapeUrl") or "")
    metric = absence.selector.metric
    claim = f"Prometheus cannot scrape the target {labels.get('job')} ({url}): {said}; `{metric}` {since}"
    fix = Fix(f"make {url} answer Prometheus, or correct the target's address")
    return absence.finding(broken, CAUSE, claim, (asked, *probes), fix)


CAUSE = on_panel("panel.prometheus-target-down", "panel", find)
