"""The range aggregations, each as a window that slides over one series."""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from typing import Protocol

from obs_check.logql.engine.fold import (
    Climb,
    RunningVariance,
    SlidingFold,
    combine_climbs,
    combine_moments,
    larger,
    smaller,
)
from obs_check.logql.engine.source import SampleSeries
from obs_check.logql.syntax import ast
from obs_check.model.window import NS


class RangeWindow(Protocol):
    """What an aggregation keeps of the samples between two indexes of a series."""

    def push(self, value: float) -> None:
        """The next sample enters."""

    def pop(self, value: float) -> None:
        """The oldest sample leaves."""

    def result(self, series: SampleSeries, first: int, last: int) -> float:
        """The value over the samples `first <= i < last`, at least one."""


class _Ends:
    """Aggregations that follow from where the window begins and ends."""

    def __init__(self, read: Callable[[SampleSeries, int, int], float]) -> None:
        self._read = read

    def push(self, value: float) -> None:
        """Nothing is kept."""

    def pop(self, value: float) -> None:
        """Nothing is kept."""

    def result(self, series: SampleSeries, first: int, last: int) -> float:
        return self._read(series, first, last)


class _Folded:
    """Sums and extremes."""

    def __init__(self, combine: Callable[[float, float], float], divisor: float = 1.0) -> None:
        self._fold = SlidingFold(combine)
        self._divisor = divisor

    def push(self, value: float) -> None:
        self._fold.push(value)

    def pop(self, value: float) -> None:  # noqa: ARG002
        self._fold.pop()

    def result(self, series: SampleSeries, first: int, last: int) -> float:  # noqa: ARG002
        return self._fold.total() / self._divisor


class _Spread:
    """Mean, variance and standard deviation."""

    def __init__(self, read: Callable[[RunningVariance], float]) -> None:
        self._fold = SlidingFold(combine_moments)
        self._read = read

    def push(self, value: float) -> None:
        self._fold.push(RunningVariance(1, value, 0.0))

    def pop(self, value: float) -> None:  # noqa: ARG002
        self._fold.pop()

    def result(self, series: SampleSeries, first: int, last: int) -> float:  # noqa: ARG002
        return self._read(self._fold.total())


class _Quantile:
    """Values kept in order."""

    def __init__(self, q: float) -> None:
        self._q = q
        self._ordered: list[float] = []

    def push(self, value: float) -> None:
        insort(self._ordered, value)

    def pop(self, value: float) -> None:
        del self._ordered[bisect_left(self._ordered, value)]

    def result(self, series: SampleSeries, first: int, last: int) -> float:  # noqa: ARG002
        if not 0 <= self._q <= 1:
            return math.copysign(math.inf, self._q)
        rank = self._q * (len(self._ordered) - 1)
        lower = math.floor(rank)
        upper = min(len(self._ordered) - 1, lower + 1)
        weight = rank - lower
        return self._ordered[lower] * (1 - weight) + self._ordered[upper] * weight


class _Counter:
    """rate_counter: growth a second, resets added back, stretched to the window as Loki 3.5 does."""

    def __init__(self, interval_ns: int) -> None:
        self._fold = SlidingFold(combine_climbs)
        self._interval_ns = interval_ns

    def push(self, value: float) -> None:
        self._fold.push(Climb(value, value, 0.0))

    def pop(self, value: float) -> None:  # noqa: ARG002
        self._fold.pop()

    def result(self, series: SampleSeries, first: int, last: int) -> float:
        count = last - first
        if count < 2:
            return 0.0
        climb = self._fold.total()
        growth = climb.last - climb.first + climb.lost
        # Loki's times are ns where the formula takes ms: the stretch is a millionth of what Prometheus would do.
        sampled = (series.times[last - 1] - series.times[first]) / 1000
        if sampled == 0:
            return math.nan if growth == 0 else math.copysign(math.inf, growth)
        to_start = self._interval_ns / NS
        if growth > 0 and climb.first >= 0:
            to_start = min(to_start, sampled * (climb.first / growth))
        between = sampled / (count - 1)
        stretched = sampled + (to_start if to_start < between * 1.1 else between / 2)
        return growth * (stretched / sampled) / (self._interval_ns / NS)


def _add(a: float, b: float) -> float:
    return a + b


def window_for(expr: ast.RangeAggregation) -> RangeWindow:
    """A new, empty window of the aggregation."""
    seconds = expr.range.interval_ns / NS
    match expr.op:
        case "count_over_time":
            return _Ends(lambda _, first, last: float(last - first))
        case "rate":
            if expr.range.unwrap is not None:
                return _Folded(_add, seconds)
            return _Ends(lambda _, first, last: (last - first) / seconds)
        case "bytes_over_time" | "sum_over_time":
            return _Folded(_add)
        case "bytes_rate":
            return _Folded(_add, seconds)
        case "max_over_time":
            return _Folded(larger)
        case "min_over_time":
            return _Folded(smaller)
        case "avg_over_time":
            return _Spread(lambda m: m.mean)
        case "stdvar_over_time":
            return _Spread(lambda m: m.squares / m.n)
        case "stddev_over_time":
            return _Spread(lambda m: math.sqrt(m.squares / m.n))
        case "quantile_over_time":
            return _Quantile(expr.parameter if expr.parameter is not None else math.nan)
        case "first_over_time":
            return _Ends(lambda series, first, _: series.values[first])
        case "last_over_time":
            return _Ends(lambda series, _, last: series.values[last - 1])
        case "rate_counter":
            return _Counter(expr.range.interval_ns)
        case _:
            return _Ends(lambda *_: 1.0)


def window_of_counts(expr: ast.RangeAggregation) -> RangeWindow:
    """A new, empty window over samples that each stand for the lines or bytes of a part of a stream."""
    match expr.op:
        case "rate" | "bytes_rate":
            return _Folded(_add, expr.range.interval_ns / NS)
        case "absent_over_time":
            return window_for(expr)
        case _:
            return _Folded(_add)


def slide(
    series: SampleSeries, window: RangeWindow, times: list[int], interval_ns: int, offset_ns: int
) -> Iterator[tuple[int, float]]:
    """For each of the times, ascending, that has samples in (time - offset - interval, time - offset]: its index
    and the value of the window."""
    first = last = 0
    keeps_nothing = isinstance(window, _Ends)
    for index, at in enumerate(times):
        end = at - offset_ns
        begin = end - interval_ns
        if keeps_nothing:
            last = bisect_right(series.times, end, last)
            first = bisect_right(series.times, begin, first, last)
        while last < len(series.times) and series.times[last] <= end:
            window.push(series.values[last])
            last += 1
        while first < last and series.times[first] <= begin:
            window.pop(series.values[first])
            first += 1
        if first < last:
            yield index, window.result(series, first, last)
