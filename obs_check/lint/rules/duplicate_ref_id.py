"""duplicate-ref-id: two queries of a panel with one name."""

from collections import Counter
from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.language import reference_of
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.panel.datasource import reference_key
from obs_check.panel.request import is_asked


def _find(material: Material) -> Iterator[Found]:
    for board in material.boards:
        for panel in board.dashboard.panels:
            asked = [
                # A panel of mixed datasources keys answers by these too.
                (index, (target.ref_id, reference_key(reference_of(panel, target))))
                for index, target in enumerate(panel.targets)
                if is_asked(panel, target)
            ]
            counted = Counter(key for _, key in asked)
            first = {key: index for index, key in reversed(asked)}
            for key in (key for key, number in counted.items() if number > 1):
                claim = f"several queries are named {key[0]}: Grafana keeps one answer a name"
                yield board.spot(panel, first[key]), claim, "give every query its own refId"


RULE = LintRule("duplicate-ref-id", "error", "two queries of a panel have the same refId", _find)
