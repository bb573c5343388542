"""panel.datasource-missing: the panel names a datasource that Grafana does not have, so nothing is asked; or it names
none, and the default one is of another kind than its queries.

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

_KINDS = ("loki", "prometheus")


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


def find_default(context: Context, broken: BrokenPanel) -> Finding | None:
    """Name the only datasource of another kind with which the panel is right."""
    written, default = panel_json(context.dashboard, broken.panel.id).get("datasource"), context.datasources.default
    if reference_key(written) not in ("", "default") or default is None or not broken.panel.targets:
        return None
    for kind in _KINDS:
        of_kind = [one for one in context.datasources if one.kind == kind]
        if kind == default.kind or len(of_kind) != 1:
            continue
        (other,) = of_kind
        change = try_edits(context, broken, [PanelEdit(broken.panel.id, ("datasource",), written, _reference(other))])
        if change.right:
            claim = (
                f"the panel names no datasource, and the default, {default.uid!r}, is {default.type}; with "
                f"{other.uid!r} ({other.type}) the panel reads {reading_text(change.reading)}"
            )
            return tried_finding(context, broken, DEFAULT, claim, change, f"use the datasource {other.uid!r}")
    return None


def _places(panel: Any, context: Context) -> list[tuple[tuple[str | int, ...], Json]]:
    named: list[tuple[tuple[str | int, ...], Any]] = [(("datasource",), panel.get("datasource"))]
    named += [(("targets", i, "datasource"), t.get("datasource")) for i, t in enumerate(panel.get("targets") or ())]
    lost = [r for _, r in named if reference_key(r) and context.datasources.resolve(r) is None]
    return [(path, reference) for path, reference in named if lost and reference == lost[0]]


def _reference(datasource: Datasource) -> dict[str, str]:
    return {"type": datasource.type, "uid": datasource.uid}


CAUSE = on_panel("panel.datasource-missing", "panel", find)
DEFAULT = on_panel("panel.datasource-missing", "panel", find_default, asked="last")
