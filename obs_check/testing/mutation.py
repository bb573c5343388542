"""Which mutants of a dashboard the tests of a file notice."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from obs_check.logql.settings import LokiVersion
from obs_check.model.verdict import Verdict
from obs_check.testing.mutants import Mutant, mutants
from obs_check.testing.offline import CaseApis
from obs_check.testing.panels import checked_panels
from obs_check.testing.suite import Case, Suite


@dataclass(frozen=True, slots=True)
class Noticed:
    """A mutant and the first test that fails with it ("" when none does: it survived)."""

    panel: int
    title: str
    ref_id: str
    change: str
    by: str

    def to_json(self) -> dict[str, Any]:
        """{"panel", "title", "target", "change", "noticed_by"}."""
        return {
            "panel": self.panel,
            "title": self.title,
            "target": self.ref_id,
            "change": self.change,
            "noticed_by": self.by,
        }


def mutate(suite: Suite, pattern: re.Pattern[str], loki: LokiVersion) -> Iterator[Noticed]:
    """Every mutant of the dashboard, one by one; nothing without a dashboard. A test that fails without any change
    notices nothing."""
    if suite.dashboard is None:
        return
    cases = [(case, CaseApis(case, loki)) for case in suite.cases if pattern.search(case.name)]
    sound: dict[int, list[tuple[Case, CaseApis]]] = {}
    for mutant in mutants(suite.dashboard):
        if mutant.panel not in sound:
            sound[mutant.panel] = [
                (case, given)
                for case, given in cases
                if (checks := checked_panels(suite, case, suite.dashboard, given, mutant.panel))
                and all(c.verdict is Verdict.OK for c in checks)
            ]
        panel = suite.dashboard.panel(mutant.panel)
        title = panel.title if panel else ""
        yield Noticed(mutant.panel, title, mutant.ref_id, mutant.change, _first(suite, mutant, sound[mutant.panel]))


def _first(suite: Suite, mutant: Mutant, cases: list[tuple[Case, CaseApis]]) -> str:
    for case, given in cases:
        checks = checked_panels(suite, case, mutant.dashboard, given, mutant.panel)
        if any(c.verdict is not Verdict.OK for c in checks):
            return case.name
    return ""
