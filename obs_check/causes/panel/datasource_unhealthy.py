"""panel.datasource-unhealthy: the datasource answers, and refuses what Grafana asks: it is set up wrong.

Seen by its health check, which asks nothing of the panel, or by an answer that only another server gives, or another
path of it. A datasource that does not answer at all is an outage: then the panel is unknown and nothing is claimed.
Where Grafana says only that its plugin failed, the API is asked through the datasource's proxy, to tell the two apart.
"""

import re
from http import HTTPStatus

from obs_check.errors import Refused, Unavailable
from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe

_NO_SUCH_PATH = re.compile(r"404 page not found|^(?:[A-Z]+: )?404\b|\bno route /|invalid character '<'", re.I)
"""Nothing is served at the path, or a page for people: of Loki's and Prometheus's own errors none reads like this."""
_PLUGIN_FAILED = "An error occurred within the plugin"
"""Grafana 9.4 to a Prometheus that does not answer, and to what is none."""


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
        where = "; something answers at its address, but not that API at that path" if elsewhere else ""
        part = f"correct the path of the URL of the datasource {source.uid!r} in Grafana"
        whole = f"correct the URL and the credentials of the datasource {source.uid!r} in Grafana"
        return CAUSE.finding(
            claim=f"the datasource {source.uid!r} {checked}: {said}{where}",
            evidence=Observation((*broken.probes, probe)),
            fix=Fix(f"{part}: it has a part too many or too few" if elsewhere else whole),
        )
    return None


def find_behind_plugin(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask the API of each Prometheus of a panel whose plugin failed; Unavailable where it does not answer either."""
    sources = [query.datasource for query in broken.request.queries if query.datasource.kind == "prometheus"]
    for source in sources if _PLUGIN_FAILED in broken.differs else ():
        try:
            context.grafana.prometheus(source.uid, "query", (("query", "1"),))
        except Refused as refused:
            if refused.status != HTTPStatus.NOT_FOUND or not _NO_SUCH_PATH.search(refused.body):
                raise
            said = " ".join(refused.body.split())
            answer = {"status": refused.status, "body": said}
            probe = Probe("grafana", f"GET /api/v1/query through {source.uid}", answer, context.now_ns())
            return BEHIND_PLUGIN.finding(
                claim=f"the datasource {source.uid!r} answers `{said}` to /api/v1/query: what is at its address is no "
                "Prometheus, or not at that path",
                evidence=Observation((*broken.probes, probe)),
                fix=Fix(f"correct the URL of the datasource {source.uid!r} in Grafana"),
            )
        except Unavailable as error:
            told = f"the datasource {source.uid!r} does not answer Grafana: {error.message}"
            raise Unavailable(told, "look at its URL, and at what listens there") from error
    return None


CAUSE = on_panel("panel.datasource-unhealthy", "panel", find)
BEHIND_PLUGIN = on_panel("panel.datasource-unhealthy", "panel", find_behind_plugin, asked="unanswered")
