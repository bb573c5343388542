"""Panels of the datasource `-- Dashboard --`: they ask nothing and show the frames of another panel."""

from dataclasses import replace
from typing import NamedTuple

from obs_check.panel.datasource import DASHBOARD, reference_key
from obs_check.panel.elements import Dashboard, Panel


class Borrowing(NamedTuple):
    """A panel as it asks. `why` says why it cannot be followed what it shows ("" when it can), and `fails` that a
    browser shows an error in its place."""

    panel: Panel
    why: str = ""
    fails: bool = False


def with_borrowed_queries(dashboard: Dashboard, panel: Panel) -> Borrowing:
    """The panel with the queries, range and interval of the one whose frames it shows; itself when it borrows nothing.

    Grafana (runSharedRequest.ts): `panelId` of the first target names the other
    panel; its transformations come first only where `withTransforms` says so.
    """
    reference = panel.datasource
    if reference is None and panel.targets:
        reference = panel.targets[0].datasource
    if reference_key(reference) != DASHBOARD:
        return Borrowing(panel)
    wanted = panel.targets[0].query.get("panelId") if panel.targets else None
    if wanted is None:
        return Borrowing(panel, "the panel shows the frames of another panel and does not say of which", fails=True)
    source = dashboard.panel(int(wanted)) if str(wanted).isdigit() else None
    if source is None:
        there = ", ".join(str(p.id) for p in dashboard.panels)
        why = f"the panel shows the frames of panel {wanted}, which is not there; panels: {there}"
        return Borrowing(panel, why, fails=True)
    if source.id == panel.id or with_borrowed_queries(dashboard, source).panel is not source:
        return Borrowing(panel, f"the panel shows the frames of panel {source.id}, which has none of its own")
    first = source.transformations if panel.targets[0].query.get("withTransforms") else ()
    return Borrowing(
        replace(
            panel,
            datasource=source.datasource,
            targets=source.targets,
            transformations=(*first, *panel.transformations),
            interval=source.interval,
            max_data_points=source.max_data_points,
            time_from=source.time_from,
            time_shift=source.time_shift,
            width=source.width,
            library=source.library,
        )
    )
