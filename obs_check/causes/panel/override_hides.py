"""panel.override-hides: the field configuration hides what the query returned.

A click on a legend entry saves an override that hides every other series; tables hide columns the same way.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, PanelEdit


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel with nothing hidden."""
    if not any(step.name == "overrides" for step in broken.reading.trail):
        return None
    edits = list(_unhidden(broken.panel.id, panel_json(context.dashboard, broken.panel.id)))
    if not edits:
        return None
    change = try_edits(context, broken, edits)
    if not change.right:
        return None
    last, before = broken.reading.trail[-1], broken.reading.trail[-2]
    claim = (
        f"the field configuration hides {before.fields - last.fields} of {before.fields} columns; "
        f"with nothing hidden the panel reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, CAUSE, claim, change, "hide no series")


def _unhidden(panel: int, stored: Mapping[str, Any]) -> Iterator[PanelEdit]:
    config = stored.get("fieldConfig") or {}
    for index, override in enumerate(config.get("overrides") or ()):
        properties = override.get("properties") or []
        kept = [p for p in properties if not _hides(p)]
        if len(kept) < len(properties):
            yield PanelEdit(panel, ("fieldConfig", "overrides", index, "properties"), properties, kept)
    custom = (config.get("defaults") or {}).get("custom") or {}
    if (custom.get("hideFrom") or {}).get("viz"):
        yield PanelEdit(panel, ("fieldConfig", "defaults", "custom", "hideFrom", "viz"), True, False)
    if custom.get("hidden"):
        yield PanelEdit(panel, ("fieldConfig", "defaults", "custom", "hidden"), True, False)


def _hides(item: Mapping[str, object]) -> bool:
    value = item.get("value")
    if item.get("id") == "custom.hideFrom":
        return isinstance(value, Mapping) and bool(value.get("viz"))
    return item.get("id") in {"custom.hidden", "custom.hideFrom.viz"} and bool(value)


CAUSE = on_panel("panel.override-hides", "panel", find)
