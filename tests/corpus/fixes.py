"""Whether the fixes that were proposed are right: each is made, and what the panels read is compared with the truth.

Where the dashboard alone is broken, the truth is the dashboard as it was, read over the same lines at the same moment:
a fix that lets in a line too many, or changes one of two places, reads another number. Where the pipeline is broken, it
is what a new run has to make the panels read once the fix is applied and the programs have read their files again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from obs_check.app.systems.systems import Systems, open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.lab.faults.registry import events_for, wait_for
from obs_check.lab.stack import Lab
from obs_check.model.finding import DashboardEdit, FileEdit, Finding
from obs_check.model.verdict import Verdict
from obs_check.panel.board import PanelView
from obs_check.panel.dashboard import load_dashboard

OTHER_FIGURES = {"no-decimals"}
"""Faults that let a panel ask for another figure than before: nothing says what that has to be."""


@dataclass(frozen=True, slots=True)
class Mended:
    """The fix of a cause that was made, with how sure it was said to be; `wrong` says what panels read with it that is
    not the truth, and is empty where it is."""

    cause: str
    safety: str
    wrong: tuple[str, ...] = ()


def on_the_dashboard(
    systems: Systems, truth: Mapping[str, Any], findings: Sequence[Finding], faults: tuple[str, ...]
) -> list[Mended]:
    """The fixes of a dashboard, all made one behind the other; `truth` is the dashboard before it was broken."""
    if set(faults) & OTHER_FIGURES:
        return []
    document: Mapping[str, Any] = systems.board.dashboard.document
    made: list[Finding] = []
    for finding in findings:
        edits: list[DashboardEdit] = [e for e in finding.fix.edits if not isinstance(e, FileEdit)]
        if edits:
            document = apply_edits(document, edits)
            made.append(finding)
    if not made:
        return []
    now, panels = systems.now_ns(), {panel for finding in made for panel in finding.panels}
    reads, wanted = (_read(systems, model, panels, now) for model in (document, truth))
    # A panel that the fault adds has no truth.
    wrong = {p: f"panel {p}: {reads.get(p)} in place of {wanted[p]}" for p in wanted if reads.get(p) != wanted[p]}
    return [Mended(f.cause, f.fix.safety, tuple(wrong[p] for p in f.panels if p in wrong)) for f in made]


def on_the_pipeline(lab: Lab, findings: Sequence[Finding], faults: tuple[str, ...]) -> list[Mended]:
    """The fixes of files and of the dashboard, as `--apply` makes them; then a run from the start."""
    made = [finding for finding in findings if finding.fix.edits]
    if not made:
        return []
    with open_systems(load_config(lab.config_path, {}), {}) as systems:
        systems.apply(made)
        lab.reload()
    with open_systems(load_config(lab.config_path, {}), {}) as systems:
        check = Check(systems, Outcome("verify"))
        before = check.read_before()
        run = check.inject(*events_for(faults))
        check.follow(run)
        systems.pause(wait_for(faults))
        check.panels(run, before)
        wrong = {p.view.panel.id: p.differs for p in check.outcome.panels if p.verdict is Verdict.FAIL}
    return [
        Mended(f.cause, f.fix.safety, tuple(f"panel {p}: {wrong[p]}" for p in f.panels if p in wrong)) for f in made
    ]


def _read(systems: Systems, document: Mapping[str, Any], panels: set[int], now_ns: int) -> dict[int, list[Any]]:
    board = replace(systems.board, dashboard=load_dashboard(document, "corpus"))
    found: dict[int, list[Any]] = {}
    for view in board.read(now_ns, None, panels):
        found.setdefault(view.panel.id, []).append(_values(view))
    return found


def _values(view: PanelView) -> tuple[str, list[tuple[str, float]]]:
    named = sorted((v.name, v.number if v.number is not None else 0.0) for v in view.reading.values)
    return str(view.reading.state), named
