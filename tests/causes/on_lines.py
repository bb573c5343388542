"""Causes on lines held in memory: obs-check's own engine answers in the place of Loki."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from obs_check.app.diagnose.explain_panel import broken_targets
from obs_check.app.systems.shared_probes import LokiOnce
from obs_check.causes.registry import causes_on
from obs_check.client.answered import Answered
from obs_check.errors import EvaluationError, Refused
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.engine.logs import LineChoice
from obs_check.logql.engine.match import stream_test
from obs_check.logql.syntax import ast
from obs_check.model.entry import Entry, Labels, LogStream
from obs_check.model.finding import Finding, TargetEdit
from obs_check.model.probe import Probe
from obs_check.model.result import Streams, Vector
from obs_check.model.window import MS, NS, Window
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.reading import read_panel
from obs_check.panel.request import Opening, panel_requests
from obs_check.panel.variables import effective_variables
from tests.engine_settings import SETTINGS
from tests.fakes import NOTHING_KNOWN, NoLoki

NOW_NS = 1_767_225_600 * NS
WINDOW_S = 3600
SOURCES = Datasources({"Loki": {"uid": "loki", "name": "Loki", "type": "loki"}}, "Loki")


@dataclass(slots=True)
class Lines(NoLoki):
    """Streams, oldest line first and a second apart, and the questions that were asked of them."""

    streams: list[tuple[Labels, list[str]]]
    asked: list[str] = field(default_factory=list)
    metadata: Labels = field(default_factory=dict)

    def source(self) -> ListSource:
        start = NOW_NS - (WINDOW_S - 10) * NS
        return ListSource(
            LogStream(labels, [Entry(start + n * NS, line, self.metadata) for n, line in enumerate(lines)])
            for labels, lines in self.streams
        )

    def count(self, expr: str, window: Window) -> Answered[float]:
        self.asked.append(expr)
        try:
            found = query_instant(parse(expr), self.source(), window.end_ns, settings=SETTINGS)
        except EvaluationError as error:
            raise Refused(str(error), 400, str(error), "") from error
        assert isinstance(found, Vector)
        total = sum(s.value for s in found.samples)
        return Answered(total, Probe("loki", expr, total, NOW_NS, window))

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        self.asked.append(expr)
        found = query_range(parse(expr), self.source(), window, NS, settings=SETTINGS, choice=LineChoice(limit))
        assert isinstance(found, Streams)
        lines = [(s.labels, e.line) for s in found.streams for e in s.entries]
        return Answered(lines, Probe("loki", expr, lines, NOW_NS, window))

    def labels(self, window: Window) -> Answered[list[str]]:
        self.asked.append("labels")
        names = sorted({name for labels, _ in self.streams for name in labels})
        return Answered(names, Probe("loki", "labels", names, NOW_NS, window))

    def series(self, matchers: tuple[str, ...], window: Window) -> Answered[list[Labels]]:
        self.asked.append(f"series of {' '.join(matchers)}")
        parsed = [query for text in matchers if isinstance(query := parse(text), ast.LogQuery)]
        wanted = [stream_test(query.selector.matchers) for query in parsed]
        found = [labels for labels, _ in self.streams if any(test(labels) for test in wanted)]
        return Answered(found, Probe("loki", "series", found, NOW_NS, window))

    def label_values(self, name: str, window: Window) -> Answered[list[str]]:
        self.asked.append(f"values of {name}")
        values = sorted({labels[name] for labels, _ in self.streams if name in labels})
        return Answered(values, Probe("loki", f"values of {name}", values, NOW_NS, window))


def seen(lines: Lines, expr: str, **known: Any) -> tuple[Context, BrokenPanel]:
    """What causes know of a panel that shows nothing; no run was sent, unless `known` says so of the context."""
    document = _dashboard(expr)
    board = load_dashboard(document, "test")
    (panel,) = board.panels
    span = ((NOW_NS - WINDOW_S * NS) // MS, NOW_NS // MS)
    request = panel_requests(board, panel, effective_variables(board, {}), SOURCES, NOW_NS, Opening(*span))
    broken = BrokenPanel(panel, request, read_panel(panel, {}, request), "reads No data")

    asked = {"loki": LokiOnce(lines), "datasources": SOURCES, "now_ns": lambda: NOW_NS}
    return replace(NOTHING_KNOWN, dashboard_uid="test", dashboard=document, **{**asked, **known}), broken


def proved(lines: Lines, expr: str, **known: Any) -> Finding | None:
    """The first cause inside of the query of such a panel."""
    context, broken = seen(lines, expr, **known)
    for target in broken_targets(context, broken):
        for cause in causes_on("query"):
            found = cause.find(context, target)
            if found is not None:
                return found
    return None


def edited_text(finding: Finding) -> str:
    """The query that the fix writes, empty when a person has to change it."""
    (edit,) = finding.fix.edits or (TargetEdit(0, "A", "", ""),)
    assert isinstance(edit, TargetEdit)
    return edit.after


def _dashboard(expr: str) -> dict[str, Any]:
    kind = "range" if isinstance(parse(re.sub(r"\[\$__\w+\]", "[1s]", expr)), ast.LogQuery) else "instant"
    target = {"refId": "A", "datasource": {"type": "loki", "uid": "loki"}, "expr": expr, "queryType": kind}
    panel = {"id": 1, "title": "p", "type": "stat", "targets": [target]}
    return {
        "uid": "test",
        "title": "test",
        "panels": [panel],
        "time": {"from": "now-1h", "to": "now"},
    }
