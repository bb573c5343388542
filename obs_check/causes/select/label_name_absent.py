"""select.label-name-absent: the stream selector has a matcher on a label that no stream has.

Where the label went is looked for first: a name in another case, another label with that value, a field of the lines
that a parser behind the selector sets. Proved by the selector with what is found, which has lines; one that leaves the
condition out shows more than was asked for, so that is never a safe fix.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.selector_remedy import selector_remedy
from obs_check.logql.syntax.style import matcher_text
from obs_check.model.finding import Finding, Proof


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Look for the label on the streams of the window and on their lines, and count with what is found."""
    remedy = selector_remedy(context, broken)
    if remedy is None or remedy.kind not in ("name", "field", "drop"):
        return None
    written = matcher_text(remedy.matcher)
    if remedy.kind == "name" and remedy.changed is not None:
        did, what = f"with `{matcher_text(remedy.changed)}`", f"select by `{matcher_text(remedy.changed)}`"
    elif remedy.kind == "field":
        did = f"with `{remedy.added}` behind it"
        what = f"`{remedy.matcher.name}` is a field of the lines: filter by it behind the selector"
    else:
        did = f"without `{written}`"
        what = f"set the label `{remedy.matcher.name}` in the shipper, or drop `{written}`, which shows more lines"
    none = "the lines are in no stream that" if remedy.quiet else "no stream"
    return CAUSE.finding(
        f"{none} has the label `{remedy.matcher.name}` (labels: {', '.join(remedy.seen)}): "
        f"as written 0 lines, {did} {remedy.lines:g}",
        Proof(remedy.as_written, (remedy.after,)),
        query_fix(context, what, remedy.edits, remedy.meaning),
        group=written,
    )


CAUSE = on_query("select.label-name-absent", "loki", find)
