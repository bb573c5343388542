"""panel.variable-escaped: the browser escapes a variable's value, and the query does not read it that way.

Grafana 13 writes two backslashes before every special character of a variable that may hold several values, because it
expects the text in double quotes. Between backticks both stay, and the expression never matches. The format
`${name:regex}` escapes as well, so that a value which is an expression, as `.*` for all, is compared as that very text.
Other formats write what no comparison reads: `csv`, `glob` and `raw` one text of several values, `text` what a person
sees of an option in the place of its value.
"""

import re
from collections.abc import Sequence

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.tried import tried_finding, try_queries, with_it
from obs_check.evidence.variables import edits_of, variable_uses
from obs_check.model.finding import Finding, TargetEdit

_BACKTICKED = re.compile(r"`([^`]*)`")
_REFERENCE = re.compile(r"\$\{?\w|\[\[\w")
_DOUBLE = re.compile(r"\\\\[.$^*{}\[\]+?()|]")
_EXPRESSION = re.compile(r"[*+?^$|()\[\]{}\\]")
_AS_REGEX = re.compile(r"\$\{(?P<name>\w+):regex\}", re.ASCII)
_AS_ANY = re.compile(r"\$\{(?P<name>\w+):[^}]+\}|\[\[(?P<square>\w+):\w+\]\]", re.ASCII)


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Put the variable into double quotes, in which the escaping is right."""
    sent = {str(q["refId"]): str(q.get("expr") or "") for r in broken.request.queries for q in r.body["queries"]}
    escaped, edits = [], []
    for target in broken.panel.targets:
        query = sent.get(target.ref_id, "")
        parts = [part for part in _BACKTICKED.findall(query) if _DOUBLE.search(part)]
        after = _BACKTICKED.sub(_double_quoted, target.text)
        if parts and after != target.text:
            escaped += parts
            edits.append(TargetEdit(broken.panel.id, target.ref_id, target.text, after))
    if not edits:
        return _formatted(context, broken) or _in_another_format(context, broken)
    change = try_queries(context, broken, edits, "same")
    if not change.helps:
        return None
    claim = (
        f"the browser sends `{escaped[0]}` between backticks, where both backslashes count: "
        f"{with_it(broken, change, 'in double quotes')}"
    )
    summary = "put the variable in double quotes"
    return tried_finding(context, broken, CAUSE, claim, change, summary)


def _formatted(context: Context, broken: BrokenPanel) -> Finding | None:
    """Write the values as they are that the format `regex` escapes."""
    changed: dict[str, str] = {}

    def raw(found: re.Match[str]) -> str:
        variable = broken.request.variables.get(found["name"])
        expressions = _expressions(variable.values) if variable is not None and variable.all_text is None else ()
        if not expressions:
            return found[0]
        changed[found[0]] = expressions[0]
        return f"${{{found['name']}:raw}}"

    texts = [(target.ref_id, target.text, _AS_REGEX.sub(raw, target.text)) for target in broken.panel.targets]
    edits = [TargetEdit(broken.panel.id, ref_id, before, after) for ref_id, before, after in texts if before != after]
    change = try_queries(context, broken, edits) if edits else None
    if change is None or not change.helps:
        return None
    reference, value = next(iter(changed.items()))
    claim = (
        f"`{reference}` escapes the value `{value}`, so that it is compared as that very text: "
        f"{with_it(broken, change, 'with the value as it is')}"
    )
    return tried_finding(
        context, broken, CAUSE, claim, change, "write the variable's value as it is, with the format `raw`"
    )


def _in_another_format(context: Context, broken: BrokenPanel) -> Finding | None:
    """Write the variables as Grafana writes them into LogQL, and compare several values by an expression."""
    known = broken.request.variables

    def plain(found: re.Match[str]) -> str:
        name = found["name"] or found["square"]
        # Grafana's own, as the time of `__from`, need theirs.
        return f"${{{name}}}" if name in known else found[0]

    texts = [(use, _AS_ANY.sub(plain, use.text)) for use in variable_uses(broken)]
    uses = [(use, text) for use, text in texts if text != use.text]
    for several in (False, True):
        changes = [(use, use.as_expression(text) if several else text) for use, text in uses]
        edits = edits_of(broken, changes)
        change = try_queries(context, broken, edits, "same") if edits else None
        if change is not None and change.helps:
            use, new = changes[0]
            claim = (
                f"`{use.text}` is sent as a comparison with the text `{use.value}`: "
                f"{with_it(broken, change, f'with `{new}`')}"
            )
            return tried_finding(context, broken, CAUSE, claim, change, "write the variable without a format")
    return None


def _expressions(values: Sequence[str]) -> tuple[str, ...]:
    """The values that look like expressions; a dot alone is in every host."""
    return tuple(value for value in values if _EXPRESSION.search(value))


def _double_quoted(found: re.Match[str]) -> str:
    inside = found[1]
    return f'"{inside}"' if _REFERENCE.search(inside) and not set(inside) & {'"', "\\"} else found[0]


CAUSE = on_panel("panel.variable-escaped", "panel", find)
