"""select.label-value-absent: a matcher's label exists, but with no value that the matcher accepts.

Proved with the values that the streams have in the window and by the selector with the nearest value, or with any,
which has lines. A selector that matches nothing because the lines never came is the shipper's business.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.selector_remedy import selector_remedy
from obs_check.logql.syntax.style import matcher_text
from obs_check.model.finding import Finding, Proof

_SHOWN = 10


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Compare the matcher with the values of the streams that the rest selects, and count with the nearest."""
    remedy = selector_remedy(context, broken)
    if remedy is None or remedy.kind not in ("value", "any value") or remedy.changed is None:
        return None
    near = remedy.kind == "value"
    did = f"with `{matcher_text(remedy.changed)}`" if near else "with any value"
    what = f"use `{matcher_text(remedy.changed)}`" if near else f"select a value that `{remedy.matcher.name}` has"
    written, values = matcher_text(remedy.matcher), ", ".join(remedy.seen[:_SHOWN])
    why = f"`{written}` matches none of the values of `{remedy.matcher.name}` ({values})"
    if remedy.quiet:
        why = f"the streams of `{written}` have none of the lines, other streams have other values ({values})"
    return CAUSE.finding(
        f"{why}: as written 0 lines, {did} {remedy.lines:g}"
        + (f"; nearest `{remedy.changed.value}`" if near and remedy.changed.value in remedy.seen else ""),
        Proof(remedy.as_written, (remedy.after,)),
        query_fix(context, what, remedy.edits, remedy.meaning),
        group=matcher_text(remedy.matcher),
    )


CAUSE = on_query("select.label-value-absent", "loki", find)
