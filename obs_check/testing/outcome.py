"""What a test came to."""

from dataclasses import dataclass
from typing import Any

from obs_check.model.verdict import Verdict, worst


@dataclass(frozen=True, slots=True)
class Checked:
    """One expectation: `subject` is `panel 7` or `query ...`; `differs` is "" where it holds. `want` and `got` are
    lines of text for a diff. `unknown` is set where it could not be evaluated."""

    subject: str
    differs: str
    want: tuple[str, ...] = ()
    got: tuple[str, ...] = ()
    unknown: bool = False

    @property
    def verdict(self) -> Verdict:
        """unknown where nothing could be evaluated, fail where it differs."""
        if self.unknown:
            return Verdict.UNKNOWN
        return Verdict.FAIL if self.differs else Verdict.OK

    def to_json(self) -> dict[str, Any]:
        """{"subject", "verdict", "differs", "want", "got"}."""
        return {
            "subject": self.subject,
            "verdict": str(self.verdict),
            "differs": self.differs,
            "want": list(self.want),
            "got": list(self.got),
        }


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """The expectations of one test; `seconds` is how long it took."""

    name: str
    checks: tuple[Checked, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """The worst of the expectations."""
        return worst(c.verdict for c in self.checks)

    def to_json(self) -> dict[str, Any]:
        """{"name", "verdict", "seconds", "checks"}."""
        return {
            "name": self.name,
            "verdict": str(self.verdict),
            "seconds": round(self.seconds, 3),
            "checks": [c.to_json() for c in self.checks],
        }
