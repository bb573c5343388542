"""select.moved-to-structured-metadata: a matcher on a name that goes with each line and is not a label of a stream.

Structured metadata cannot be selected by (Loki 3.5): the selector finds nothing though every answer shows the name
among the labels. `level` is an example: Loki itself puts `detected_level` beside each line since 3.1. Proved by the
same condition as a label filter behind the selector.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.query_text import stages_of
from obs_check.evidence.selector_remedy import selector_remedy
from obs_check.logql.explain.reasons import compared_labels
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import matcher_text
from obs_check.model.finding import Finding, Proof

_SHOWN = 5


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Look at lines selected without the matcher, then count with it as a label filter."""
    remedy = selector_remedy(context, broken)
    if remedy is None or remedy.kind != "metadata":
        return None
    name, written = remedy.matcher.name, matcher_text(remedy.matcher)
    stage = stages_of(remedy.added)[0]
    if not isinstance(stage, ast.LabelFilter):
        return None
    (other,) = compared_labels(stage.predicate)
    absent = "no label" if other == name else f"`{name}` is not a label"
    return CAUSE.finding(
        f"`{other}` is structured metadata of the lines ({', '.join(remedy.seen[:_SHOWN])}) and {absent} of a stream: "
        f"selected by `{written}` 0 lines, filtered by `{remedy.added}` behind the selector {remedy.lines:g}",
        Proof(remedy.as_written, (remedy.after,)),
        query_fix(context, f"filter by `{other}` behind the selector", remedy.edits, remedy.meaning),
        group=written,
    )


CAUSE = on_query("select.moved-to-structured-metadata", "loki", find)
