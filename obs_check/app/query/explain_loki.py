"""Explains a query on the Loki that has the lines: counts by one joined query, one line a filter as example, the query
itself once. Lines are never fetched to be counted."""

from collections.abc import Iterator
from dataclasses import replace

from obs_check.app.query.ask import Ask
from obs_check.app.query.explain_counts import count_stages, values
from obs_check.app.query.explain_lines import line_nodes
from obs_check.app.query.explain_questions import Cost, Questions
from obs_check.client.loki.client import LokiClient
from obs_check.errors import Refused
from obs_check.logql import to_text
from obs_check.logql.engine.evaluate import range_times
from obs_check.logql.engine.ranges import pushes_grouping
from obs_check.logql.explain.operators import operator_text
from obs_check.logql.explain.prefixes import PART, PrefixCounts, RangeLines, join_queries
from obs_check.logql.explain.tree import Node
from obs_check.logql.explain.unwrapping import as_filters
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import children, walk
from obs_check.model.result import Matrix, Result, Vector
from obs_check.model.window import MS, Window


def explain_on_loki(ask: Ask, client: LokiClient) -> tuple[Node, Cost]:
    """The tree of the query and what it cost; `ask` has a window. Raises Unavailable, Refused or NotAllowed."""
    window = ask.asked_window
    questions = Questions(client)
    if isinstance(ask.expr, ast.LogQuery):
        length = -(-(window.end_ns - window.start_ns) // MS) * MS
        lines = RangeLines(ask.expr, length, of_logs=True)
        # A log query ends before the end of its window, a range at the time it is asked for.
        [counted] = count_stages([lines], window.end_ns - 1, questions)
        nodes = line_nodes(lines, counted, window, None, questions)
        last = nodes[-1]
        return Node("operator", "lines", lines_out=last.lines_out, series=last.series, children=nodes), questions.cost
    explaining = _Metric(ask, window, questions)
    return explaining.tree(ask.expr), questions.cost


class _Metric:
    """A metric query on its way to a tree. Results are kept by the identity of the expression they are of."""

    def __init__(self, ask: Ask, window: Window, questions: Questions) -> None:
        self._ask = ask
        self._window = window
        self._questions = questions
        step = ask.step_in(window)
        times = [window.end_ns] if ask.instant else range_times(window, step)
        self._first_ns, self._last_ns = times[0], times[-1]
        self._counted: dict[int, tuple[RangeLines, PrefixCounts]] = {}
        self._series: dict[int, int] = {}

    def tree(self, expr: ast.Metric) -> Node:
        """Ask what is needed and build the tree."""
        ranges = [node for node in walk(expr) if isinstance(node, ast.RangeAggregation)]
        lines = [self._lines(one) for one in ranges]
        if ranges:
            counted = count_stages(lines, self._last_ns, self._questions)
            self._counted = {id(one): both for one, both in zip(ranges, zip(lines, counted, strict=True), strict=True)}
        self._know_empty(expr)
        return self._node(expr, self._count_series(expr))

    def _lines(self, expr: ast.RangeAggregation) -> RangeLines:
        """All lines that the range reads at any of the times; an unwrap drops lines without its label."""
        found = expr.range
        stages = found.query.stages
        if found.unwrap is not None:
            stages = (*stages, *as_filters(found.unwrap))
        length = found.interval_ns + self._last_ns - self._first_ns
        return RangeLines(replace(found.query, stages=stages), length, found.offset_ns)

    def _know_empty(self, expr: ast.Metric) -> bool:
        """Note what has no series because no line reaches it; returns whether that is so of the expression."""
        below = [self._know_empty(one) for one in children(expr)]
        match expr:
            case ast.RangeAggregation():
                lines, counted = self._counted[id(expr)]
                empty = expr.op != "absent_over_time" and not counted.lines[len(lines.query.stages)]
            case ast.VectorAggregation() | ast.LabelReplace():
                empty = all(below)
            case ast.BinaryOperation(op="or"):
                empty = all(below)
            case ast.BinaryOperation(op="unless"):
                empty = below[0]
            case ast.BinaryOperation():
                empty = any(below)
            case _:
                empty = False
        if empty:
            self._series[id(expr)] = 0
        return empty

    def _count_series(self, expr: ast.Metric) -> tuple[str, ...]:
        """Ask the query itself, then how many series the operators inside it have; returns what Loki refused. Nothing
        is asked of what is known to have none."""
        if id(expr) in self._series:
            return ()
        try:
            most = _most(self._ask_metric(self._ask.text))
        except Refused as refused:
            words = (refused.body or refused.message).splitlines()
            return (f"refused: {words[0]}",)
        if most is not None:
            self._know(expr, most)
        inner = [one for one in _inside(expr) if id(one) not in self._series]
        if not inner:
            return ()
        counts = [ast.VectorAggregation("count", one) for one in inner]
        try:
            result = self._ask_metric(to_text(join_queries(counts)))
        except Refused:
            # Only an operator alone is refused, for example for more series than a query may have.
            return ()
        counted = {labels.get(PART, ""): round(value) for labels, value in values(result)}
        for number, one in enumerate(inner):
            self._know(one, counted.get(str(number), 0))
        return ()

    def _ask_metric(self, text: str) -> Result:
        if self._ask.instant:
            return self._questions.instant(text, self._window.end_ns)
        return self._questions.over(text, self._window, self._ask.step_in(self._window))

    def _know(self, expr: ast.Metric, series: int) -> None:
        self._series[id(expr)] = series
        # Loki groups these samples where it reads them: behind the range there are as many series as behind the sum.
        if isinstance(expr, ast.VectorAggregation) and pushes_grouping(expr):
            self._series[id(expr.expr)] = series

    def _node(self, expr: ast.Metric, notes: tuple[str, ...] = ()) -> Node:
        if isinstance(expr, ast.RangeAggregation):
            lines, counted = self._counted[id(expr)]
            window = lines.window(self._last_ns)
            below = line_nodes(lines, counted, window, expr.range.unwrap, self._questions)
        else:
            below = tuple(self._node(one) for one in children(expr))
        return Node("operator", operator_text(expr), series=self._series.get(id(expr)), notes=notes, children=below)


def _inside(expr: ast.Metric) -> Iterator[ast.Metric]:
    """The operators below the outermost one that have series of their own."""
    if isinstance(expr, ast.VectorAggregation) and pushes_grouping(expr):
        return
    for one in children(expr):
        if not isinstance(one, ast.Number):
            yield one
            yield from _inside(one)


def _most(result: Result) -> int | None:
    """The most series at one time; None for a number."""
    match result:
        case Vector(samples):
            return len(samples)
        case Matrix(series):
            at: dict[int, int] = {}
            for one in series:
                for ts, _ in one.points:
                    at[ts] = at.get(ts, 0) + 1
            return max(at.values(), default=0)
        case _:
            return None
