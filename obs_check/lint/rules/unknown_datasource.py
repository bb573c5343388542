"""unknown-datasource: a reference to a datasource that does not exist, or that is of another kind."""

from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.lint.board import LintedDashboard
from obs_check.lint.issue import Found, Spot
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.model.tree import Json
from obs_check.panel.datasource import Datasources, is_expression, reference_key
from obs_check.panel.variables import effective_variables


def _find(material: Material) -> Iterator[Found]:
    if material.datasources is None:
        return
    for board in material.boards:
        for spot, reference in _references(board):
            yield from _judge(spot, reference, board, material.datasources)


def _references(board: LintedDashboard) -> Iterator[tuple[Spot, Any]]:
    """Every reference once a panel: the panel's own and those of its queries; then those of variables."""
    for panel in board.dashboard.panels:
        seen: list[Json] = []
        for spot, reference in [
            (board.spot(panel), panel.datasource),
            *((board.spot(panel, i), t.datasource) for i, t in enumerate(panel.targets)),
        ]:
            if reference is not None and reference not in seen:
                seen.append(reference)
                yield spot, reference
    for variable in board.dashboard.variables:
        if variable.raw.get("datasource"):
            yield board.spot(), variable.raw["datasource"]


def _judge(spot: Spot, reference: object, board: LintedDashboard, known: Datasources) -> Iterator[Found]:
    values = {name: v.value for name, v in effective_variables(board.dashboard).items() if v.value}
    key = reference_key(reference, values)
    # `-- Mixed --`, `-- Dashboard --`, `-- Grafana --` and what a variable will say are not datasources to look up.
    if is_expression(reference) or key.startswith("--") or key in ("grafana", "datasource") or "$" in key:
        return
    found = known.resolve(reference, values)
    wanted = str(reference.get("type") or "") if isinstance(reference, Mapping) else ""
    if found is None:
        yield spot, known.missing(reference, values), "write a uid that exists, or a datasource variable"
    elif wanted and found.type and wanted not in (found.type, "datasource"):
        claim = f"datasource {key!r} is a {found.type}, the reference says {wanted}"
        yield spot, claim, "choose the datasource again in the panel's editor"


RULE = LintRule("unknown-datasource", "error", "a datasource uid that no datasource has (with --datasources)", _find)
