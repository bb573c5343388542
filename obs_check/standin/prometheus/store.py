"""Samples of the lab's Prometheus in memory, selected by matchers, and the text format that they come from."""

import math
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from obs_check.client.exposition import quoted_label, read_sample
from obs_check.errors import InputError, QueryError
from obs_check.model.entry import Labels
from obs_check.model.secret import shorten

Key = tuple[tuple[str, str], ...]
"""A label set that can be compared: pairs sorted by name."""

Points = list[tuple[int, float | None]]
"""(ms since the epoch, value), ascending; None is the staleness marker: the series ended here."""

NAME = "__name__"


class LabelMatcher(NamedTuple):
    """`op` is one of =, !=, =~, !~; a label that is absent has the empty value."""

    name: str
    op: str
    value: str

    @property
    def text(self) -> str:
        """As PromQL writes it."""
        return f"{self.name}{self.op}{quoted_label(self.value)}"


class StoredSeries(NamedTuple):
    """A series cut to a span of time."""

    labels: Labels
    points: Points


def label_key(labels: Labels) -> Key:
    """The label set as a key."""
    return tuple(sorted(labels.items()))


def read_samples(text: str) -> list[tuple[Labels, float]]:
    """Samples of Prometheus's text format 0.0.4, the metric's name as `__name__`; a sample's own time is not used.

    InputError names the line that is not a sample.
    """
    samples = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            name, labels, value = read_sample(line)
            samples.append(({NAME: name, **labels}, value))
        except ValueError as error:
            raise InputError(
                f"metrics, line {number}: not a sample: {shorten(line, 80)!r}", "expose text format 0.0.4"
            ) from error
    return samples


class Store:
    """All samples since the start; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[Key, tuple[list[int], list[float | None]]] = {}

    def append(self, ts_ms: int, samples: Iterable[tuple[Labels, float | None]]) -> None:
        """Add one sample a series at one time; a sample that is not newer than the series' last is dropped."""
        with self._lock:
            for labels, value in samples:
                times, values = self._series.setdefault(label_key(labels), ([], []))
                if not times or ts_ms > times[-1]:
                    times.append(ts_ms)
                    values.append(value)

    def select(self, matchers: Sequence[LabelMatcher], after_ms: float, until_ms: float) -> list[StoredSeries]:
        """Series that match and have a point in the span, which is open on the left (Prometheus 3)."""
        tests = [(matcher.name, _test(matcher)) for matcher in matchers]
        found = []
        with self._lock:
            for key, (times, values) in self._series.items():
                labels = dict(key)
                if all(test(labels.get(name, "")) for name, test in tests):
                    start, end = bisect_right(times, after_ms), bisect_right(times, until_ms)
                    if start < end:
                        found.append(StoredSeries(labels, list(zip(times[start:end], values[start:end], strict=True))))
        return found

    def series(
        self, matchers: Sequence[Sequence[LabelMatcher]] = ((),), span: tuple[float, float] | None = None
    ) -> list[Labels]:
        """Label sets that match any of the selectors and have a value (not only an end) in the span of ms."""
        after, until = span or (-math.inf, math.inf)
        kept: dict[Key, Labels] = {}
        for selector in matchers:
            for labels, points in self.select(selector, after, until):
                if any(value is not None for _, value in points):
                    kept[label_key(labels)] = labels
        return [kept[key] for key in sorted(kept)]


def _test(matcher: LabelMatcher) -> Callable[[str], bool]:
    """A matcher as a test of one value; expressions are Go's and match the whole value."""
    if matcher.op in ("=", "!="):
        return lambda value: (value == matcher.value) is (matcher.op == "=")
    import re2

    try:
        pattern = re2.compile(f"(?s:{matcher.value})")
    except re2.error as error:
        raise QueryError(f"label {matcher.name}: not a regular expression: {matcher.value!r}", matcher.value) from error
    return lambda value: (pattern.fullmatch(value) is not None) is (matcher.op == "=~")
