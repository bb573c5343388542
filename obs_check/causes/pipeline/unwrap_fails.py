"""pipeline.unwrap-fails: `unwrap` gets no number.

A label that is absent drops the line in silence; one that is text ends the query with 400 `SampleExtractionErr` (Loki
3.5). Proved by the count of lines that have the label as a number, and by the nearest label that is one.
"""

from collections import Counter
from difflib import get_close_matches

from obs_check.errors import QueryError
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import rows
from obs_check.evidence.ladder import range_s
from obs_check.evidence.query_edit import edit_texts
from obs_check.evidence.query_finding import query_finding, query_fix
from obs_check.evidence.query_text import spliced
from obs_check.logql import parse, to_text
from obs_check.logql.stages.row import Row
from obs_check.logql.stages.unwrap import unwrap_value
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.parts import ranges
from obs_check.model.finding import Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.panel.macros import read_text


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Look at the label on the lines, then sum another label that holds numbers."""
    found = ranges(parse(broken.expr))
    unwrap = found[broken.place].unwrap if broken.place < len(found) else None
    if unwrap is None or broken.rungs[-1].lines == 0:
        return None
    try:
        passing = rows(broken.query.stages[broken.head :], broken.lines, broken.settings)
    except QueryError:
        return None
    if not passing or any(_is_number(unwrap, row) for row in passing):
        return None
    values = Counter(v for row in passing if (v := row.get(unwrap.label)))
    labels = sorted({n for row in passing for n in row.labels()} - {unwrap.label})
    numeric = [n for n in labels if any(_is_number(ast.Unwrap(n, unwrap.conversion), row) for row in passing)]
    near = get_close_matches(unwrap.label, numeric, 1, 0.5) or (numeric if len(numeric) == 1 else [])

    def summed(label: str) -> tuple[float, Probe]:
        query = f'{to_text(broken.query)} | unwrap {label} | __error__=""'
        return context.loki.count(f"sum(sum_over_time({query} [{range_s(broken.window)}s]))", broken.window)

    as_it_is, probe = summed(unwrap.label)
    if as_it_is:
        return None
    if values:
        why = f"`{unwrap.label}` is text ({', '.join(f'`{v}`' for v, _ in values.most_common(3))})"
    else:
        why = f"no line has the label `{unwrap.label}`"
    claim = f"{why}, so `unwrap` leaves none of the {broken.rungs[-1].lines:g} lines that reach it"
    if not near:
        fix = query_fix(context, "unwrap a label that holds numbers")
        return query_finding(
            CAUSE, context, broken, claim, Observation((*broken.measured, probe)), fix, group=unwrap.label
        )
    total, near_probe = summed(near[0])
    if not total:
        return None
    return query_finding(
        CAUSE,
        context,
        broken,
        f"{claim}; with `unwrap {near[0]}` they sum up to {total:g}",
        Proof((*broken.measured, probe), (near_probe,)),
        query_fix(
            context, f"unwrap `{near[0]}`", edit_texts(broken, lambda text: _renamed(text, unwrap.label, near[0]))
        ),
        group=unwrap.label,
    )


def _is_number(unwrap: ast.Unwrap, row: Row) -> bool:
    """Whether the label of the row is what unwrap takes for a number."""
    if not row.get(unwrap.label):
        return False
    error, details = row.error, row.error_details
    row.error = ""
    number = unwrap_value(unwrap)(row) is not None and not row.error
    row.error, row.error_details = error, details
    return number


def _renamed(text: str, old: str, new: str) -> str:
    """A query with the unwrapped label `new` for `old`."""
    expr = read_text(text)
    unwraps = [found.unwrap for found in ranges(expr) if found.unwrap] if expr is not None else []
    alike = [unwrap.span for unwrap in unwraps if unwrap.label == old]
    return spliced(text, ((*span, text[slice(*span)].replace(old, new, 1)) for span in alike))


CAUSE = on_query("pipeline.unwrap-fails", "panel", find)
