"""What each stage of a panel's query leaves of a run's lines, counted over the lines that Loki returned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.errors import QueryError
from obs_check.logql.engine.match import stream_test
from obs_check.logql.settings import EngineSettings, read_version
from obs_check.logql.stages.compile import compile_stage
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.style import selector_text
from obs_check.logql.syntax.walk import log_queries
from obs_check.model.tree import integer_at
from obs_check.model.wording import count_noun
from obs_check.panel.macros import read_text
from obs_check.report.html.drawing import Drawing, rect, symbol, text, wrap_text
from obs_check.report.html.explore import body_queries, datasource_of
from obs_check.report.html.runs import ToldRun

_LINE_CHARS, _MOST_LINES = 46, 3
"""Characters of a stage's text that fit in a line of 12 px letters at 390 px, and lines that are shown of it."""
_LINE_H, _BAR_H, _GAP = 17, 12, 14


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """What a stage (or the selector) leaves: `lines` of those that reach it."""

    text: str
    lines: int


@dataclass(frozen=True, slots=True)
class FunnelTable:
    """`total` lines of the run are in Loki; the steps are in the order of the query. `drawing` shows them."""

    query: str
    total: int
    steps: Sequence[FunnelStep]
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class StoredLines:
    """The lines of a run that Loki returned, with the labels of their streams; `whole` says that none was cut short or
    left out, so that counting them says something."""

    rows: Sequence[tuple[Mapping[str, str], str, int]]
    whole: bool
    settings: EngineSettings


def stored_lines(run: ToldRun) -> StoredLines:
    """Every line of the run at the hops of Loki, once."""
    found: dict[tuple[str, int, tuple[tuple[str, str], ...]], Mapping[str, str]] = {}
    hops = [hop for hop in run.rows("hops") if hop.get("hop") == "loki"]
    whole = bool(hops)
    for hop in hops:
        whole = whole and hop.get("verdict") != "unknown" and hop.get("events") is not None
        for event in hop.get("events") or ():
            for line in event.get("lines") or ():
                labels, at = line.get("labels") or {}, line.get("ts_ns")
                whole = whole and not line.get("cut") and isinstance(at, int)
                found[str(line.get("line")), at or 0, tuple(sorted(labels.items()))] = labels
    end = integer_at(run.document.get("span") or run.document.get("window"), "end_ns") or 0
    version = read_version(str((run.document.get("versions") or {}).get("loki") or ""))
    settings = EngineSettings(lambda: end, version) if version else EngineSettings(lambda: end)
    return StoredLines([(labels, line, at) for (line, at, _), labels in found.items()], whole, settings)


def funnels(name: str, expr: str, stored: StoredLines) -> list[FunnelTable]:
    """One funnel for each log query of an expression; none where it cannot be counted: it cannot be read, a stage is
    one that Loki refuses, or the lines are not all at hand. Counted by the engine of obs-check, not by Loki."""
    tree = read_text(expr) if stored.whole else None
    found = []
    for number, query in enumerate(log_queries(tree) if tree is not None else ()):
        try:
            steps = _steps(query, stored)
        except QueryError:
            continue
        said = expr[query.span.start : query.span.end]
        drawing = _drawn(f"{name}-{number}", said, len(stored.rows), steps)
        found.append(FunnelTable(said, len(stored.rows), steps, drawing))
    return found


def _steps(query: ast.LogQuery, stored: StoredLines) -> list[FunnelStep]:
    test = stream_test(query.selector.matchers)
    rows = [Row(at, line, labels, {}) for labels, line, at in stored.rows if test(labels)]
    steps = [FunnelStep(selector_text(query.selector), len(rows))]
    for stage in query.stages:
        function = compile_stage(stage, stored.settings)
        rows = [row for row in rows if function(row)]
        steps.append(FunnelStep(stage_text(stage), len(rows)))
    return steps


def _drawn(name: str, query: str, total: int, steps: Sequence[FunnelStep]) -> Drawing:
    said = ", ".join(f"{step.text} leaves {step.lines}" for step in steps)
    drawing = Drawing(
        name, f"Funnel of {query}: {count_noun(total, 'line')} of the run in Loki, {said}", 0, class_="funnel"
    )
    y, before, lost = 0.0, total, False
    for step in [FunnelStep("lines of the run in Loki", total), *steps]:
        lines = wrap_text(step.text, _LINE_CHARS, _MOST_LINES)
        gone = before - step.lines
        end = step.lines == 0 and gone > 0 and not lost
        lost = lost or end
        for n, words in enumerate(lines):
            drawing.add(text(20, y + 13 + n * _LINE_H, words, "stage"))
        drawing.add(symbol(7, y + 9, "fail" if end else "ok") if step.lines or end else symbol(7, y + 9, "none"))
        count = f"{step.lines}" + (f" (\u2212{gone})" if gone > 0 else "")
        drawing.add(text("100%", y + 13, count, "lost" if end else "count", "end"))
        y += len(lines) * _LINE_H + 3
        drawing.add(rect(0, y, "100%", _BAR_H, "track", 3))
        if step.lines and total:
            drawing.add(rect(0, y, f"{step.lines / total * 100:.2f}%", _BAR_H, "bar ok", 3))
        y += _BAR_H + _GAP
        before = step.lines
    drawing.height = y
    return drawing


def funnel_expressions(proof: Mapping[str, Any]) -> list[str]:
    """The expressions that a panel sends to Loki, as they are sent; each once."""
    asked = [r.get("requests") or () for r in proof.get("readings") or () if r.get("of") != "before"]
    entries = [entry for request in (asked[-1] if asked else ()) for entry in body_queries(request.get("body"))]
    loki = [entry.get("expr") for entry in entries if datasource_of(entry).get("type") == "loki"]
    return list(dict.fromkeys(expr for expr in loki if isinstance(expr, str)))
