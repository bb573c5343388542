"""panel.variable-escaped: the browser escapes a variable's value, and the query does not read it that way.

Grafana 13 writes two backslashes before every special character of a variable that may hold several values, because it
expects the text in double quotes. Between backticks both stay, and the expression never matches.
"""

import re

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.tried import finding, tried_queries, with_it
from obs_check.model.finding import Finding, TargetEdit

_BACKTICKED = re.compile(r"`([^`]*)`")
_REFERENCE = re.compile(r"\$\{?\w|\[\[\w")
_DOUBLE = re.compile(r"\\\\[.$^*{}\[\]+?()|]")


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
        return None
    change = tried_queries(context, broken, edits)
    if not change.helps:
        return None
    claim = (
        f"the browser sends `{escaped[0]}` between backticks, where both backslashes count: "
        f"{with_it(broken, change, 'in double quotes')}"
    )
    summary = "put the variable in double quotes"
    return finding(context, broken, CAUSE, claim, change, summary, meaning="same")


def _double_quoted(found: re.Match[str]) -> str:
    inside = found[1]
    return f'"{inside}"' if _REFERENCE.search(inside) and not set(inside) & {'"', "\\"} else found[0]


CAUSE = on_panel("panel.variable-escaped", "panel", find)
