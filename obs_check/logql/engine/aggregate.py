"""Vector aggregations."""

import math
from collections.abc import Callable

from obs_check.logql.engine.fold import RunningVariance, combine_moments, larger, smaller
from obs_check.logql.engine.vector import LabelSet, Step, drop_labels, keep_labels, without_empty
from obs_check.logql.syntax import ast


def aggregate(expr: ast.VectorAggregation, steps: list[Step]) -> list[Step]:
    """The operation over each step. topk, bottomk and sort keep the labels of what they pick."""
    grouping = expr.grouping or ast.Grouping(())
    reduce = drop_labels if grouping.without else keep_labels
    cache: dict[LabelSet, LabelSet] = {}
    result: list[Step] = []
    for step in steps:
        groups: dict[LabelSet, Step] = {}
        for labels, value in step:
            key = cache.get(labels)
            if key is None:
                key = cache[labels] = reduce(labels, grouping.labels)
            groups.setdefault(key, []).append((labels, value))
        picked: Step = []
        for key, members in groups.items():
            # Loki 3.5: `without` tells empty labels apart while it groups and leaves them out of the result.
            picked += _combine(expr, without_empty(key) if grouping.without else key, members)
        result.append(picked)
    return result


def _combine(expr: ast.VectorAggregation, key: LabelSet, members: Step) -> Step:
    if expr.op in ("topk", "approx_topk", "sort_desc"):
        return sorted(members, key=_descending)[: expr.parameter]
    if expr.op in ("bottomk", "sort"):
        return sorted(members, key=_ascending)[: expr.parameter]
    return [(key, _REDUCE[expr.op]([value for _, value in members]))]


def _ascending(member: tuple[LabelSet, float]) -> tuple[bool, float]:
    """NaN comes last whatever the order."""
    return (True, 0.0) if math.isnan(member[1]) else (False, member[1])


def _descending(member: tuple[LabelSet, float]) -> tuple[bool, float]:
    return (True, 0.0) if math.isnan(member[1]) else (False, -member[1])


def _moments(values: list[float]) -> RunningVariance:
    total = RunningVariance(1, values[0], 0.0)
    for value in values[1:]:
        total = combine_moments(total, RunningVariance(1, value, 0.0))
    return total


def _variance(values: list[float]) -> float:
    total = _moments(values)
    return total.squares / total.n


def _extreme(choose: Callable[[float, float], float]) -> Callable[[list[float]], float]:
    def over(values: list[float]) -> float:
        best = values[0]
        for value in values[1:]:
            best = choose(best, value)
        return best

    return over


_REDUCE: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "avg": lambda values: _moments(values).mean,
    "count": lambda values: float(len(values)),
    "max": _extreme(larger),
    "min": _extreme(smaller),
    "stdvar": _variance,
    "stddev": lambda values: math.sqrt(_variance(values)),
}
