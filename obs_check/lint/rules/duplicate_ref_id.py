"""duplicate-ref-id: two queries of a panel with one name."""

from collections import Counter
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule


def _find(material: Material) -> Iterator[Found]:
    for board in material.boards:
        for panel in board.dashboard.panels:
            counted = Counter(target.ref_id for target in panel.targets)
            for index, target in enumerate(panel.targets):
                if counted[target.ref_id] > 1 and target.ref_id not in [t.ref_id for t in panel.targets[:index]]:
                    claim = f"several queries are named {target.ref_id}: Grafana keeps one answer a name"
                    yield board.spot(panel, index), claim, "give every query its own refId"


RULE = LintRule("duplicate-ref-id", "error", "two queries of a panel have the same refId", _find)
