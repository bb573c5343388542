"""What a query tells its parsers, and what a parser does about it (Loki 3.5).

A parser leaves out what the query does not need and drops a line as soon as a label that it sets fails the first plain
filter on that label, wherever in the query that filter stands. Both show in answers: an ungrouped
`sum(count_over_time(.. | json [5m]))` counts lines that are no JSON, the same query `by (x)` is refused; and
`| level="" | logfmt` drops every line that has a level.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    first plain filters by the label they look at."""

    required: frozenset[str] = frozenset()
    skip: bool = False
    keeps_errors: bool = False
    checks: Mapping[str, StageFunction] = field(default_factory=dict)

    def idle(self, row: Row) -> bool:
        """Whether a parser has nothing to do for a row."""
        if self.skip or not self.required:
            return self.skip
        # Most rows come to their first parser, with nothing extracted.
        return not row.untouched() and row.has_extracted(*self.required)

    def after(self) -> After | None:
        """What a parser calls after it set a label: 0 to go on, STOP or DROP; None when there is never anything."""
        required, checks = self.required, self.checks
        if not required and not checks:
            return None
        if len(required) == 1 and not checks:
            # A parser sets nothing but what is required.
            return lambda _row, _name: STOP
        if not checks:
            return lambda row, _name: STOP if row.has_extracted(*required) else 0

        def after(row: Row, name: str) -> int:
            check = checks.get(name)
            if check is not None and not check(row):
                return DROP
            return STOP if required and row.has_extracted(*required) else 0

        return after


NO_HINTS = Hints()


class LabelNames(dict[str, str | None]):
    """What a parser calls the label of a key, None to leave it out. Decided when the key is first met and kept for all
    lines that follow, whatever their labels (Loki 3.5)."""

    def __init__(self, hints: Hints) -> None:
        super().__init__()
        self._required = hints.required

    def decide(self, key: str, name: str, row: Row) -> str | None:
        """The label of a key met for the first time: `name`, with a suffix where the stream has it; nothing when it is
        not needed or an earlier stage or the metadata gave it."""
        if name in row.stream:
            name += DUPLICATE_SUFFIX
        unwanted = (self._required and name not in self._required) or row.has_extracted(name)
        label = None if unwanted else name
        if len(self) < _NAMES_KEPT:
            self[key] = label
        return label
