"""aggregate.vectors-do-not-match: both sides of an operator have series, but no two of them belong together.

Series are paired by all their labels unless `on` or `ignoring` says otherwise (Loki 3.5); without a pair the answer is
empty and no error is given. Proved by each side alone and by the same expression with a matching that pairs them, or
with 0 for the side that has no series at all.
"""

import re

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.needed_labels import grouped_by
from obs_check.evidence.query_fix import query_fix, reads_better, with_edits
from obs_check.logql import parse, to_text
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import children, ranges
from obs_check.model.finding import Finding, Proof, TargetEdit
from obs_check.model.probe import Probe
from obs_check.panel.macros import read_text

_ZERO_MEANS = (("+", "-", "*", "/"), ("+", "-"))
"""Operators that make a number of 0 on their left, and on their right."""
_MODIFIERS = r"(?:\s*bool\b)?(?:\s*(?:on|ignoring)\s*\([^)]*\)(?:\s*group_(?:left|right)(?:\s*\([^)]*\))?)?)?"


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Ask each side alone, then read the panel with a matching that fits their labels, or with 0 for an empty side."""
    if broken.reading.rows > 0:
        return None
    expr = parse(broken.expr)
    pair, author = _operation(expr), _operation(read_text(broken.raw))
    if pair is None or author is None:
        return None
    every = [id(one) for one in ranges(expr)]
    ends = [every.index(id(ranges(side)[-1])) for side in (pair.left, pair.right)]
    if broken.place not in (0, *ends):
        return None
    left, left_probe = context.loki.count(to_text(pair.left), broken.window)
    right, right_probe = context.loki.count(to_text(pair.right), broken.window)
    sums, probes = (left, right), (left_probe, right_probe)
    if left and right:
        return _apart(context, broken, (pair, author), sums, probes) if broken.place == 0 else None
    # The causes of an empty side's own queries come first: it is told with the last of them.
    empty = 1 if left else 0
    return _one_sided(context, broken, author, sums, probes) if broken.place == ends[empty] else None


def _apart(
    context: Context,
    broken: BrokenTarget,
    operation: tuple[ast.BinaryOperation, ast.BinaryOperation],
    sums: tuple[float, float],
    probes: tuple[Probe, Probe],
) -> Finding | None:
    """Series on both sides, and no pair: the operation as it is asked and as the author wrote it."""
    pair, author = operation
    gap = broken.raw[author.left.span.end : author.right.span.start]
    for matching in dict.fromkeys((_matching(pair), "on ()")):
        new, times = re.subn(re.escape(pair.op) + _MODIFIERS, f"{pair.op} {matching}", gap, count=1)
        if times == 0:
            return None
        raw = broken.raw[: author.left.span.end] + new + broken.raw[author.right.span.start :]
        edits = [TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, raw)]
        changed = with_edits(context, broken, edits)
        if reads_better(broken, changed):
            break
    else:
        return None
    return CAUSE.finding(
        f"both sides of `{pair.op}` have series ({sums[0]:g} and {sums[1]:g} in sum) but none on the left has the "
        f"labels of one on the right ({_names(pair.left)} against {_names(pair.right)}): "
        f"as written {broken.reading.text}, with `{pair.op} {matching}` {changed.reading.text}",
        Proof((*broken.measured, *probes), changed.probes, cured=not changed.differs),
        query_fix(context, f"pair the series with `{matching}`", edits, "other"),
        group=matching,
    )


def _one_sided(
    context: Context,
    broken: BrokenTarget,
    author: ast.BinaryOperation,
    sums: tuple[float, float],
    probes: tuple[Probe, Probe],
) -> Finding | None:
    """A count of nothing is no series, and nothing is paired with it. Whether lines should be there, only a run that
    must show would tell: then it is for the causes that look at that side."""
    sides = (author.left, author.right)
    empty = 1 if sums[0] else 0
    if not any(sums) or author.op not in _ZERO_MEANS[empty] or context.expects(broken.panel.id):
        return None
    if any(not isinstance(side, ast.VectorAggregation) or grouped_by(side) for side in sides):
        return None
    start, end = sides[empty].span
    raw = f"{broken.raw[:start]}({broken.raw[start:end].strip()} or vector(0)){broken.raw[end:]}"
    edits = [TargetEdit(broken.panel.id, broken.target.ref_id, broken.raw, raw)]
    changed = with_edits(context, broken, edits)
    if not reads_better(broken, changed):
        return None
    which = ("left", "right")[empty]
    return CAUSE.finding(
        f"no line passes the {which} side of `{author.op}`, a count of no lines is no series and not 0, and without a "
        f"pair the whole is empty: as written {broken.reading.text}, with `or vector(0)` on that side "
        f"{changed.reading.text}",
        Proof((*broken.measured, *probes), changed.probes, cured=not changed.differs),
        query_fix(context, f"count 0 where no line passes the {which} side", edits, "other"),
        group=f"{author.op} {which}",
    )


def _operation(expr: ast.Expr | None) -> ast.BinaryOperation | None:
    """The outermost operation between two vectors that Loki reads from lines."""
    match expr:
        case None | ast.BinaryOperation(op="or" | "and" | "unless"):
            return None
        case ast.BinaryOperation() if ranges(expr.left) and ranges(expr.right):
            return expr
        case _:
            return next(filter(None, map(_operation, children(expr))), None)


def _matching(pair: ast.BinaryOperation) -> str:
    """A matching by the labels that both sides group by, with the side that has more labels as the many."""
    left, right = grouped_by(pair.left), grouped_by(pair.right)
    common = [name for name in left if name in right]
    side = "group_right" if len(right) > len(left) else "group_left"
    return f"on ({', '.join(common)}) {side} ()"


def _names(side: ast.Expr) -> str:
    return f"by {', '.join(grouped_by(side)) or 'nothing'}"


CAUSE = on_query("aggregate.vectors-do-not-match", "panel", find)
