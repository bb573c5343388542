"""aggregate.comparison-removes-all: a comparison with a number drops every series.

`sum(...) > 100` keeps the series that are above and answers nothing for the others (Loki 3.5), which a panel shows as
"No data". Proved by the same expression without the comparison.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_fix import query_fix, reads_better, with_edits
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import number_text
from obs_check.logql.syntax.walk import ranges, walk
from obs_check.model.finding import Finding, Proof, TargetEdit
from obs_check.panel.macros import read_text

_COMPARISONS = ("==", "!=", ">", ">=", "<", "<=")


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Read the panel without the comparison."""
    if broken.reading.rows > 0 or broken.rungs[-1].lines == 0:
        return None
    # A threshold that no value meets is not a mistake: only a run that must show proves that it is one.
    if not context.expects(broken.panel.id):
        return None
    found, author = _comparison(parse(broken.expr)), _comparison(read_text(broken.raw))
    if found is None or author is None:
        return None
    kept = author.left if ranges(author.left) else author.right
    inside = broken.raw[kept.span.start : kept.span.end]
    raw = broken.raw[: author.span.start] + inside + broken.raw[author.span.end :]
    edits = [TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, raw)]
    changed = with_edits(context, broken, edits)
    if not reads_better(broken, changed) or not changed.reading.rows:
        return None
    limit = found.right if ranges(found.left) else found.left
    number = number_text(limit.value) if isinstance(limit, ast.Number) else "the number"
    return CAUSE.finding(
        f"`{found.op} {number}` drops every series: as written {broken.reading.text}, without it "
        f"{changed.reading.text}",
        Proof((*broken.measured, *broken.whole.probes), changed.probes, cured=not changed.differs),
        query_fix(context, f"drop `{found.op} {number}`, or compare with a number that occurs", edits, "wider"),
        group=f"{found.op} {number}",
    )


def _comparison(expr: ast.Expr | None) -> ast.BinaryOperation | None:
    """The outermost filtering comparison of a vector with a number."""
    for node in walk(expr) if expr is not None else ():
        if isinstance(node, ast.BinaryOperation) and node.op in _COMPARISONS and not node.return_bool:
            compared = (isinstance(side, ast.Number) for side in (node.left, node.right))
            if any(compared):
                return node
    return None


CAUSE = on_query("aggregate.comparison-removes-all", "panel", find)
