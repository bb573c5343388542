"""Explain broken panels: causes on the way to Loki first, then the funnel of each panel's own query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from obs_check.app.diagnose.explain_panel import of_panel
from obs_check.app.verify.verdicts import PanelVerdict, broken_panel
from obs_check.causes.registry import causes_asked, causes_on
from obs_check.errors import NotAllowed, Unavailable
from obs_check.evidence.context import Context
from obs_check.evidence.group import grouped
from obs_check.evidence.not_reloaded import not_reloaded
from obs_check.model.finding import Finding
from obs_check.model.verdict import Verdict

Behind = Callable[[Finding, PanelVerdict], list[Finding]]
"""What else would keep a panel from reading right, were it not for a cause on the way to Loki."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Findings, most upstream first, the panels with the cause that explains each, and what stays unexplained.
    `denied` says that one of the outages is for want of rights."""

    findings: list[Finding]
    panels: list[PanelVerdict]
    unexplained: list[str]
    outages: list[str]
    denied: bool = False


def _empties(upstream: Finding, row: PanelVerdict) -> bool:
    """Whether a cause on the way of the lines is enough for an empty panel. A counter is there from the agent's start,
    at 0, whatever becomes of the lines; only without an agent there is none."""
    return row.path != "metrics" or upstream.cause == "socket.audit-socket-missing"


def explain(
    context: Context,
    panels: Sequence[PanelVerdict],
    progress: Callable[[str], None] = lambda _text: None,
    behind: Behind = lambda _upstream, _row: [],
) -> Explained:
    """Prove a cause for every failing panel; no answer while probing, or a lack of rights, makes the panel unknown."""
    context = replace(context, failing=frozenset(r.view.panel.id for r in panels if r.verdict is Verdict.FAIL))
    findings: list[Finding] = []
    outages: list[str] = []
    denied = False
    for cause in causes_on("run"):
        try:
            finding = cause.find(context)
        except (Unavailable, NotAllowed) as error:
            outages.append(f"{cause.id}: {error.message}")
            denied = denied or isinstance(error, NotAllowed)
            continue
        if finding is not None:
            findings.append(finding)
            progress(f"{cause.id}: {finding.claim}")
    rows, unexplained, later = [], [], []
    unasked: dict[str, list[int]] = {}
    for row in panels:
        if row.verdict is not Verdict.FAIL:
            rows.append(row)
            continue
        # The last hop that fails is what empties a panel; one before it may only thin it out.
        upstream = next(
            (f for f in reversed(findings) if row.view.panel.id in f.panels and f.subject.panel is None), None
        )
        if upstream is not None and row.view.reading.rows == 0 and _empties(upstream, row):
            rows.append(replace(row, cause=upstream.cause))
            later += behind(upstream, row)
            continue
        try:
            found, funnel = of_panel(context, broken_panel(row))
        except (Unavailable, NotAllowed) as error:
            denied = denied or isinstance(error, NotAllowed)
            unasked.setdefault(error.message, []).append(row.view.panel.id)
            rows.append(replace(row, verdict=Verdict.UNKNOWN, differs=error.message))
            continue
        findings += found
        if found:
            rows.append(replace(row, cause=found[0].cause))
            progress(f"panel {row.view.panel.id}: {', '.join(f.cause for f in found)}")
        elif upstream is not None:
            rows.append(replace(row, cause=upstream.cause))
            later += behind(upstream, row)
        else:
            unexplained.append(_unexplained(context, row, funnel))
            rows.append(row)
    if unexplained and (stale := not_reloaded(context)):
        unexplained.append(stale)
    findings += later
    findings += [said for truth in causes_asked("truth") if (said := truth.find(context)) is not None]
    outages += [f"panels {', '.join(map(str, ids))}: {message}" for message, ids in unasked.items()]
    joined = grouped(findings, context.dashboard_uid, context.dashboard)
    return Explained(joined, rows, unexplained, outages, denied)


def _unexplained(context: Context, row: PanelVerdict, funnel: str) -> str:
    """What is known of a panel that no cause was proved for."""
    known = f"panel {row.view.panel.id} ({row.view.panel.title}): {row.differs}; {funnel}"
    return known if context.run is not None else f"{known}; `diagnose --inject` tells whether that is true"
