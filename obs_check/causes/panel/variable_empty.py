"""panel.variable-empty: a variable has no value, and the comparison it stands in accepts nothing then.

Loki 3.5: label filters with `=~` and an empty text accept everything, with `=` only lines without the label, with `!~`
nothing at all; a selector whose every matcher accepts the empty text is refused. A query variable whose query finds
nothing has no value, and neither have those that are asked with it. A variable that the dashboard does not have has
none at all: Grafana sends its name as it stands, `$host`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from obs_check.errors import QueryError
from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.select_matching import accepts_value, misspelt_value, same_but_case
from obs_check.evidence.tried import reading_text, tried_finding, try_queries, with_it
from obs_check.evidence.variables import definition, edits_of, saved_as, unknown_uses, variable_uses
from obs_check.logql import parse
from obs_check.logql.explain.whereabouts import nearest_label
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.style import matcher_text
from obs_check.model.finding import Finding, Fix, Observation, PanelEdit
from obs_check.model.probe import Probe
from obs_check.panel.interpolate import interpolate, references
from obs_check.panel.macros import read_text
from obs_check.panel.variable_options import label_asked, query_text, selector_asked
from obs_check.panel.variables import EffectiveVariable

_HARMLESS = {"=": "=~", "!~": "!="}
"""The operator that an empty text makes no difference to."""
_ACCEPTING = ("=", "=~", "|=", "|~")
"""Comparisons that keep what is like the value."""
_ANY = ".+"
_SHOWN = 8


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Ask with the operator that an empty text does not matter to, or with the options of the first variable."""
    return _without_options(context, broken) or _compared(context, broken) or _unknown(context, broken)


def _compared(context: Context, broken: BrokenPanel) -> Finding | None:
    empty = [
        (use, use.asked)
        for use in variable_uses(broken)
        if isinstance(use.asked, ast.Matcher) and use.asked.op in _HARMLESS and not use.value
    ]
    if not empty:
        return None
    edits = edits_of(broken, ((use, use.with_operator(_HARMLESS[matcher.op])) for use, matcher in empty))
    change = try_queries(context, broken, edits, "same")
    if not change.helps:
        return None
    use, first = empty[0]
    harmless, name = _HARMLESS[first.op], use.names[0]
    claim = (
        f"the variable {name} is empty and `{first.name}{first.op}` compares with it: "
        f"{with_it(broken, change, f'with `{harmless}`')}"
    )
    return tried_finding(context, broken, CAUSE, claim, change, f"compare with `{harmless}`")


def _unknown(context: Context, broken: BrokenPanel) -> Finding | None:
    """A name that is no variable's, in a comparison that lines would pass with any value."""
    uses = [use for use in unknown_uses(broken) if use.asked.op in _ACCEPTING]
    if not uses or broken.reading.rows:
        return None
    name, known = uses[0].names[0], list(broken.request.variables)
    claim = f"the dashboard has no variable {name}, so that `{uses[0].text}` compares with the text `{uses[0].value}`"
    near = next(iter(get_close_matches(name.casefold(), (one.casefold() for one in known), 1)), None)
    meant = next((one for one in known if one.casefold() == near), None)
    if meant is not None:
        reference = re.compile(rf"(?<=[${{\[]){re.escape(name)}\b")
        same = [(use, reference.sub(meant, use.text)) for use in uses if use.names[0] == name]
        change = try_queries(context, broken, edits_of(broken, same))
        if change.helps:
            told = f"{claim}: {with_it(broken, change, f'with the variable {meant}')}"
            return tried_finding(context, broken, CAUSE, told, change, f"write the variable's name: {meant}")
    anything = [(use, use.as_expression(use.text, _ANY)) for use in uses]
    change = try_queries(context, broken, edits_of(broken, anything))
    if not change.helps:
        return None
    return CAUSE.finding(
        claim=f"{claim}: {with_it(broken, change, 'with any value')}",
        evidence=Observation((*broken.probes, *change.probes)),
        fix=Fix(f"add the variable {name} to the dashboard, or write the value that is meant"),
        group=name,
    )


@dataclass(frozen=True, slots=True)
class _Chain:
    """A query variable without options, and those that are asked with it and have none either."""

    root: EffectiveVariable
    below: tuple[str, ...]


def _without_options(context: Context, broken: BrokenPanel) -> Finding | None:
    """The first variable of a chain of which none has a value, because its query finds nothing."""
    chain = next(_chains(context, broken), None)
    found = definition(context, chain.root.name) if chain is not None else None
    if chain is None or found is None or broken.reading.rows:
        return None
    name, (number, stored) = chain.root.name, found
    query = stored.get("query")
    asked = label_asked(query)
    values, probes = _answered(context, broken, stored)
    claim = f"the variable {name} has no value: its query `{query_text(query)}` finds none"
    if values:
        shown = ", ".join(f"`{value}`" for value in values[:_SHOWN])
        regex = stored["regex"]
        claim = f"the variable {name} has no value: its regex `{regex}` fits none of what its query finds, {shown}"
    if chain.below:
        claim += f", so {', '.join(chain.below)} {'has' if len(chain.below) == 1 else 'have'} none either"
    if asked is not None and not values:
        names, probe = context.loki.labels(broken.window)
        probes.append(probe)
        near = nearest_label(asked, names) if asked not in names else None
        if near is not None:
            after = _with_label(query, asked, near)
            edits = [PanelEdit(None, ("templating", "list", number, "query"), query, after)]
            change = try_queries(context, broken, edits, "same")
            if change.helps:
                claim += f"; with the label `{near}` the panel reads {reading_text(change.reading)}"
                summary = f"ask for the label `{near}` in the variable {name}"
                return replace(tried_finding(context, broken, CAUSE, claim, change, summary, probes), group=name)
        if asked not in names:
            claim += f"; no stream has the label `{asked}` (labels: {', '.join(names)})"
        elif (unmet := _unmet(context, broken, query)) is not None:
            return _narrowed(context, broken, chain, claim, unmet)
    return CAUSE.finding(
        claim=f"{claim}; the panel reads {reading_text(broken.reading)}",
        evidence=Observation((*broken.probes, *probes)),
        fix=Fix(f"correct the {'regex' if values else 'query'} of the variable {name}"),
        group=name,
    )


