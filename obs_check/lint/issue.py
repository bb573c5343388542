"""What a rule finds, and where."""

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


Found = tuple[Spot, str, str]
"""Where, claim, remedy."""
