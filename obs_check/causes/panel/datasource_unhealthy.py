"""panel.datasource-unhealthy: the datasource answers, and refuses what Grafana asks: it is set up wrong.

Proved by its health check, which asks nothing of the panel. A datasource that does not answer at all is an outage:
then the panel is unknown and nothing is claimed.
"""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.model.finding import Finding, Fix, Observation, Subject


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask each datasource of the panel for its health."""
    if broken.reading.state != "error":
        return None
    for query in broken.request.queries:
        source = query.datasource
        health, probe = context.grafana.health(source.uid)
        if health.get("status") != "ERROR":
            continue
        return CAUSE.finding(
            subject=Subject(context.dashboard_uid, broken.panel.id),
            claim=f"the datasource {source.uid!r} fails its health check: {health.get('message')}; "
            f"the panel's query got: {broken.reading.error}",
            evidence=Observation((*broken.probes, probe)),
            fix=Fix(f"correct the URL and the credentials of the datasource {source.uid!r} in Grafana"),
            panels=(broken.panel.id,),
        )
    return None


CAUSE = on_panel("panel.datasource-unhealthy", "panel", find)
