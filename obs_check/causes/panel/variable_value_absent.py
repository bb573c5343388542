"""panel.variable-value-absent: the value that a variable is saved with matches nothing.

The query is right and compares with the variable; no stream, label or line has its value. Proved by the values that
there are, and by the panel read with the variable saved as the one that is meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.funnel import SAMPLE, passing_rows
from obs_check.evidence.query_fix import query_fix
from obs_check.evidence.select_matching import misspelt_value, same_but_case
from obs_check.evidence.selector_remedy import why_unselected
from obs_check.evidence.tried import try_queries, with_it
from obs_check.evidence.variables import Use, definition, edits_of, saved_as, variable_uses
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Fix, Meaning, Observation, PanelEdit, Proof
from obs_check.model.probe import Probe

_SHOWN = 8
_REFERENCE = re.compile(r"\$\w+|\$\{\w+\}|\[\[\w+\]\]")


@dataclass(frozen=True, slots=True)
class _Unmatched:
    """A comparison with a variable that nothing passes, the texts that there are, and what was asked."""

    use: Use
    there: tuple[str, ...]
    probes: tuple[Probe, ...]


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Find the comparison that leaves nothing, and read the panel with a value that occurs."""
    unmatched = _unmatched(context, broken)
    if unmatched is None:
        return None
    use = unmatched.use
    name, value = use.names[0], broken.whole.request.variables[use.names[0]].value
    if broken.whole.request.variables[name].all_text:
        return _all_matches_nothing(context, broken, unmatched)
    if (cut := _cut_by_regex(context, broken, unmatched)) is not None:
        return cut
    meant, meaning = _meant(value, unmatched.there)
    # A value that simply did not occur is not a mistake: only a run that must show proves that it is one.
    if meant is None and not context.expects(broken.panel.id):
        return None
    what = "no line of those that reach it has" if isinstance(use.asked, ast.LineFilter) else "it matches none of"
    values = ", ".join(f"`{text}`" for text in unmatched.there[:_SHOWN])
    claim = f"the variable {name} is saved as `{value}`, and `{use.text}` compares with it: " + (
        f"{what} the text" if isinstance(use.asked, ast.LineFilter) else f"{what} {values}"
    )
    edits = saved_as(context, name, meant) if meant and use.alone else []
    change = try_queries(context, broken.whole, edits) if edits else None
    if meant is not None and (change is None or not change.helps):
        return None
    if change is None:
        fix = Fix(f"choose another value of the variable {name}", path=f"dashboard:{context.dashboard_uid}")
        evidence = Observation((*broken.measured, *unmatched.probes))
        return CAUSE.finding(claim, evidence, fix, group=name)
    return CAUSE.finding(
        f"{claim}; {with_it(broken.whole, change, f'saved as `{meant}`')}",
        Proof((*broken.measured, *unmatched.probes), change.probes, cured=change.right),
        query_fix(context, f"save the variable {name} as `{meant}`", edits, meaning),
        group=name,
    )


def _all_matches_nothing(context: Context, broken: BrokenTarget, unmatched: _Unmatched) -> Finding | None:
    """All is chosen, and the variable's `allValue` is a text that nothing has, where it should be an expression."""
    use = unmatched.use
    name, stored = use.names[0], definition(context, use.names[0])
    if stored is None or not use.alone or not use.takes_expression:
        return None
    written = str(stored[1].get("allValue"))
    # An expression may be meant for a part of what there is, of which nothing occurred.
    plain = re.escape(written) == written
    if not plain and not context.expects(broken.panel.id):
        return None
    # A selector needs one matcher that an empty text does not pass (Loki 3.5).
    anything = ".+" if use.part in use.query.tree.selector.matchers else ".*"
    edit = PanelEdit(None, ("templating", "list", stored[0], "allValue"), written, anything)
    meaning: Meaning = "same" if plain else "other"
    change = try_queries(context, broken.whole, [edit], meaning)
    if not change.helps:
        return None
    values = ", ".join(f"`{text}`" for text in unmatched.there[:_SHOWN])
    there = "" if isinstance(use.asked, ast.LineFilter) else f", which matches none of {values}"
    return CAUSE.finding(
        f"All of the variable {name} is written as its `allValue`, `{written}`, and `{use.text}` compares with "
        f"that{there}: {with_it(broken.whole, change, f'with `{anything}`')}",
        Proof((*broken.measured, *unmatched.probes), change.probes, cured=change.right),
        query_fix(context, f"write `{anything}` as the `allValue` of the variable {name}", [edit], meaning),
        group=name,
    )


