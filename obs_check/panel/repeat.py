"""Panels that are repeated for each value of a variable."""

from collections.abc import Mapping
from dataclasses import replace

from obs_check.panel.elements import Panel
from obs_check.panel.interpolate import interpolate
from obs_check.panel.variables import EffectiveVariable

MOST_COPIES = 20
"""A variable with more values is cut: nobody looks at more copies, and each is a query."""

Variables = Mapping[str, EffectiveVariable]


def copies(panel: Panel, variables: Variables) -> list[tuple[Panel, Variables]]:
    """The panel once for each value of the variable it is repeated by, with the variables that hold inside of that
    copy; a panel that is not repeated once.

    Grafana: inside a copy the variable has one value but is still escaped as one of several; without any value the
    panel is shown once. Copies keep the id of the panel and are told apart by their title.
    """
    variable = variables.get(panel.repeat)
    if variable is None or not variable.values:
        return [(panel, variables)]
    found: list[tuple[Panel, Variables]] = []
    left = len(variable.values) - MOST_COPIES
    for value in variable.values[:MOST_COPIES]:
        inside = _inside(variable, value, variables)
        title = interpolate(panel.title, inside)
        named = title if title != panel.title or len(variable.values) == 1 else f"{title} ({value})"
        found.append((replace(panel, title=named), inside))
    if left > 0:
        last, held = found[-1]
        found[-1] = (replace(last, title=f"{last.title} (and {left} more copies that were not read)"), held)
    return found


def first_copy(panel: Panel, variables: Variables) -> Variables:
    """The variables that hold inside of the first copy of a panel, without making the others."""
    variable = variables.get(panel.repeat)
    return variables if variable is None or not variable.values else _inside(variable, variable.values[0], variables)


def _inside(variable: EffectiveVariable, value: str, variables: Variables) -> Variables:
    return {**variables, variable.name: replace(variable, values=(value,), is_list=False, all_text=None)}
