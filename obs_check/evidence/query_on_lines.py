"""A panel's log query run on given lines: what it makes of a line as it is and as it would be."""

from collections.abc import Sequence
from typing import NamedTuple

from obs_check.errors import QueryError
from obs_check.evidence.context import BrokenTarget
from obs_check.evidence.funnel import passing_rows
from obs_check.evidence.needed_labels import labels_needed
from obs_check.follow.hop import Stored
from obs_check.logql import parse
from obs_check.logql.engine.match import stream_test
from obs_check.model.probe import Probe


class Measured(NamedTuple):
    """How many lines a query answers as they are and as they would be, and how many of the latter it answers with the
    very same values as they are; with the probe."""

    now: int
    would: int
    alike: int
    probe: Probe

    def in_words(self, lines: str, whole: str) -> str:
        """What the query answers of both."""
        other = f", {self.alike or 'none'} of them with the same values," if self.alike < self.now else ""
        return f"of {lines} the query answers {self.now}{other} and {self.would} {whole}"


def measure_on_lines(broken: BrokenTarget, are: Sequence[Stored], would_be: Sequence[Stored], now_ns: int) -> Measured:
    """The query run on lines as they are, and as they would be, one for one."""
    before, after = _answered(broken, are), _answered(broken, would_be)
    alike = sum(one == other for one, other in zip(before, after, strict=True) if other is not None)
    now, would = (sum(one is not None for one in found) for found in (before, after))
    counts = {"lines": len(are), "answered as they are": now, "answered as they would be": would, "alike": alike}
    title = f"run the query of target {broken.target.ref_id} on the lines"
    return Measured(now, would, alike, Probe("loki", title, counts, now_ns))


def _answered(broken: BrokenTarget, lines: Sequence[Stored]) -> list[tuple[str, ...] | None]:
    """The values that the query makes of each line for the labels that are used behind its stages; None for one that it
    does not answer: that does not pass, has an error or lacks such a label."""
    query, selected = broken.query, stream_test(broken.query.selector.matchers)
    needed = labels_needed(parse(broken.expr), len(query.stages) - 1, broken.place)
    made: list[tuple[str, ...] | None] = []
    for labels, line in lines:
        try:
            found = passing_rows(query.stages, [(labels, line)], broken.settings) if selected(labels) else []
        except QueryError:
            return [None] * len(lines)
        values = [tuple(row.get(name) or "" for name in needed) for row in found if not row.error]
        made.append(values[0] if values and all(values[0]) else None)
    return made
