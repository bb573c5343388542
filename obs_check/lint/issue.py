"""What a rule finds, and where."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from obs_check.model.finding import Severity, Subject


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file: `line` is 1-based; `subject` names dashboard, panel and target where there are any."""

    path: str
    line: int = 1
    subject: Subject = field(default_factory=Subject)


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing a rule found: `claim` says what is wrong, `remedy` what to write instead."""

    rule: str
    severity: Severity
    spot: Spot
    claim: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """{"rule", "severity", "path", "line", "subject", "claim", "fix": {"summary"}}."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "path": self.spot.path,
            "line": self.spot.line,
            "subject": self.spot.subject.to_json(),
            "claim": self.claim,
            "fix": {"summary": self.remedy},
        }


_HABIT = 3
"""Places from which the same warning in one file is one finding."""


def group_issues(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """The findings as JSON, each with its `places` ({"line", "subject"}): a warning or info that a file earns in three
    places or more is one finding, at the first of them. An error is one of its own."""
    groups: dict[object, list[Issue]] = {}
    for number, issue in enumerate(issues):
        own = number if issue.severity == "error" else None
        groups.setdefault((issue.rule, issue.spot.path, issue.claim, issue.remedy, own), []).append(issue)
    found = []
    for group in groups.values():
        for alone in [group] if len(group) >= _HABIT else [[issue] for issue in group]:
            places = [{"line": one.spot.line, "subject": one.spot.subject.to_json()} for one in alone]
            found.append({**alone[0].to_json(), "places": places})
    return found


Found = tuple[Spot, str, str]
"""Where, claim, remedy."""
