"""Where the engine gets lines from: the lab's store, local files, a list in a test."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import gt
from typing import Protocol, runtime_checkable

from obs_check.logql.engine.vector import LabelSet
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax.ast import Grouping, Matcher, RangeAggregation
from obs_check.model.entry import LogStream


class Source(Protocol):
    """Anything that has log streams."""

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:
        """Streams whose labels satisfy every matcher (an absent label is the empty string; regular expressions are
        fully anchored, RE2), each with its entries of `start_ns <= ts < end_ns`, ascending by time. Streams without
        such entries may be left out."""
        ...


@dataclass(slots=True)
class SampleSeries:
    """Samples of one label set: times in ns, ascending, and their values."""

    times: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def sort(self) -> None:
        """Puts samples that came from several streams in order of time."""
        if any(map(gt, self.times, islice(self.times, 1, None))):
            order = sorted(range(len(self.times)), key=self.times.__getitem__)
            self.times = [self.times[i] for i in order]
            self.values = [self.values[i] for i in order]


@dataclass(slots=True)
class Samples:
    """What a range has: series by label set, and the times and labels of lines that an error should fail."""

    series: dict[LabelSet, SampleSeries] = field(default_factory=dict)
    errors: list[tuple[int, LabelSet]] = field(default_factory=list)


@runtime_checkable
class CountingSource(Protocol):
    """A source that counts lines without handing them out."""

    def count(
        self, expr: RangeAggregation, pushed: Grouping | None, times: Sequence[int], settings: EngineSettings
    ) -> Samples:
        """What `samples.load` has for the windows at the times (ns, ascending, evenly spaced), but for this: the value
        of a sample is the number of lines or bytes of several that lie in the same windows."""
        ...
