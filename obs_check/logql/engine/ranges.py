"""Range aggregations: one vector a step."""

from bisect import bisect_left
from operator import itemgetter

from obs_check.errors import QueryError
from obs_check.logql.engine.samples import StageWatch, load_samples
from obs_check.logql.engine.source import CountingSource, Samples, Source
from obs_check.logql.engine.vector import LabelSet, Step, label_set, labels_text
from obs_check.logql.engine.windows import slide, window_for, window_of_counts
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.row import ERROR
from obs_check.logql.syntax import ast
from obs_check.model.window import Window

_PUSHED = frozenset({"bytes_over_time", "bytes_rate", "sum_over_time", "rate", "count_over_time"})


def pushes_grouping(expr: ast.VectorAggregation) -> bool:
    """Whether Loki 3.5 groups the samples already where they are read: a sum over these aggregations."""
    inner = expr.expr
    return (
        expr.op == "sum" and isinstance(inner, ast.RangeAggregation) and inner.op in _PUSHED and inner.grouping is None
    )


def evaluate_range(
    expr: ast.RangeAggregation,
    times: list[int],
    source: Source,
    settings: EngineSettings,
    pushed: ast.Grouping | None = None,
    watch: StageWatch | None = None,
) -> list[Step]:
    """The vectors at the times (ns, ascending). Raises QueryError when a line with an error is in a window."""
    interval, offset = expr.range.interval_ns, expr.range.offset_ns
    new_window = window_for
    if isinstance(source, CountingSource):
        samples, new_window = source.count(expr, pushed, times, settings), window_of_counts
    else:
        window = Window(times[0] - offset - interval + 1, times[-1] - offset + 1)
        samples = load_samples(expr, pushed, source, window, settings, watch)
    _fail_on_errors(samples, times, interval, offset)
    steps: list[Step] = [[] for _ in times]
    # In order of labels, so that neither a sum's rounding nor the choice among equals depends on how lines were read.
    for labels, series in sorted(samples.series.items(), key=itemgetter(0)):
        for index, value in slide(series, new_window(expr), times, interval, offset):
            steps[index].append((labels, value))
    if expr.op == "absent_over_time":
        labels = _absent_labels(expr.range.query.selector)
        return [[] if step else [(labels, 1.0)] for step in steps]
    return steps


def _fail_on_errors(samples: Samples, times: list[int], interval: int, offset: int) -> None:
    for ts, labels in samples.errors:
        at = bisect_left(times, ts + offset)
        if at < len(times) and times[at] - offset - interval < ts:
            kind = dict(labels)[ERROR]
            raise QueryError(
                f"pipeline error: '{kind}' for series: '{labels_text(labels)}'.\n"
                f'Use a label filter to intentionally skip this error. (e.g | __error__!="{kind}").\n'
                'To skip all potential errors you can match empty errors.(e.g __error__="")\n'
                "The label filter can also be specified after unwrap. "
                '(e.g | unwrap latency | __error__="" )\n'
            )


def _absent_labels(selector: ast.Selector) -> LabelSet:
    """Labels that the selector fixes to one value; one that is named twice is left out."""
    found: dict[str, str] = {}
    unclear = set()
    for matcher in selector.matchers:
        if matcher.op == "=" and matcher.name not in found:
            found[matcher.name] = matcher.value
        else:
            unclear.add(matcher.name)
    return label_set({name: value for name, value in found.items() if value and name not in unclear})
