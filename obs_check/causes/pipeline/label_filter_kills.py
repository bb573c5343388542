"""pipeline.label-filter-kills: one label filter drops every line that reaches it.

Proved by the counts around the filter, the values that the label really has on the lines, and the same query with a
comparison that they pass. Matching is anchored and case-sensitive (Loki 3.5); a number is compared only with a number.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import first_passed, passing_rows
from obs_check.evidence.incomparable import incomparable
from obs_check.evidence.parser_at import count_fixed
from obs_check.evidence.query_edit import replace_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.select_matching import ADDRESS, ADDRESSES, accepts_value, mean_values
from obs_check.logql.explain.reasons import compared_labels
from obs_check.logql.explain.whereabouts import nearest_label
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.logql.syntax.walk import transform
from obs_check.model.event import find_tags
from obs_check.model.finding import Finding, Meaning, Observation, Proof
from obs_check.model.wording import count_noun


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Name the filter and the values that its labels have, and count with one that passes."""
    if broken.emptied is None:
        return _other_decision(context, broken)
    before, after = broken.emptied
    place = after.stages - 1
    stage = broken.query.stages[place]
    if not isinstance(stage, ast.LabelFilter):
        return None
    reaching = passing_rows(broken.query.stages[broken.head : place], broken.lines, broken.settings)
    names = list(dict.fromkeys(compared_labels(stage.predicate)))
    before_it = broken.query.stages[broken.head : place]
    likely: dict[ast.LabelFilter, Meaning] = {}
    for filtered, meaning in _proposals(stage, reaching):
        likely.setdefault(filtered, meaning)
    proposal = first_passed(likely, before_it, broken.query.stages[place + 1 :], broken.lines, broken.settings)
    if proposal is None and not broken.reading.error and (never := incomparable(stage, reaching)) is not None:
        return CAUSE.finding(
            f"`{stage_text(stage)}` compares none of the {count_noun(before.lines, 'line')} that reach it: "
            f"{never.name} is {never.values}; {never.why}, and each line gets an error in place of an answer",
            Observation((broken.funnel.probe, before.probe, after.probe)),
            query_fix(context, never.remedy),
            group=",".join(names),
        )
    # A value that simply did not occur is not a mistake: only a run that must pass proves that it is one.
    if proposal is None and not context.expects(broken.panel.id):
        return None
    text, new = stage_text(stage), stage_text(proposal) if proposal else ""
    rewrite = replace_stage(context, broken, place, new)
    found, probe = count_fixed(context, broken, rewrite)
    if found <= 0:
        return None
    seen = "; ".join(f"{name} is {_shown(reaching, name)}" for name in names)
    did = f"with `{new}`" if new else "without it"
    return CAUSE.finding(
        f"`{text}` drops all {count_noun(before.lines, 'line')} that reach it: {seen}; as written 0, {did} {found:g}",
        Proof((broken.funnel.probe, before.probe, after.probe), (probe,)),
        query_fix(
            context,
            f"compare {', '.join(names)} with a value that occurs",
            rewrite.edits if new else (),
            likely[proposal] if proposal else "wider",
        ),
        group=",".join(names),
    )


def _other_decision(context: Context, broken: BrokenTarget) -> Finding | None:
    """A filter that lines of the run pass, and none of those that the panel is there for."""
    expectation = context.panels.expectations.get(broken.panel.id)
    if context.run is None or expectation is None or not expectation.decision:
        return None
    tags = {event.tag for event in context.run.events if event.outcome == expectation.decision}
    lines = [one for one in broken.lines if not tags.isdisjoint(find_tags(one[1], context.run.id))]
    for place, stage in enumerate(broken.query.stages):
        if place < broken.head or not isinstance(stage, ast.LabelFilter):
            continue
        before_it, behind = broken.query.stages[broken.head : place], broken.query.stages[place + 1 :]
        reaching = passing_rows(before_it, lines, broken.settings)
        if not reaching or passing_rows((*before_it, stage), lines, broken.settings):
            continue
        names = list(dict.fromkeys(compared_labels(stage.predicate)))
        changed = ast.LabelFilter(transform(stage.predicate, partial(_as_all_have, rows=reaching)))
        if first_passed((changed,), before_it, behind, lines, broken.settings) is None:
            return None
        text, new = stage_text(stage), stage_text(changed)
        rewrite = replace_stage(context, broken, place, new)
        found, probe = count_fixed(context, broken, rewrite)
        seen = "; ".join(f"{name} is {_shown(reaching, name)}" for name in names)
        dropped = f"`{text}` drops the {count_noun(len(reaching), 'line')} of {expectation.decision} events"
        return CAUSE.finding(
            f"{dropped}, which the panel has to show: {seen}; with `{new}` {found:g} pass",
            Proof(broken.measured, (probe,)),
            query_fix(context, f"compare {', '.join(names)} with a value that occurs", rewrite.edits, "other"),
            group=text,
        )
    return None


