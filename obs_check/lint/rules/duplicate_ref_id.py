"""duplicate-ref-id: two queries of a panel with one name."""

from collections import Counter
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.panel.request import is_asked


def _find(material: Material) -> Iterator[Found]:
    for board in material.boards:
        for panel in board.dashboard.panels:
            asked = [(index, target.ref_id) for index, target in enumerate(panel.targets) if is_asked(panel, target)]
            counted = Counter(name for _, name in asked)
            first = {name: index for index, name in reversed(asked)}
            for name in (name for name, number in counted.items() if number > 1):
                claim = f"several queries are named {name}: Grafana keeps one answer a name"
                yield board.spot(panel, first[name]), claim, "give every query its own refId"


RULE = LintRule("duplicate-ref-id", "error", "two queries of a panel have the same refId", _find)
