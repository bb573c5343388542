"""A change of the dashboard that was tried: the panel read again with it, nothing saved."""

from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.causes.context import BrokenPanel, Context
from obs_check.causes.dashboard_edit import dashboard_fix, edited
from obs_check.model.finding import DashboardEdit, Finding, Fix, Severity, Subject
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from obs_check.panel.reading import Reading


@dataclass(frozen=True, slots=True)
class Tried:
    """What the panel would show. `helps`: it shows what it should (`right`), or gets
    further: something where it showed nothing, or rows where its queries returned none."""

    edits: tuple[DashboardEdit, ...]
    reading: Reading
    probes: tuple[Probe, ...]
    helps: bool
    right: bool = False


def tried(context: Context, broken: BrokenPanel, edits: Sequence[DashboardEdit], window: Window | None = None) -> Tried:
    """Read the panel with the edits, in its own range unless a window is given. Raises what Grafana's client raises."""
    reading, probes = context.grafana.reread(edited(context.dashboard, edits), broken, window)
    right = not context.wrong(broken.panel.id, reading)
    further = any(there(reading) and not there(broken.reading) for there in (_shows, _returns))
    return Tried(tuple(edits), reading, probes, right or further, right)


def finding(
    context: Context,
    broken: BrokenPanel,
    cause: str,
    claim: str,
    change: Tried,
    summary: str,
    more: Sequence[Probe] = (),
    severity: Severity = "error",
) -> Finding:
    """The finding that a tried change proves; its claim ends with what the panel reads with the change."""
    fix = (
        dashboard_fix(summary, context.dashboard_uid, context.dashboard, change.edits) if change.edits else Fix(summary)
    )
    return Finding(
        cause=cause,
        severity=severity,
        hop="panel",
        subject=Subject(context.dashboard_uid, broken.panel.id),
        claim=claim,
        probes=(*broken.probes, *more, *change.probes),
        fix=fix,
        panels=(broken.panel.id,),
        cured=change.right,
    )


def shown(reading: Reading) -> str:
    """What a panel reads, short enough for a claim."""
    text = " ".join(reading.text.split()) or "(blank)"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _returns(reading: Reading) -> bool:
    return bool(reading.trail) and reading.trail[0].rows > 0


def _shows(reading: Reading) -> bool:
    return reading.state in {"ok", "stale"} and reading.rows > 0