def _cut_by_regex(context: Context, broken: BrokenTarget, unmatched: _Unmatched) -> Finding | None:
    """The variable's regex takes a part of each value, and the query compares with the part alone."""
    use = unmatched.use
    name = use.names[0]
    value, stored = broken.whole.request.variables[name].value, definition(context, name)
    regex = str(stored[1].get("regex") or "") if stored is not None else ""
    around = {text.partition(value)[::2] for text in unmatched.there if value and text.count(value) == 1}
    if "(" not in regex or len(around) != 1 or not use.alone:
        return None
    before, after = next(iter(around))
    new = _REFERENCE.sub(f"{before}${{{name}}}{after}".replace("\\", r"\\"), use.text)
    change = try_queries(context, broken.whole, edits_of(broken.whole, [(use, new)]), "same")
    if not change.helps:
        return None
    return CAUSE.finding(
        f"the regex `{regex}` of the variable {name} leaves `{value}` of `{before}{value}{after}`, and `{use.text}` "
        f"compares with that: {with_it(broken.whole, change, f'with `{new}`')}",
        Proof((*broken.measured, *unmatched.probes), change.probes, cured=change.right),
        query_fix(context, f"write `{new}`", change.edits),
        group=name,
    )


def _unmatched(context: Context, broken: BrokenTarget) -> _Unmatched | None:
    own = [
        use
        for use in variable_uses(broken.whole)
        if (use.query.target.ref_id, use.query.place) == (broken.target.ref_id, broken.place) and _has_one(broken, use)
    ]
    if not own:
        return None
    if not broken.rungs[0].lines and broken.rungs[0].stages == 0:
        nothing = why_unselected(context, broken)
        for use in own if nothing is not None else ():
            if nothing is not None and use.asked in nothing.dead and isinstance(use.asked, ast.Matcher):
                values = sorted({v for labels in nothing.streams if (v := labels.get(use.asked.name))})
                return _Unmatched(use, tuple(values), nothing.probes) if values else None
        return None
    if broken.emptied is None:
        return None
    place = broken.emptied[1].stages - 1
    stage = broken.query.stages[place]
    reaching = passing_rows(broken.query.stages[broken.head : place], broken.lines, broken.settings)
    for use in own:
        if use.asked == stage:
            samples, probe = context.loki.lines(broken.emptied[0].text, broken.window, SAMPLE)
            words = sorted({word for _, line in samples for word in re.findall(r"[\w./:-]+", line)})
            return _Unmatched(use, tuple(words), (broken.emptied[0].probe, probe))
        if isinstance(use.asked, ast.Matcher) and isinstance(stage, ast.LabelFilter):
            values = sorted({v for row in reaching if (v := row.get(use.asked.name))})
            alone = isinstance(stage.predicate, ast.StringPredicate) and stage.predicate.matcher == use.asked
            if alone and values:
                return _Unmatched(use, tuple(values), (broken.emptied[0].probe,))
    return None


def _has_one(broken: BrokenTarget, use: Use) -> bool:
    """Whether one variable with one value, or with what its `allValue` is for All, is all that the comparison holds of
    variables."""
    variable = broken.whole.request.variables[use.names[0]]
    return len(use.names) == 1 and (bool(variable.all_text) or (len(variable.values) == 1 and bool(variable.value)))


def _meant(value: str, there: Sequence[str]) -> tuple[str | None, Meaning]:
    same = same_but_case(value, there)
    if same is not None and same != value:
        return same, "same"
    return misspelt_value(value, [text for text in there if text != value]), "other"


CAUSE = on_query("panel.variable-value-absent", "panel", find)
