"""panel.dashboard-missing: Grafana has no dashboard of the uid that is asked for.

Proved by its refusal and by the dashboards it lists; the nearest one is read.
"""

from dataclasses import replace
from difflib import get_close_matches

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun
from obs_check.panel.dashboard import load_dashboard


def find(context: Context) -> Finding | None:
    """List the dashboards and read the one whose uid or title is nearest."""
    if context.missing is None:
        return None
    listed, search = context.grafana.search("")
    names = {str(row.get(key) or ""): row for row in listed for key in ("title", "uid")}
    uid = context.dashboard_uid
    near = get_close_matches(uid, list(names), 1, 0.6) or get_close_matches(uid.replace("-", " "), list(names), 1, 0.6)
    claim = f"Grafana has no dashboard with the uid `{uid}`; it lists {len(listed)}"
    probes, summary = [context.missing, search], f"import the dashboard with the uid `{uid}`"
    if near:
        row = names[near[0]]
        found, read = context.grafana.dashboard(str(row["uid"]))
        panels = len(load_dashboard(found["dashboard"], str(row["uid"])).panels)
        probes.append(replace(read, answer={**read.answer, "panels": panels}))
        claim += f"; the nearest is `{row['uid']}` ({row.get('title')}), which has {count_noun(panels, 'panel')}"
        summary = f"ask for `{row['uid']}`, or import the dashboard with the uid `{uid}`"
    return CAUSE.finding(
        claim=claim,
        evidence=Observation(tuple(probes)),
        fix=Fix(summary),
    )


CAUSE = on_run("panel.dashboard-missing", "panel", find)
