"""select.moved-to-structured-metadata: a matcher on a name that is no stream label any more but goes with each line.

Structured metadata cannot be selected by (Loki 3.5): the selector finds nothing though every answer shows the name
among the labels. Proved by the same condition as a label filter behind the selector.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.parser_at import count_fixed
from obs_check.evidence.query_edit import replace_matcher
from obs_check.evidence.query_finding import query_finding, query_fix
from obs_check.evidence.select_matching import accepts
from obs_check.logql import to_text
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import matcher_text
from obs_check.model.finding import Finding, Proof


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Look at lines selected without the matcher, then count with it as a label filter."""
    if broken.rungs[0].lines > 0:
        return None
    names, names_probe = context.loki.label_names(broken.window)
    matchers = broken.query.selector.matchers
    for place, matcher in enumerate(matchers):
        if not names or matcher.name in names or accepts(matcher, ""):
            continue
        alone = not any(not accepts(m, "") for m in matchers if m != matcher)
        other = ast.Matcher(sorted(names)[0], "=~", ".+") if alone else None
        rewrite = replace_matcher(context, broken, place, other, f"| {matcher_text(matcher)}")
        bare = ast.LogQuery(rewrite.query.selector)
        samples, sample_probe = context.loki.sample(to_text(bare), broken.window, 20)
        values = sorted({v for labels, _ in samples if (v := labels.get(matcher.name))})
        if not values:
            continue
        found, probe = count_fixed(context, broken, rewrite)
        if found <= 0:
            continue
        return query_finding(
            CAUSE,
            context,
            broken,
            f"`{matcher.name}` is structured metadata of the lines ({', '.join(values[:5])}) and no label of a "
            f"stream: selected by `{matcher_text(matcher)}` 0 lines, filtered by it behind the selector {found:g}",
            Proof((*broken.measured, names_probe, sample_probe), (probe,)),
            query_fix(context, f"filter by `{matcher.name}` behind the selector", rewrite.edits),
            group=matcher.name,
        )
    return None


CAUSE = on_query("select.moved-to-structured-metadata", "loki", find)
