"""Explain broken panels: causes on the way to Loki first, then the funnel of each panel's own query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from obs_check.app.verdicts import PanelVerdict
from obs_check.causes.context import BrokenPanel, BrokenTarget, Context
from obs_check.causes.group import grouped
from obs_check.causes.ladder import climb, log_queries
from obs_check.causes.registry import PANEL_CAUSES, RUN_CAUSES, VIEW_CAUSES
from obs_check.errors import ObsCheckError, QueryError
from obs_check.logql import parse
from obs_check.model.finding import Finding
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS, Window
from obs_check.panel.macros import backend_macros


@dataclass(frozen=True, slots=True)
class Explained:
    """Findings, most upstream first, the panels with the cause that explains each, and what stays unexplained."""

    findings: list[Finding]
    panels: list[PanelVerdict]
    unexplained: list[str]
    outages: list[str]


def explain(
    context: Context,
    panels: Sequence[PanelVerdict],
    progress: Callable[[str], None] = lambda _text: None,
) -> Explained:
    """Prove a cause for every failing panel; an outage while probing makes the panel unknown, never a finding."""
    findings: list[Finding] = []
    outages: list[str] = []
    for cause in RUN_CAUSES:
        try:
            finding = cause.prove(context)
        except ObsCheckError as error:
            if error.exit_code != 3:
                raise
            outages.append(f"{cause.id} could not be looked at: {error.message}")
            continue
        if finding is not None:
            findings.append(finding)
            progress(f"{cause.id}: {finding.claim}")
    rows, unexplained = [], []
    for row in panels:
        if row.verdict is not Verdict.FAIL:
            rows.append(row)
            continue
        # The last hop that fails is what empties a panel; one before it may only thin it out.
        upstream = next(
            (f for f in reversed(findings) if row.view.panel.id in f.panels and f.subject.panel is None), None
        )
        if upstream is not None and row.view.reading.rows == 0:
            rows.append(replace(row, cause=upstream.cause))
            continue
        try:
            found, funnel = _of_panel(context, row)
        except ObsCheckError as error:
            if error.exit_code != 3:
                raise
            outages.append(f"panel {row.view.panel.id}: {error.message}")
            rows.append(replace(row, verdict=Verdict.UNKNOWN, differs=error.message))
            continue
        if found is not None:
            findings.append(found)
            rows.append(replace(row, cause=found.cause))
            progress(f"panel {row.view.panel.id}: {found.cause}")
        elif upstream is not None:
            rows.append(replace(row, cause=upstream.cause))
        else:
            unexplained.append(f"panel {row.view.panel.id} ({row.view.panel.title}): {row.differs}; {funnel}")
            rows.append(row)
    joined = grouped(findings, context.dashboard_uid, context.dashboard)
    return Explained(joined, rows, unexplained, outages)


def _of_panel(context: Context, row: PanelVerdict) -> tuple[Finding | None, str]:
    """The first cause that is proved on the panel or on one of its Loki targets, and the funnel in words."""
    view = row.view
    panel = BrokenPanel(view.panel, view.request, view.reading, row.differs, view.probes)
    for view_cause in VIEW_CAUSES:
        found = view_cause.prove(context, panel)
        if found is not None:
            return found, ""
    funnel = "it has no Loki query"
    for broken in _targets(context, row):
        funnel = "; ".join(f"{rung.lines:g} lines: {rung.text}" for rung in broken.rungs)
        for cause in PANEL_CAUSES:
            finding = cause.prove(context, broken)
            if finding is not None:
                return finding, funnel
    return None, funnel


def _targets(context: Context, row: PanelVerdict) -> list[BrokenTarget]:
    found = []
    view = row.view
    window = Window(view.request.range.from_ms * MS, view.request.range.to_ms * MS)
    for query in view.request.queries:
        if query.datasource.kind != "loki":
            continue
        for sent in query.body["queries"]:
            target = next((t for t in view.panel.targets if t.ref_id == sent["refId"]), None)
            if target is None:
                continue
            text = backend_macros(
                sent["expr"],
                from_ms=view.request.range.from_ms,
                to_ms=view.request.range.to_ms,
                interval_ms=view.request.interval.ms,
                instant=sent.get("queryType") == "instant",
            )
            try:
                queries = log_queries(parse(text))
            except QueryError:
                continue
            for log_query in queries:
                rungs = tuple(climb(log_query, window, context.loki.count))
                found.append(
                    BrokenTarget(view.panel, target, target.text, text, log_query, window, rungs, view.reading)
                )
    return found
