"""panel.counter-expired: the metric was there and its target no longer shows it, though the target is scraped.

coderd forgets the counters of a workspace agent two minutes after the agent's last report. An agent that has just
brought a run to coderd lives, and reports every 30 s: then coderd does not collect that, or it is set to report seldom.
"""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.prometheus_absence import absent_selectors, last_seen_s, scraped
from obs_check.follow.hop import HopSeen
from obs_check.model.finding import Finding, Fix
from obs_check.model.window import NS

_KEPT_S = 120
"""How long coderd shows what an agent reported (s): coderd/prometheusmetrics/aggregator.go."""
_COLLECT = (
    "let coderd collect what agents report (`CODER_PROMETHEUS_COLLECT_AGENT_STATS`), and let them report more often "
    "than every two minutes (`CODER_AGENT_STATS_REFRESH_INTERVAL`)"
)


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Find the end of the series and a scrape of its target after it."""
    for absence in absent_selectors(context, broken):
        if absence.others or not absence.earlier:
            continue
        # A target that was scraped in vain for a moment has lost its series too, and may be up when it is listed.
        was_up, asked = scraped(context, absence, absence.earlier[-1])
        if not was_up:
            continue
        jobs = {str(labels.get("job")) for labels in absence.earlier}
        seen, probes = last_seen_s(context, absence)
        since = "was there" if seen is None else f"had its last sample {absence.at_s - seen:.0f} s ago"
        workspaces = sorted({labels["workspace_name"] for labels in absence.earlier if "workspace_name" in labels})
        whose = f" (workspaces: {', '.join(workspaces[:5])})" if workspaces else ""
        claim = (
            f"`{absence.selector.metric}` {since} and its target {', '.join(sorted(jobs))} is up: "
            f"the target no longer shows it{whose}"
        )
        fix = Fix("start what reports the counter again, or ask for its last value with last_over_time")
        agents = _alive(context, absence.at_s) if workspaces else None
        if agents is not None:
            claim += "; an agent is alive, which has just brought the run to coderd"
            fix, probes = Fix(_COLLECT), (*probes, *agents.probes)
        return absence.finding(broken, CAUSE, claim, (asked, *probes), fix)
    return None


def _alive(context: Context, at_s: float) -> HopSeen | None:
    """coderd's hop, if events of the run got there a shorter time ago than coderd keeps counters."""
    hop = context.hop("B", "coderd")
    return hop if hop is not None and hop.seen and at_s - max(hop.seen.values()) / NS < _KEPT_S else None


CAUSE = on_panel("panel.counter-expired", "panel", find)
