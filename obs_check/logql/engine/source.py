"""Where the engine gets lines from: the lab's store, local files, a list in a test."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import LogStream


class Source(Protocol):
    """Anything that has log streams."""

    def select(self, matchers: Sequence[Matcher], start_ns: int, end_ns: int) -> Iterable[LogStream]:
        """Streams whose labels satisfy every matcher (an absent label is the empty string; regular expressions are
        fully anchored, RE2), each with its entries of `start_ns <= ts < end_ns`, ascending by time. Streams without
        such entries may be left out."""
        ...