def _as_all_have(predicate: ast.Predicate, rows: Sequence[Row]) -> ast.Predicate:
    """The comparison with the one value that all rows have."""
    if not isinstance(predicate, ast.StringPredicate) or predicate.matcher.op not in ("=", "=~"):
        return predicate
    values = {row.get(predicate.matcher.name) for row in rows}
    only = values.pop() if len(values) == 1 else ""
    if not only or accepts_value(predicate.matcher, only):
        return predicate
    return ast.StringPredicate(replace(predicate.matcher, op="=", value=only))


def _shown(reaching: Sequence[Row], name: str) -> str:
    values = Counter(row.get(name) for row in reaching)
    return ", ".join(f"`{v}` ({n})" for v, n in values.most_common(5) if v) or "absent from every line"


def _proposals(stage: ast.LabelFilter, reaching: Sequence[Row]) -> Iterator[tuple[ast.LabelFilter, Meaning]]:
    """Filters like the one written, the likeliest first: other case, another name of the label, not anchored, a value
    that was misspelt. What is meant by the last two a person has to say."""

    def values(name: str) -> list[str]:
        return sorted({value for row in reaching if (value := row.get(name))})

    labels = {name for row in reaching for name, value in row.labels().items() if value}
    renamed = transform(stage.predicate, lambda p: _other_label(p, labels, values))
    changes: tuple[tuple[_OfValues, Meaning], ...] = (
        (lambda p, values: _with_meaning(p, values, "same"), "same"),
        (_in_any_case, "same"),
        (_as_addresses, "same"),
        (lambda p, _values: p, "same"),
        (_inside, "other"),
        (lambda p, values: _with_meaning(p, values, "other"), "other"),
    )
    for change, meaning in changes:
        for predicate in (stage.predicate, renamed):
            changed = transform(predicate, lambda p, change=change: change(p, values))  # type: ignore[misc]
            if changed != stage.predicate:
                yield ast.LabelFilter(changed), meaning


_Values = Callable[[str], list[str]]
_OfValues = Callable[[ast.Predicate, _Values], ast.Predicate]


def _with_meaning(predicate: ast.Predicate, values: _Values, meaning: Meaning) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate):
        return predicate
    matcher = predicate.matcher
    found = {how: meant for meant, how in mean_values(matcher, values(matcher.name))}
    return ast.StringPredicate(found.get(meaning) or found.get("same") or matcher)


def _in_any_case(predicate: ast.Predicate, values: _Values) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate):
        return predicate
    matcher = predicate.matcher
    if matcher.op == "=~" and matcher.value.lower() != matcher.value:
        lower = matcher.value.lower()
        small = all(v == v.lower() for v in values(matcher.name)) and "\\" not in lower
        return ast.StringPredicate(replace(matcher, value=lower if small else f"(?i){matcher.value}"))
    return predicate


def _as_addresses(predicate: ast.Predicate, values: _Values) -> ast.Predicate:
    """A network or a range of addresses is compared by `ip(...)`; as a text no address is one."""
    if not isinstance(predicate, ast.StringPredicate) or predicate.matcher.op not in ("=", "=~"):
        return predicate
    matcher = predicate.matcher
    there = any(ADDRESS.fullmatch(value) for value in values(matcher.name))
    if not there or not ADDRESSES.fullmatch(matcher.value):
        return predicate
    return ast.IpPredicate(matcher.name, "=", matcher.value)


def _inside(predicate: ast.Predicate, values: _Values) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate):
        return predicate
    matcher = predicate.matcher
    if matcher.op == "=~" and matcher.value:
        return ast.StringPredicate(replace(matcher, value=f".*({matcher.value}).*"))
    if matcher.op == "=" and any(matcher.value and matcher.value in v for v in values(matcher.name)):
        return ast.StringPredicate(replace(matcher, op="=~", value=f".*{re.escape(matcher.value)}.*"))
    return predicate


def _other_label(predicate: ast.Predicate, labels: Collection[str], values: _Values) -> ast.Predicate:
    if not isinstance(predicate, ast.StringPredicate) or predicate.matcher.name in labels:
        return predicate
    matcher = predicate.matcher
    # `severity` may mean severity_text or severity_number: the one that has such a value.
    having = [name for name in sorted(labels) if any(accepts_value(matcher, value) for value in values(name))]
    near = nearest_label(matcher.name, having) or nearest_label(matcher.name, sorted(labels))
    return ast.StringPredicate(replace(predicate.matcher, name=near)) if near else predicate


CAUSE = on_query("pipeline.label-filter-kills", "panel", find)
