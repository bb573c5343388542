"""aggregate.group-label-missing: the query groups by a label that no line has.

Loki then answers one series without that label, where the panel expects one for each value. Proved by counting the
lines that have the label, and by the panel read with the nearest label that they do have.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.needed_labels import grouped_by
from obs_check.evidence.parser_at import count, rows_at, with_values
from obs_check.evidence.query_edit import edit_texts
from obs_check.evidence.query_fix import query_fix, reads_better, with_edits
from obs_check.evidence.query_text import group_by_label
from obs_check.logql import parse
from obs_check.logql.explain.whereabouts import nearest_label
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe


@dataclass(frozen=True, slots=True)
class _Missing:
    """A label that the query groups by and none of its lines has; `labels` are those that they have, `only` tells that
    it groups by nothing else."""

    name: str
    labels: tuple[str, ...]
    probe: Probe
    claim: str
    only: bool


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Find the grouping's labels on the lines at hand, count, and read the panel with the nearest."""
    for missing in _missing(context, broken):
        near = nearest_label(missing.name, missing.labels)
        edits = edit_texts(broken, partial(group_by_label, old=missing.name, new=near)) if near else ()
        changed = with_edits(context, broken, edits) if edits else None
        if changed is None or not reads_better(broken, changed):
            continue
        return CAUSE.finding(
            f"{missing.claim}, by `{near}` {changed.reading.text}",
            Proof((*broken.measured, missing.probe), changed.probes, cured=not changed.differs),
            query_fix(context, f"group by `{near}`", edits),
            group=missing.name,
        )
    return None


def find_alone(context: Context, broken: BrokenTarget) -> Finding | None:
    """The same where no label is like it, which a grouping may well be meant for: asked when nothing else is wrong."""
    # A grouping alone empties no panel, unless what is behind it wants its column.
    if not context.expects(broken.panel.id) and broken.reading.state != "lost_in_transform":
        return None
    for missing in _missing(context, broken):
        fix = query_fix(context, "group by a label that the lines have, or let a parser set it")
        evidence = Observation((*broken.measured, missing.probe))
        return CAUSE.finding(missing.claim, evidence, fix, group=missing.name)
    return None


def find_unnamed(context: Context, broken: BrokenTarget) -> Finding | None:
    """The same of a panel that shows a number: only where nothing else names its series."""
    for missing in _missing(context, broken):
        if missing.only:
            fix = query_fix(context, "group by a label that the lines have, or let a parser set it")
            evidence = Observation((*broken.measured, missing.probe))
            return CAUSE.finding(missing.claim, evidence, fix, group=missing.name)
    return None


def _missing(context: Context, broken: BrokenTarget) -> Iterator[_Missing]:
    if broken.rungs[-1].lines == 0:
        return
    passing = rows_at(broken)
    labels = sorted({name for row in passing for name in row.labels() if not name.startswith("__")})
    grouping = grouped_by(parse(broken.expr))
    for name in grouping:
        if not passing or any(row.get(name) for row in passing):
            continue
        with_label, probe = count(context, broken, with_values(broken.query, (name,)))
        if with_label > 0:
            continue
        claim = (
            f"none of the {broken.rungs[-1].lines:g} lines has the label `{name}` that the query groups by "
            f"(labels: {', '.join(labels)}): as written {broken.reading.text}"
        )
        yield _Missing(name, tuple(labels), probe, claim, len(grouping) == 1)


CAUSE = on_query("aggregate.group-label-missing", "panel", find)
ALONE = on_query("aggregate.group-label-missing", "panel", find_alone)
UNNAMED = on_query("aggregate.group-label-missing", "panel", find_unnamed)
