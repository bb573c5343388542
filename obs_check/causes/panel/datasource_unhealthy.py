"""panel.datasource-unhealthy: the datasource answers, and refuses what Grafana asks: it is set up wrong.

Seen by its health check, which asks nothing of the panel, or by an answer that only another server gives, or another
path of it. A datasource that does not answer at all is an outage: then the panel is unknown and nothing is claimed.
"""

import re

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.model.finding import Finding, Fix, Observation, Subject

_NO_SUCH_PATH = re.compile(r"404 page not found|^(?:[A-Z]+: )?404\b|\bno route /|invalid character '<'", re.I)
"""Nothing is served at the path, or a page for people: of Loki's and Prometheus's own errors none reads like this."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask each datasource of the panel for its health, and look at what it said to the query."""
    if broken.reading.state != "error":
        return None
    said = " ".join(broken.reading.error.split())
    elsewhere = _NO_SUCH_PATH.search(said) is not None
    for query in broken.request.queries:
        source = query.datasource
        # Grafana 9 has no check for Loki.
        health, probe = context.grafana.datasource_health(source.uid)
        failed = health.get("status") == "ERROR"
        if not failed and not elsewhere:
            continue
        checked = f"fails its health check: {health.get('message')}; the panel's query got" if failed else "answers"
        where = "; something answers at its address, and it is no such API at that path" if elsewhere else ""
        part = f"correct the path of the URL of the datasource {source.uid!r} in Grafana"
        whole = f"correct the URL and the credentials of the datasource {source.uid!r} in Grafana"
        return CAUSE.finding(
            subject=Subject(context.dashboard_uid, broken.panel.id),
            claim=f"the datasource {source.uid!r} {checked}: {said}{where}",
            evidence=Observation((*broken.probes, probe)),
            fix=Fix(f"{part}: it has a part too many or too few" if elsewhere else whole),
            panels=(broken.panel.id,),
        )
    return None


CAUSE = on_panel("panel.datasource-unhealthy", "panel", find)
