"""panel.datasource-missing: the panel names a datasource that Grafana does not have, so nothing is asked.

Proved by reading the panel with the nearest datasource in its place; without one by Grafana's own answer for the uid.
"""

from typing import Any

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, Fix, Observation, PanelEdit
from obs_check.model.tree import Json
from obs_check.panel.datasource import Datasource, reference_key


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Put the nearest datasource into every place of the panel that names the missing one."""
    if broken.request.state != "datasource_not_found":
        return None
    panel = panel_json(context.dashboard, broken.panel.id)
    places = _places(panel, context)
    near = context.datasources.nearest(places[0][1]) if places else None
    _, health = context.grafana.datasource_health(reference_key(places[0][1]) if places else "")
    if near is None:
        return CAUSE.finding(
            claim=broken.request.why,
            evidence=Observation((health,)),
            fix=Fix("add the datasource to Grafana, or name one that is there"),
        )
    edits = [PanelEdit(broken.panel.id, path, reference, _reference(near)) for path, reference in places]
    change = try_edits(context, broken, edits)
    claim = f"{broken.request.why}; with {near.uid!r} the panel reads {reading_text(change.reading)}"
    return tried_finding(context, broken, CAUSE, claim, change, f"use the datasource {near.uid!r}", (health,))


def _places(panel: Any, context: Context) -> list[tuple[tuple[str | int, ...], Json]]:
    named: list[tuple[tuple[str | int, ...], Any]] = [(("datasource",), panel.get("datasource"))]
    named += [(("targets", i, "datasource"), t.get("datasource")) for i, t in enumerate(panel.get("targets") or ())]
    lost = [r for _, r in named if reference_key(r) and context.datasources.resolve(r) is None]
    return [(path, reference) for path, reference in named if lost and reference == lost[0]]


def _reference(datasource: Datasource) -> dict[str, str]:
    return {"type": datasource.type, "uid": datasource.uid}


CAUSE = on_panel("panel.datasource-missing", "panel", find)
