"""panel.hidden-target: a query of the panel is switched off, so the browser does not send it."""

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import panel_json
from obs_check.evidence.tried import reading_text, tried_finding, try_edits
from obs_check.model.finding import Finding, PanelEdit
from obs_check.panel.request import is_asked


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel with the hidden queries switched on."""
    # What an expression is made of is asked, hidden or not.
    hidden = [t.ref_id for t in broken.panel.targets if t.hidden and t.text and not is_asked(broken.panel, t)]
    if not hidden:
        return None
    targets = panel_json(context.dashboard, broken.panel.id).get("targets") or ()
    edits = [
        PanelEdit(broken.panel.id, ("targets", i, "hide"), t.get("hide"), False)
        for i, t in enumerate(targets)
        if t.get("hide") and t.get("refId") in hidden and (t.get("expr") or t.get("rawSql"))
    ]
    change = try_edits(context, broken, edits)
    every = len(hidden) == sum(bool(t.text) for t in broken.panel.targets)
    # Where nothing is asked, another cause may hide behind this one.
    if not edits or not (change.right or every):
        return None
    names = ", ".join(hidden)
    claim = (
        f"{'every query' if every else f'query {names}'} of the panel is hidden, so "
        f"{'nothing is asked' if every else 'it is not asked'}; shown, the panel reads {reading_text(change.reading)}"
    )
    return tried_finding(context, broken, CAUSE, claim, change, "show the hidden queries")


CAUSE = on_panel("panel.hidden-target", "panel", find)
