"""Queries to results: the entry of the engine."""

from obs_check.errors import EvaluationError, QueryError
from obs_check.golang.regex import compile_re2, expand
from obs_check.logql.engine.aggregate import aggregate
from obs_check.logql.engine.binary import arithmetic, set_operation, signature, vector_operation, with_number
from obs_check.logql.engine.logs import Direction, LineChoice, query_logs
from obs_check.logql.engine.mapping import map_query
from obs_check.logql.engine.ranges import evaluate_range, pushes_grouping
from obs_check.logql.engine.source import Source
from obs_check.logql.engine.vector import LabelSet, Step, label_set, without_empty
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import walk
from obs_check.model.result import Matrix, Result, Sample, Scalar, Series, Vector
from obs_check.model.window import MS, Window

INSTANT_LOG_QUERY = (
    "log queries are not supported as an instant query type, please change your query to a range query type"
)

NUMBER_WITHOUT_SERIES = "unexpected expr type (*syntax.LiteralExpr) for Evaluator type (*logql.DefaultEvaluator) "


def query_range(
    expr: ast.Expr,
    source: Source,
    window: Window,
    step_ns: int,
    *,
    settings: EngineSettings,
    choice: LineChoice | None = None,
) -> Result:
    """What Loki 3.5 answers on /query_range.

    A log query has lines of the window, its end excluded: those of `choice`, else the newest 100. A metric query has a
    point at every multiple of `step_ns` from the start rounded down to the end rounded up, so the last point may lie
    after the window; a point at t aggregates (t - range, t]. Raises QueryError when the evaluation is refused.
    """
    if isinstance(expr, ast.LogQuery):
        return query_logs(expr, source, window, settings, choice or LineChoice())
    if step_ns <= 0:
        raise QueryError("zero or negative query resolution step widths are not accepted. Try a positive integer")
    times = range_times(window, step_ns)
    steps = Evaluation(times, source, settings).value(map_query(expr))
    if isinstance(steps, float):
        return Matrix([Series({}, [(at // MS * MS, steps) for at in times])])
    points: dict[LabelSet, list[tuple[int, float]]] = {}
    for at, step in zip(times, steps, strict=True):
        for labels, value in step:
            points.setdefault(labels, []).append((at // MS * MS, value))
    return Matrix([Series(dict(labels), found) for labels, found in sorted(points.items())])


def range_times(window: Window, step_ns: int) -> list[int]:
    """The times of a range query: the multiples of the step from the start rounded down to the end rounded up."""
    first, last = window.start_ns - window.start_ns % step_ns, -(-window.end_ns // step_ns) * step_ns
    return list(range(first, last + 1, step_ns))


def query_instant(
    expr: ast.Expr,
    source: Source,
    at_ns: int,
    *,
    settings: EngineSettings,
    limit: int = 100,  # noqa: ARG001
    direction: Direction = "backward",  # noqa: ARG001
) -> Result:
    """What Loki 3.5 answers on /query at `at_ns`. Raises QueryError for a log query and when the evaluation is
    refused. `limit` and `direction` are parameters of the endpoint that say nothing about a metric."""
    if isinstance(expr, ast.LogQuery):
        raise QueryError(INSTANT_LOG_QUERY)
    steps = Evaluation([at_ns], source, settings).value(map_query(expr))
    shown = at_ns // MS * MS
    if isinstance(steps, float):
        return Scalar(shown, steps)
    found = steps[0] if any(_sorts(node) for node in walk(expr)) else sorted(steps[0], key=lambda pair: pair[0])
    return Vector([Sample(dict(labels), shown, value) for labels, value in found])


def _sorts(expr: ast.Metric) -> bool:
    return isinstance(expr, ast.VectorAggregation) and expr.op in ("sort", "sort_desc")


class Evaluation:
    """A metric query at the times (ns, ascending) over a source."""

    def __init__(self, times: list[int], source: Source, settings: EngineSettings) -> None:
        self.times = times
        self.source = source
        self.settings = settings

    def value(self, expr: ast.Metric) -> list[Step] | float:
        """One vector a time, or a number. Raises QueryError when Loki refuses the evaluation."""
        match expr:
            case ast.Number():
                return expr.value
            case ast.VectorLiteral():
                return [[((), expr.value)] for _ in self.times]
            case ast.RangeAggregation():
                return self.range_vectors(expr)
            case ast.VectorAggregation():
                if pushes_grouping(expr) and isinstance(expr.expr, ast.RangeAggregation):
                    return aggregate(expr, self.range_vectors(expr.expr, expr.grouping or ast.Grouping(())))
                return aggregate(expr, self._vectors(expr.expr))
            case ast.LabelReplace():
                return _label_replace(expr, self._vectors(expr.expr))
            case ast.BinaryOperation():
                return self._binary(expr)

    def range_vectors(self, expr: ast.RangeAggregation, pushed: ast.Grouping | None = None) -> list[Step]:
        """The vectors of a range aggregation, see evaluate_range."""
        return evaluate_range(expr, self.times, self.source, self.settings, pushed)

    def _vectors(self, expr: ast.Metric) -> list[Step]:
        steps = self.value(expr)
        if isinstance(steps, float):
            raise EvaluationError(NUMBER_WITHOUT_SERIES)
        return steps

    def _binary(self, expr: ast.BinaryOperation) -> list[Step] | float:
        left, right = self.value(expr.left), self.value(expr.right)
        if isinstance(left, float):
            if isinstance(right, float):
                return arithmetic(expr.op, left, right)
            return [with_number(expr, step, left, True) for step in right]
        if isinstance(right, float):
            return [with_number(expr, step, right, False) for step in left]
        of = signature(expr.matching)
        if expr.op in ("and", "or", "unless"):
            return [set_operation(expr.op, a, b, of) for a, b in zip(left, right, strict=True)]
        return [vector_operation(expr, a, b, of) for a, b in zip(left, right, strict=True)]


def _label_replace(expr: ast.LabelReplace, steps: list[Step]) -> list[Step]:
    """Sets `destination` where the whole of `source` matches; an empty replacement removes it."""
    pattern = compile_re2(f"^(?:{expr.regex})$")
    known: dict[LabelSet, LabelSet] = {}

    def replaced(labels: LabelSet) -> LabelSet:
        if labels not in known:
            match = pattern.search(dict(labels).get(expr.source, ""))
            known[labels] = labels
            if match is not None:
                groups = [match.group(i) or "" for i in range(pattern.groups + 1)]
                value = expand(expr.replacement, groups, dict(pattern.groupindex))
                kept = {name: found for name, found in labels if name != expr.destination}
                known[labels] = without_empty(label_set({**kept, expr.destination: value}))
        return known[labels]

    return [[(replaced(labels), value) for labels, value in step] for step in steps]
