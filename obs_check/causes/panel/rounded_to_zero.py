"""panel.rounded-to-zero: the value is not 0, the panel writes it as 0 because of its decimals."""

from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, PanelEdit


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel with the decimals left to Grafana."""
    if broken.reading.state != "zero_rounded":
        return None
    edits = list(_decimals(broken.panel.id, panel_json(context.dashboard, broken.panel.id)))
    if not edits:
        return None
    change = try_edits(context, broken, edits)
    if not change.right:
        return None
    claim = (
        f"the value is {broken.reading.number:g}, with decimals {edits[0].before} the panel writes "
        f"{reading_text(broken.reading)}; with Grafana's own choice it reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, CAUSE, claim, change, "leave the decimals to Grafana")


def _decimals(panel: int, stored: Mapping[str, Any]) -> Iterator[PanelEdit]:
    config = stored.get("fieldConfig") or {}
    fixed = (config.get("defaults") or {}).get("decimals")
    if fixed is not None:
        yield PanelEdit(panel, ("fieldConfig", "defaults", "decimals"), fixed, None)
    for index, override in enumerate(config.get("overrides") or ()):
        properties = override.get("properties") or []
        kept = [p for p in properties if p.get("id") != "decimals"]
        if len(kept) < len(properties):
            yield PanelEdit(panel, ("fieldConfig", "overrides", index, "properties"), properties, kept)


CAUSE = on_panel("panel.rounded-to-zero", "panel", find)
