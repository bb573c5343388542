"""panel.counter-expired: the metric was there and its target no longer shows it, though the target is scraped.

coderd forgets the counters of a workspace agent two minutes after the agent's last report.
"""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.prometheus_absence import absences, last_seen_s, targets
from obs_check.model.finding import Finding, Fix


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Find the end of the series and a scrape of its target after it."""
    for absence in absences(context, broken):
        if absence.others or not absence.earlier:
            continue
        listed, asked = targets(context, absence)
        jobs = {str(labels.get("job")) for labels in absence.earlier}
        up = [t for t in listed if t.get("health") == "up" and (t.get("labels") or {}).get("job") in jobs]
        if not up:
            continue
        seen, probes = last_seen_s(context, absence)
        since = "was there" if seen is None else f"had its last sample {absence.at_s - seen:.0f} s ago"
        workspaces = sorted({labels["workspace_name"] for labels in absence.earlier if "workspace_name" in labels})
        whose = f" (workspaces: {', '.join(workspaces[:5])})" if workspaces else ""
        claim = (
            f"`{absence.selector.metric}` {since} and its target {', '.join(sorted(jobs))} is up: "
            f"the target no longer shows it{whose}"
        )
        fix = Fix("start what reports the counter again, or ask for its last value with last_over_time")
        return absence.finding(context, broken, CAUSE, claim, (asked, *probes), fix)
    return None


CAUSE = on_panel("panel.counter-expired", "panel", find)
