"""Where the engine gets lines from: the lab's store, local files, a list in a test."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from obs_check.logql.syntax.ast import Grouping, Matcher, RangeAggregation
from obs_check.model.entry import LogStream

if TYPE_CHECKING:
    from obs_check.logql.engine.samples import Samples


class Source(Protocol):
    """Anything that has log streams."""

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:
        """Streams whose labels satisfy every matcher (an absent label is the empty string; regular expressions are
        fully anchored, RE2), each with its entries of `start_ns <= ts < end_ns`, ascending by time. Streams without
        such entries may be left out."""
        ...


@runtime_checkable
class CountingSource(Protocol):
    """A source that counts lines without handing them out."""

    def count(self, expr: RangeAggregation, pushed: Grouping | None, times: Sequence[int]) -> "Samples":
        """What `samples.load` has for the windows at the times (ns, ascending, evenly spaced), but for this: the value
        of a sample is the number of lines or bytes of several that lie in the same windows."""
        ...
