"""select.label-value-absent: a matcher's label exists, but with no value that the matcher accepts.

Proved with the values that Loki has in the window and by the selector without that matcher, or with the nearest value,
which has lines. A selector that matches nothing because the lines never came is the shipper's business.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.parser_at import count
from obs_check.evidence.query_edit import replace_matcher
from obs_check.evidence.query_finding import query_finding, query_fix
from obs_check.evidence.select_matching import accepts
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import matcher_text
from obs_check.model.finding import Finding, Proof


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Compare the selector's values with those of the window and count with the nearest."""
    if broken.rungs[0].lines > 0:
        return None
    matchers = broken.query.selector.matchers
    for place, matcher in enumerate(matchers):
        if accepts(matcher, ""):
            continue
        values, probe = context.loki.label_values(matcher.name, broken.window)
        if not values or any(accepts(matcher, v) for v in values):
            continue
        near = _nearest(matcher, values)
        if near:
            changed = replace(matcher, op="=", value=near)
            did, what = f"with `{matcher_text(changed)}`", f"use `{matcher_text(changed)}`"
        else:
            changed = ast.Matcher(matcher.name, "=~", ".+")
            did, what = "with any value", f"select a value that `{matcher.name}` has"
        rewrite = replace_matcher(context, broken, place, changed)
        lines, after = count(context, broken, ast.LogQuery(rewrite.query.selector))
        if lines <= 0:
            continue
        return query_finding(
            CAUSE,
            context,
            broken,
            f"`{matcher_text(matcher)}` matches none of the values of `{matcher.name}` "
            f"({', '.join(sorted(values)[:10])}): as written 0 lines, {did} {lines:g}"
            + (f"; nearest `{near}`" if near else ""),
            Proof((broken.rungs[0].probe, probe), (after,)),
            query_fix(context, what, rewrite.edits if near else (), "other"),
            group=matcher_text(matcher),
        )
    return None


def _nearest(matcher: ast.Matcher, values: Sequence[str]) -> str | None:
    """The one value that looks like what was meant: the same but for case, or close to the matcher's text."""
    wanted = matcher.value if matcher.op == "=" else re.sub(r"[^\w/-]", "", matcher.value)
    same = [v for v in values if v.lower() == wanted.lower()]
    inside = [v for v in values if wanted and wanted in v] if matcher.op == "=~" else []
    near = same or get_close_matches(wanted, values, 1, 0.6) or (inside if len(inside) == 1 else [])
    return near[0] if near else None


CAUSE = on_query("select.label-value-absent", "loki", find)
