"""What a query tells its parsers, and what a parser does about it (Loki 3.5).

A parser leaves out what the query does not need and drops a line as soon as a label that it sets fails the first plain
filter on that label, wherever in the query that filter stands. Both show in answers: an ungrouped
`sum(count_over_time(.. | json [5m]))` counts lines that are not JSON, the same query `by (x)` is refused; and
`| level="" | logfmt` drops every line that has a level.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from obs_check.errors import ObsCheckError
from obs_check.logql.settings import LOKI_3_5, LOKI_3_6, LOKI_3_7, LokiVersion
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row, StageFunction

STOP = 1
"""Everything that is needed has been extracted."""
DROP = 2
"""A filter on the label that was set does not hold."""

_NAMES_KEPT = 1024

After = Callable[[Row, str], int]


@dataclass(frozen=True, slots=True)
class Hints:
    """`required` is what parsers may stop at, empty for "everything"; with `skip` no parser runs at all; with
    `keeps_errors` the query looks at `__error__`, so that lines with a parser's error may be counted; `checks` are the
    first plain filters by the label they look at; `apart` are lines that come without those between them."""

    required: frozenset[str] = frozenset()
    skip: bool = False
    keeps_errors: bool = False
    checks: Mapping[str, StageFunction] = field(default_factory=dict)
    apart: bool = False


NO_HINTS = Hints()


class LineOrderMatters(ObsCheckError):
    """A line decides what lines behind it give, but not all lines come by. Never reaches a user."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "")


class ParserHints:
    """The hints as a version of Loki follows them. From 3.6 on the first value of a label stays, within a line too, and
    only what stages set counts as there. From 3.7 on metadata is as labels of the stream are: a label of the same name
    gets a suffix, and each line decides that anew."""

    def __init__(self, hints: Hints = NO_HINTS, loki: LokiVersion = LOKI_3_5) -> None:
        self.required = hints.required
        self.checks = hints.checks
        self.first_stays = loki >= LOKI_3_6
        self.each_line = loki >= LOKI_3_7
        self.there = Row.has_parsed if self.first_stays else Row.has_extracted
        self.apart = hints.apart
        self._skip = hints.skip

    def idle(self, row: Row) -> bool:
        """Whether a parser has nothing to do for a row."""
        if self._skip or not self.required:
            return self._skip
        # Most rows come to their first parser, with nothing extracted.
        return not row.untouched() and self.there(row, *self.required)

    def taken(self, row: Row, name: str) -> bool:
        """Whether the stream, or metadata that counts as it does, has a label of that name."""
        return name in row.stream or (self.each_line and row.has_metadata(name))

    def wanted(self, row: Row, name: str) -> bool:
        """Whether a parser is to set this label."""
        return (not self.required or name in self.required) and not self.there(row, name)

    def after(self) -> After | None:
        """What a parser calls after it set a label: 0 to go on, STOP or DROP; None when there is never anything."""
        required, checks, there = self.required, self.checks, self.there
        if not required and not checks:
            return None
        if len(required) == 1 and not checks:
            # A parser sets nothing but what is required.
            return lambda _row, _name: STOP
        if not checks:
            return lambda row, _name: STOP if there(row, *required) else 0

        def after(row: Row, name: str) -> int:
            check = checks.get(name)
            if check is not None and not check(row):
                return DROP
            return STOP if required and there(row, *required) else 0

        return after


class LabelNames(dict[str, str | None]):
    """What a parser calls the label of a key, None to leave it out. Decided when the key is first met and kept for all
    lines that follow, whatever their labels (Loki 3.5); where `settle` is set, it has the last word for each line."""

    def __init__(self, extraction: ParserHints) -> None:
        super().__init__()
        self._extraction = extraction
        self._required = extraction.required
        self.settle: Callable[[Row, str], str | None] | None = self._settled if extraction.first_stays else None

    def decide(self, key: str, name: str, row: Row) -> str | None:
        """The label of a key met for the first time: `name`, with a suffix where the stream has it; nothing when it is
        not needed or is there already. LineOrderMatters where that is so in lines that come apart."""
        if self._extraction.each_line:
            may_be = not self._required or not self._required.isdisjoint((name, name + DUPLICATE_SUFFIX))
            return self._keep(key, name if may_be else None)
        if name in row.stream:
            name += DUPLICATE_SUFFIX
        if self._required and name not in self._required:
            return self._keep(key, None)
        there = not self._extraction.first_stays and row.has_extracted(name)
        if there and self._extraction.apart:
            raise LineOrderMatters(f"the first line with the key {key} decides its label")
        return self._keep(key, None if there else name)

    def _keep(self, key: str, label: str | None) -> str | None:
        if len(self) < _NAMES_KEPT:
            self[key] = label
        return label

    def _settled(self, row: Row, name: str) -> str | None:
        if self._extraction.each_line and self._extraction.taken(row, name):
            name += DUPLICATE_SUFFIX
        return name if self._extraction.wanted(row, name) else None
