"""PromQL functions over a range of samples, and aggregations over a vector."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from obs_check.model.entry import Labels
from obs_check.standin.prometheus.store import NAME, Key, label_key


class Element(NamedTuple):
    """One element of an instant vector."""

    labels: Labels
    value: float


class RangeSeries(NamedTuple):
    """Samples of one series in a range: (ms, value), ascending, at least one."""

    labels: Labels
    points: list[tuple[int, float]]


def without_name(labels: Labels) -> Labels:
    """The labels without the metric's name, which every calculation drops."""
    return {name: value for name, value in labels.items() if name != NAME}


def extrapolate(
    points: Sequence[tuple[int, float]], start_ms: float, end_ms: float, counter: bool, rate: bool
) -> float | None:
    """rate, increase or delta of one range; None with fewer than two samples.

    Prometheus 3: the change between the first and the last sample is stretched to the edges of the range, unless an
    edge is further away than 1.1 average distances, then by half a distance. A counter's falls are resets, and it is
    not stretched below zero.
    """
    if len(points) < 2:
        return None
    (first_ms, first), (last_ms, last) = points[0], points[-1]
    change = last - first
    if counter:
        change += sum(before for (_, before), (_, after) in pairwise(points) if after < before)
    sampled = (last_ms - first_ms) / 1000
    distance = sampled / (len(points) - 1)
    to_start, to_end = (first_ms - start_ms) / 1000, (end_ms - last_ms) / 1000
    if to_start >= distance * 1.1:
        to_start = distance / 2
    if counter and change > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / change))
    if to_end >= distance * 1.1:
        to_end = distance / 2
    factor = (sampled + to_start + to_end) / sampled
    return change * (factor / ((end_ms - start_ms) / 1000) if rate else factor)


def over_range(name: str, series: Sequence[RangeSeries], start_ms: float, end_ms: float) -> list[Element]:
    """rate, increase, delta or last_over_time of every series; only the last keeps the metric's name."""
    if name == "last_over_time":
        return [Element(labels, points[-1][1]) for labels, points in series]
    found = []
    for labels, points in series:
        value = extrapolate(points, start_ms, end_ms, counter=name != "delta", rate=name == "rate")
        if value is not None:
            found.append(Element(without_name(labels), value))
    return found


RANGE_FUNCTIONS = frozenset({"rate", "increase", "delta", "last_over_time"})

_FOLDS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "count": lambda values: float(len(values)),
    # NaN loses against every number, as in Prometheus.
    "min": lambda values: min(values, key=lambda value: (math.isnan(value), value)),
    "max": lambda values: max(values, key=lambda value: (not math.isnan(value), value)),
    "avg": lambda values: math.fsum(values) / len(values),
}
AGGREGATIONS = frozenset(_FOLDS) | {"topk"}


def group_labels(labels: Labels, names: Sequence[str], by: bool) -> Labels:
    """The labels of the group that a series belongs to; an absent label is not a part of it."""
    if by:
        return {name: labels[name] for name in names if labels.get(name)}
    return {name: value for name, value in labels.items() if name not in names and name != NAME}


def aggregate(op: str, vector: Sequence[Element], names: Sequence[str], by: bool, k: float = 0) -> list[Element]:
    """One element a group; for topk the `k` largest of each group with all their labels, largest first."""
    groups: dict[Key, list[Element]] = {}
    for element in vector:
        groups.setdefault(label_key(group_labels(element.labels, names, by)), []).append(element)
    if op == "topk":
        size = max(0, math.floor(k)) if math.isfinite(k) else len(vector)
        return [element for group in groups.values() for element in sorted(group, key=_largest_first)[:size]]
    return [Element(dict(key), _FOLDS[op]([e.value for e in group])) for key, group in groups.items()]


def _largest_first(element: Element) -> tuple[bool, float]:
    return math.isnan(element.value), -element.value