@dataclass(frozen=True, slots=True)
class _Unmet:
    """A matcher in the query of a variable that no stream satisfies, the values of its label, and the variable whose
    value stands in it, "" for none."""

    matcher: ast.Matcher
    values: tuple[str, ...]
    variable: str
    probe: Probe


def _unmet(context: Context, broken: BrokenPanel, query: object) -> _Unmet | None:
    """What narrows a variable's query down to nothing."""
    written = selector_asked(query)
    try:
        sent = parse(interpolate(written, broken.request.variables, "loki")) if written else None
        raw = read_text(written)
    except QueryError:
        return None
    if not isinstance(sent, ast.LogQuery) or not isinstance(raw, ast.LogQuery):
        return None
    for matcher, own in zip(sent.selector.matchers, raw.selector.matchers, strict=False):
        values, probe = context.loki.label_values(matcher.name, broken.window)
        if values and not any(accepts_value(matcher, value) for value in ("", *values)):
            inside = references(written[slice(*own.span)])
            return _Unmet(matcher, tuple(values), inside[0] if len(inside) == 1 else "", probe)
    return None


def _narrowed(context: Context, broken: BrokenPanel, chain: _Chain, claim: str, unmet: _Unmet) -> Finding:
    """A chain that begins with a value which no stream has: of another variable, or in the query itself."""
    shown = ", ".join(f"`{value}`" for value in unmet.values[:_SHOWN])
    claim += f"; no stream has {matcher_text(unmet.matcher)} (it is {shown})"
    same = same_but_case(unmet.matcher.value, unmet.values)
    meant = same or misspelt_value(unmet.matcher.value, unmet.values)
    edits = saved_as(context, unmet.variable, meant) if meant and unmet.variable else []
    if edits:
        change = try_queries(context, broken, edits, "same" if same else "other")
        if change.helps:
            told = f"{claim}: {with_it(broken, change, f'with {unmet.variable} saved as `{meant}`')}"
            summary = f"save the variable {unmet.variable} as `{meant}`"
            found = tried_finding(context, broken, CAUSE, told, change, summary, (unmet.probe,))
            return replace(found, group=unmet.variable)
    value = f"`{meant}`" if meant else "a value that a stream has"
    where = f"{value} for the variable {unmet.variable}" if unmet.variable else value
    return CAUSE.finding(
        claim=f"{claim}; the panel reads {reading_text(broken.reading)}",
        evidence=Observation((*broken.probes, unmet.probe)),
        fix=Fix(f"ask the variable {chain.root.name} with {where}"),
        group=chain.root.name,
    )


def _answered(context: Context, broken: BrokenPanel, stored: Mapping[str, Any]) -> tuple[list[str], list[Probe]]:
    """The values that a variable's regex has to choose from, none where it has no regex or asks for other labels."""
    asked = label_asked(stored.get("query"))
    if not stored.get("regex") or asked is None:
        return [], []
    values, probe = context.loki.label_values(asked, broken.window)
    return values, [probe]


def _chains(context: Context, broken: BrokenPanel) -> Iterator[_Chain]:
    """For every variable of the panel's queries that has no value, where that comes from."""
    known = broken.request.variables
    used = [name for use in variable_uses(broken) for name in use.names]
    for name in dict.fromkeys(used):
        below: list[str] = []
        while _has_none(known.get(name)):
            found = definition(context, name)
            asks = references(str(found[1].get("query"))) if found else []
            above = next((one for one in asks if one != name and _has_none(known.get(one))), None)
            if above is None or above in below:
                yield _Chain(known[name], tuple(reversed(below)))
                break
            below.append(name)
            name = above


def _has_none(variable: EffectiveVariable | None) -> bool:
    """Whether a query variable's query was answered with nothing."""
    return variable is not None and variable.type == "query" and not any(variable.values) and variable.all_text is None


def _with_label(query: object, old: str, new: str) -> object:
    """The variable's query with another label: text, or an object of Grafana's query editor."""
    if isinstance(query, dict):
        return {key: new if value == old else _with_label(value, old, new) for key, value in query.items()}
    if not isinstance(query, str):
        return query
    head, _, tail = query.rpartition(old)
    return f"{head}{new}{tail}"


CAUSE = on_panel("panel.variable-empty", "panel", find)
