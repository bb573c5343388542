"""panel.transformation-drops: a transformation of the panel throws away what the query returned.

It may name a column that is not there (`organize` with names of columns that exist no more), or keep no row.
"""

from obs_check.evidence.cause import Cause, on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import Tried, finding, shown, tried
from obs_check.model.finding import Finding, PanelEdit
from obs_check.panel.transform.pipeline import Step

_STAGES_BEFORE = 2
"""Steps of a reading's trail before the first transformation: query and datasource."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Switch off each transformation that loses rows or columns, in turn."""
    trail = broken.reading.trail
    active = [i for i, t in enumerate(broken.panel.transformations) if not t.disabled]
    steps = list(zip(active, trail[_STAGES_BEFORE - 1 :], trail[_STAGES_BEFORE:], strict=False))
    for index, before, after in steps:
        if after.rows >= before.rows and after.fields >= before.fields:
            continue
        change = _without(context, broken, index)
        if change is not None:
            return _told(context, broken, CAUSE, index, before, after, change)
    return None


def _without(context: Context, broken: BrokenPanel, index: int) -> Tried | None:
    stored = panel_json(context.dashboard, broken.panel.id).get("transformations") or ()
    if index >= len(stored):
        return None
    edit = PanelEdit(broken.panel.id, ("transformations", index, "disabled"), stored[index].get("disabled"), True)
    change = tried(context, broken, [edit])
    return change if change.right else None


def _told(
    context: Context, broken: BrokenPanel, cause: Cause, index: int, before: Step, after: Step, change: Tried
) -> Finding:
    name = broken.panel.transformations[index].id
    claim = (
        f"the transformation {name} leaves {after.rows} rows in {after.fields} columns of {before.rows} rows in "
        f"{before.fields}; without it the panel reads {shown(change.reading)}"
    )
    return finding(context, broken, cause, claim, change, f"switch the transformation {name} off, or correct its names")


CAUSE = on_panel("panel.transformation-drops", "panel", find)
