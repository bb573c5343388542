"""select.label-name-absent: the stream selector has a matcher on a label that no stream has.

Proved with the label names that Loki has in the window and by the selector without that matcher, which has lines.
"""

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
    """Compare the selector's names with the label names of the window, and count without the matcher."""
    if broken.rungs[0].lines > 0:
        return None
    names, probe = context.loki.label_names(broken.window)
    matchers = broken.query.selector.matchers
    for place, matcher in enumerate(matchers):
        if not names or matcher.name in names or accepts(matcher, ""):
            continue
        near = get_close_matches(matcher.name, names, 1, 0.75)
        changed = replace(matcher, name=near[0]) if near else None
        if changed is not None:
            did, what = f"with `{matcher_text(changed)}`", f"select by `{changed.name}`"
        elif any(not accepts(m, "") for m in matchers if m != matcher):
            did = f"without `{matcher_text(matcher)}`"
            what = f"drop `{matcher_text(matcher)}`, or set the label `{matcher.name}` in the shipper"
        else:
            continue
        rewrite = replace_matcher(context, broken, place, changed)
        lines, after = count(context, broken, ast.LogQuery(rewrite.query.selector))
        if lines <= 0:
            continue
        return query_finding(
            CAUSE,
            context,
            broken,
            f"no stream has the label `{matcher.name}` (labels: {', '.join(sorted(names))}): "
            f"as written 0 lines, {did} {lines:g}",
            Proof((broken.rungs[0].probe, probe), (after,)),
            query_fix(context, what, rewrite.edits, "same" if near else "wider"),
            group=matcher.name,
        )
    return None


CAUSE = on_query("select.label-name-absent", "loki", find)
