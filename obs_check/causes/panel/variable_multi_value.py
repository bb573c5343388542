"""panel.variable-multi-value: a variable that may hold several values is compared as if it held one.

Grafana writes several values as a regular expression, `a|b`, and escapes even a single one: `=` and `|=` compare with
that very text, which no label and no line has. In an expression that has other text beside the variable, that text
belongs to the first or the last value alone. Proved by the panel read with `=~` and `|~`, and with parentheses.
"""

from dataclasses import replace

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.tried import tried_finding, try_queries, with_it
from obs_check.evidence.variables import Use, edits_of, variable_uses
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Read the panel with each such comparison as one with a regular expression."""
    wrong = [(use, text) for use in variable_uses(broken) if (text := _as_expression(broken, use)) is not None]
    if not wrong:
        return None
    change = try_queries(context, broken, edits_of(broken, wrong), "same")
    if not change.helps:
        return None
    use, new = wrong[0]
    name = next(one for one in use.names if _is_expression(broken, use, one))
    compares = f"compares with the text `{use.value}`"
    if use.takes_expression:
        compares = f"asks for `{use.value}`: what stands beside the variable belongs to one of its values alone"
    claim = (
        f"the variable {name} may hold several values and is written as a regular expression: `{use.text}` {compares}; "
        f"{with_it(broken, change, f'with `{new}`')}"
    )
    found = tried_finding(context, broken, CAUSE, claim, change, f"write `{new}`")
    return replace(found, group=new)


def _as_expression(broken: BrokenPanel, use: Use) -> str | None:
    """The comparison with a regular expression; None where the variable is not written as one, or is compared so."""
    names = [name for name in use.names if _is_expression(broken, use, name)]
    if not names or (isinstance(use.asked, ast.LineFilter) and use.asked.matches[0].ip):
        return None
    new = use.of_several([name for name in names if broken.request.variables[name].all_text is None])
    return new if new != use.text else None


def _is_expression(broken: BrokenPanel, use: Use, name: str) -> bool:
    variable = broken.request.variables[name]
    several = len(variable.values) > 1 and "|" in use.value
    escaped = variable.multi and "\\" in use.value and variable.all_text is None
    whole = variable.all_text is not None and any(sign in variable.all_text for sign in "*+|?[(")
    return several or escaped or whole


CAUSE = on_panel("panel.variable-multi-value", "panel", find)
