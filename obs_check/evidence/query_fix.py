"""A panel with its query changed: read again, and the fix of its text."""

from collections.abc import Sequence

from obs_check.evidence.context import BrokenPanel, BrokenTarget, Context
from obs_check.evidence.dashboard_edit import apply_edits, edits_fix
from obs_check.model.finding import DashboardEdit, Fix, Meaning
from obs_check.panel.reading import Reading


def query_fix(context: Context, summary: str, edits: Sequence[DashboardEdit] = (), meaning: Meaning = "same") -> Fix:
    """The dashboard changed, or the words alone where it has to be changed by hand."""
    if not edits:
        return Fix(summary, path=f"dashboard:{context.dashboard_uid}")
    return edits_fix(summary, context.dashboard_uid, edits, meaning)


def with_edits(context: Context, broken: BrokenTarget, edits: Sequence[DashboardEdit]) -> BrokenPanel:
    """The panel as it would be with the edits: one question to Grafana, nothing is saved."""
    return context.look_again(apply_edits(context.dashboard, edits), broken.whole)


def reads_better(broken: BrokenTarget, changed: BrokenPanel) -> bool:
    """Whether a changed panel is as it should be, or its query answers something where it answered nothing: what is
    wrong then is behind the query."""
    return not changed.differs or (_answered(changed.reading) > 0 and not _answered(broken.reading))


def _answered(reading: Reading) -> int:
    """Rows that the panel's queries were answered with, before anything is made of them."""
    return reading.trail[0].rows if reading.trail else 0
