"""Explains a query by running it over a source with counting stages: one pass a range, as without."""

from collections.abc import Callable, Iterator
from itertools import islice

from obs_check.errors import QueryError
from obs_check.logql.engine.evaluate import Evaluation, range_times
from obs_check.logql.engine.match import stream_test
from obs_check.logql.engine.ranges import evaluate_range
from obs_check.logql.engine.source import Source
from obs_check.logql.engine.vector import Step
from obs_check.logql.explain.meter import PipelineMeter
from obs_check.logql.explain.operators import operator_text
from obs_check.logql.explain.selector import no_stream
from obs_check.logql.explain.tree import Node
from obs_check.logql.explain.whereabouts import why_absent
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import chain, compile_stage, first_checks, loki_order
from obs_check.logql.stages.hints import Hints
from obs_check.logql.stages.row import Row, row_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import children, log_queries
from obs_check.model.window import Window, shown_time

_ALL_TIME = (-(1 << 62), 1 << 62)
_ROWS = 100
"""Lines that are looked at for a label that none has."""


def explain(expr: ast.Expr, source: Source, window: Window, step_ns: int | None, settings: EngineSettings) -> Node:
    """The tree of a query. A log query reads every line of the window, a metric query is evaluated over the window, or
    at its end when `step_ns` is None. An evaluation that Loki would refuse is a note at the root."""
    if isinstance(expr, ast.LogQuery):
        return _log_query(expr, source, window, settings)
    times = [window.end_ns] if step_ns is None else range_times(window, step_ns)
    run = _Counting(times, source, settings)
    refusal = ""
    try:
        run.value(expr)
    except QueryError as error:
        refusal = error.message.splitlines()[0]
    return run.node(expr, (f"refused: {refusal}",) if refusal else ())


def _log_query(query: ast.LogQuery, source: Source, window: Window, settings: EngineSettings) -> Node:
    meter = PipelineMeter(query, None, source)
    stages = query.stages
    # A line that a filter behind a parser drops is dropped where the filter stands: see samples.load.
    passes = chain(
        [
            meter.stage(n, compile_stage(s, settings, Hints(checks=first_checks(stages[:n]))))
            for n, s in loki_order(stages)
        ]
    )
    for stream in meter.select(query.selector.matchers, window.start_ns, window.end_ns):
        for entry in stream.entries:
            passes(row_of(entry.ts, entry.line, stream.labels, entry.metadata))
    nodes = meter.nodes(_why_empty(source))
    return Node("operator", "lines", lines_out=nodes[-1].lines_out, series=nodes[-1].series, children=nodes)


class _Counting(Evaluation):
    """An evaluation that keeps the number of series behind every operator and the counts of every range."""

    def __init__(self, times: list[int], source: Source, settings: EngineSettings) -> None:
        super().__init__(times, source, settings)
        self._series: dict[int, int | None] = {}
        self._meters: dict[int, PipelineMeter] = {}
        self._unnamed: dict[int, list[str]] = {}

    def value(self, expr: ast.Metric) -> list[Step] | float:
        found = super().value(expr)
        if isinstance(found, float):
            self._series[id(expr)] = None
        else:
            self._count(expr, found)
        return found

    def _count(self, expr: ast.Metric, found: list[Step]) -> None:
        self._series[id(expr)] = max(map(len, found), default=0)
        grouping = expr.grouping if isinstance(expr, ast.VectorAggregation | ast.RangeAggregation) else None
        if grouping is not None and not grouping.without and any(found):
            there = {name for step in found for labels, _ in step for name, value in labels if value}
            self._unnamed[id(expr)] = [name for name in grouping.labels if name not in there]

    def range_vectors(self, expr: ast.RangeAggregation, pushed: ast.Grouping | None = None) -> list[Step]:
        grouping = pushed or expr.grouping
        used = grouping is None or grouping.without or bool(grouping.labels)
        meter = self._meters[id(expr)] = PipelineMeter(expr.range.query, expr.range.unwrap, self.source, used)
        found = evaluate_range(expr, self.times, meter, self.settings, pushed, meter)
        self._count(expr, found)
        return found

    def node(self, expr: ast.Metric, notes: tuple[str, ...] = ()) -> Node:
        """The tree of what was evaluated."""
        meter = self._meters.get(id(expr))
        below = (
            meter.nodes(_why_empty(self.source))
            if meter is not None
            else tuple(self.node(operand) for operand in children(expr))
        )
        notes = (*notes, *self._why_unnamed(expr))
        return Node("operator", operator_text(expr), series=self._series.get(id(expr)), notes=notes, children=below)

    def _why_unnamed(self, expr: ast.Metric) -> Iterator[str]:
        """Why no series has a label that an operator groups by."""
        names, queries = self._unnamed.get(id(expr), []), log_queries(expr)
        if not names or len(queries) != 1:
            return
        passing = list(islice(self._passing(queries[0]), _ROWS))
        for name in names if passing else ():
            if any(row.get(name) for row in passing):
                yield f"no series has {name}: the grouping inside of it leaves it out"
            else:
                yield why_absent(name, passing[0], queries[0].stages)

    def _passing(self, query: ast.LogQuery) -> Iterator[Row]:
        """Lines that pass, with every label that they have: those that the query does not use too."""
        run = [compile_stage(stage, self.settings) for stage in query.stages]
        for stream in self.source.select(query.selector.matchers, *_ALL_TIME):
            for entry in stream.entries[:_ROWS]:
                row = row_of(entry.ts, entry.line, stream.labels, entry.metadata)
                if all(stage(row) for stage in run):
                    yield row


def _why_empty(source: Source) -> Callable[[ast.Selector], str]:
    def why(selector: ast.Selector) -> str:
        streams = [stream for stream in source.select((), *_ALL_TIME) if stream.entries]
        missing = no_stream(selector, [stream.labels for stream in streams])
        if missing:
            return missing
        wanted = stream_test(selector.matchers)
        times = [at for s in streams if wanted(s.labels) for at in (s.entries[0].ts, s.entries[-1].ts)]
        return f"its lines are from {shown_time(min(times))} to {shown_time(max(times))}: none is in this window"

    return why
