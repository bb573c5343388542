"""pipeline.label-filter-kills: one label filter drops every line that reaches it.

Proved by the counts around the filter, the values that the label really has on the lines, and the same query with a
comparison that they pass. Matching is anchored and case-sensitive (Loki 3.5); a number is compared only with a number.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import first_passed, rows
from obs_check.evidence.parser_at import count_fixed
from obs_check.evidence.query_finding import query_finding, query_fix
from obs_check.evidence.query_text import replace_stage
from obs_check.logql.explain.reasons import compared_labels
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding, Proof

_Change = Callable[[ast.Predicate], ast.Predicate]


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Name the filter and the values that its labels have, and count with one that passes."""
    if broken.emptied is None:
        return None
    before, after = broken.emptied
    place = after.stages - 1
    stage = broken.query.stages[place]
    if not isinstance(stage, ast.LabelFilter):
        return None
    reaching = rows(broken.query.stages[broken.head : place], broken.lines, broken.settings)
    names = list(dict.fromkeys(compared_labels(stage.predicate)))
    before_it = broken.query.stages[broken.head : place]
    proposal = first_passed(
        _proposals(stage, reaching), before_it, broken.query.stages[place + 1 :], broken.lines, broken.settings
    )
    # A value that simply did not occur is no mistake: only a run that must pass proves that it is one.
    if proposal is None and not context.expects(broken.panel.id):
        return None
    text, new = stage_text(stage), stage_text(proposal) if proposal else ""
    rewrite = replace_stage(broken, place, new)
    found, probe, whole = count_fixed(context, broken, rewrite)
    if found <= 0:
        return None
    seen = "; ".join(f"{name} is {_shown(reaching, name)}" for name in names)
    did = f"with `{new}`" if new else "without it"
    return query_finding(
        CAUSE,
        context,
        broken,
        f"`{text}` drops all {before.lines:g} lines that reach it: {seen}; as written 0, {did} {found:g}",
        Proof((broken.funnel.probe, before.probe, after.probe), (probe,)),
        query_fix(
            context, broken, f"compare {', '.join(names)} with a value that occurs", rewrite.raw if new else None
        ),
        group=",".join(names),
        fixed=whole,
    )


def _shown(reaching: Sequence[Row], name: str) -> str:
    values = Counter(row.get(name) for row in reaching)
    return ", ".join(f"`{v}` ({n})" for v, n in values.most_common(5) if v) or "absent from every line"


def _mapped(predicate: ast.Predicate, change: _Change) -> ast.Predicate:
    match predicate:
        case ast.AndPredicate() | ast.OrPredicate():
            return replace(predicate, left=_mapped(predicate.left, change), right=_mapped(predicate.right, change))
        case _:
            return change(predicate)


def _proposals(stage: ast.LabelFilter, reaching: Sequence[Row]) -> Iterator[ast.LabelFilter]:
    """Filters like the one written, the likeliest first: other case, not anchored, nearest value or label."""
    labels = sorted({name for row in reaching for name in row.labels()})

    def values(name: str) -> list[str]:
        return sorted({value for row in reaching if (value := row.get(name))})

    for change in (_same_but_case, _inside, _nearest_value):
        changed = _mapped(stage.predicate, lambda p, change=change: change(p, values))  # type: ignore[misc]
        if changed != stage.predicate:
            yield ast.LabelFilter(changed)
    changed = _mapped(stage.predicate, lambda p: _nearest_label(p, labels))
    if changed != stage.predicate:
        yield ast.LabelFilter(changed)


_Values = Callable[[str], list[str]]


def _same_but_case(predicate: ast.Predicate, values: _Values) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate):
        return predicate
    matcher = predicate.matcher
    same = [v for v in values(matcher.name) if v.lower() == matcher.value.lower()]
    if matcher.op == "=" and same:
        return ast.StringPredicate(replace(matcher, value=same[0]))
    if matcher.op == "=~" and matcher.value.lower() != matcher.value:
        lower = matcher.value.lower()
        small = all(v == v.lower() for v in values(matcher.name)) and "\\" not in lower
        return ast.StringPredicate(replace(matcher, value=lower if small else f"(?i){matcher.value}"))
    return predicate


def _inside(predicate: ast.Predicate, values: _Values) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate):
        return predicate
    matcher = predicate.matcher
    if matcher.op == "=~" and matcher.value:
        return ast.StringPredicate(replace(matcher, value=f".*({matcher.value}).*"))
    if matcher.op == "=" and any(matcher.value and matcher.value in v for v in values(matcher.name)):
        return ast.StringPredicate(replace(matcher, op="=~", value=f".*{re.escape(matcher.value)}.*"))
    return predicate


def _nearest_value(predicate: ast.Predicate, values: _Values) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate) or predicate.matcher.op != "=":
        return predicate
    matcher = predicate.matcher
    near = get_close_matches(matcher.value, values(matcher.name), 1, 0.6)
    return ast.StringPredicate(replace(matcher, value=near[0])) if near else predicate


def _nearest_label(predicate: ast.Predicate, labels: Sequence[str]) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate) or predicate.matcher.name in labels:
        return predicate
    near = get_close_matches(predicate.matcher.name, labels, 1, 0.7)
    return ast.StringPredicate(replace(predicate.matcher, name=near[0])) if near else predicate


CAUSE = on_query("pipeline.label-filter-kills", "panel", find)
