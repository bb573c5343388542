"""What a rule is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from obs_check.lint.issue import Found, Issue
from obs_check.lint.material import Material
from obs_check.model.finding import Severity


@dataclass(frozen=True, slots=True)
class LintRule:
    """One rule. `title` is what it looks for in half a sentence; `find` gives where, claim and remedy of each case."""

    id: str
    severity: Severity
    title: str
    find: Callable[[Material], Iterator[Found]]

    def issues(self, material: Material) -> Iterator[Issue]:
        """Everything this rule finds."""
        for found in self.find(material):
            spot, claim, remedy = found[:3]
            yield Issue(self.id, found[3] if len(found) == 4 else self.severity, spot, claim, remedy)
