"""Sliding windows: add at the newest end, drop at the oldest, know the combined value.

A fold over two stacks needs only that combining is associative, so minimum, sums of floats and variances slide at a
constant cost a sample and without the rounding that subtracting would bring.
"""

import math
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class SlidingFold(Generic[T]):
    """A queue of values that knows `combine` over all of them, oldest first."""

    def __init__(self, combine: Callable[[T, T], T]) -> None:
        self._combine = combine
        self._newest: list[T] = []
        self._newest_total: T | None = None
        self._oldest: list[T] = []

    def push(self, value: T) -> None:
        """Adds the newest value."""
        self._newest.append(value)
        self._newest_total = value if self._newest_total is None else self._combine(self._newest_total, value)

    def pop(self) -> None:
        """Drops the oldest value."""
        if not self._oldest:
            total: T | None = None
            for value in reversed(self._newest):
                total = value if total is None else self._combine(value, total)
                self._oldest.append(total)
            self._newest, self._newest_total = [], None
        self._oldest.pop()

    def total(self) -> T:
        """The combined value; there must be one."""
        if not self._oldest:
            if self._newest_total is None:
                raise LookupError("there is no value to combine")
            return self._newest_total
        oldest = self._oldest[-1]
        return oldest if self._newest_total is None else self._combine(oldest, self._newest_total)


class RunningVariance(NamedTuple):
    """Count, mean and sum of squared distances from the mean (Welford)."""

    n: int
    mean: float
    squares: float


def combine_moments(a: RunningVariance, b: RunningVariance) -> RunningVariance:
    """The moments of both together (Chan's form)."""
    n = a.n + b.n
    delta = b.mean - a.mean
    mean = a.mean + delta * b.n / n
    return RunningVariance(n, mean, a.squares + b.squares + delta * delta * a.n * b.n / n)


class Climb(NamedTuple):
    """A counter: first and last value, and what was lost at resets between."""

    first: float
    last: float
    lost: float


def combine_climbs(a: Climb, b: Climb) -> Climb:
    """Both one after the other; a fall from one to the other is a reset."""
    return Climb(a.first, b.last, a.lost + b.lost + (a.last if b.first < a.last else 0.0))


def larger(a: float, b: float) -> float:
    """Maximum that passes over NaN."""
    return b if math.isnan(a) or b > a else a


def smaller(a: float, b: float) -> float:
    """Minimum that passes over NaN."""
    return b if math.isnan(a) or b < a else a
