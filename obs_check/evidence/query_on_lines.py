"""A panel's log query run on given lines: what it makes of a line as it is and as it would be."""

from collections.abc import Sequence

from obs_check.errors import QueryError
from obs_check.evidence.context import BrokenTarget
from obs_check.evidence.funnel import rows
from obs_check.evidence.needed_labels import labels_needed
from obs_check.follow.hop import Stored
from obs_check.logql import parse
from obs_check.logql.engine.match import stream_test
from obs_check.model.probe import Probe


def measured(
    broken: BrokenTarget, are: Sequence[Stored], would_be: Sequence[Stored], now_ns: int
) -> tuple[int, int, Probe]:
    """How many lines the query answers as they are, and as they would be, with the probe of both."""
    before, after = _answered(broken, are), _answered(broken, would_be)
    counts = {"lines": len(are), "answered as they are": before, "answered as they would be": after}
    return before, after, Probe("loki", f"run the query of target {broken.target.ref_id} on the lines", counts, now_ns)


def _answered(broken: BrokenTarget, lines: Sequence[Stored]) -> int:
    """How many of the lines the query answers: they pass it without an error and have a value for every label that is
    used behind its stages."""
    query, selected = broken.query, stream_test(broken.query.selector.matchers)
    needed = labels_needed(parse(broken.expr), len(query.stages) - 1, broken.place)
    passed = 0
    for labels, line in lines:
        try:
            found = rows(query.stages, [(labels, line)], broken.settings) if selected(labels) else []
        except QueryError:
            return 0
        passed += sum(not row.error and all(row.get(name) for name in needed) for row in found)
    return passed
