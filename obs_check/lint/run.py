"""All rules over what was read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from obs_check.documents.nearest import did_you_mean
from obs_check.errors import UsageError
from obs_check.lint.disable import Disable, apply_disables, read_disables
from obs_check.lint.issue import Held, Issue, group_issues
from obs_check.lint.material import Material
from obs_check.lint.registry import IDS, RULES
from obs_check.model.verdict import Verdict

_ORDER = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class LintResult:
    """`issues` stand; `silent` are switched off, each with its reason; `unused` comments switch off nothing; `copies`
    are the dashboards of other files that are the same as a first one; `whole` is False where a file was not read."""

    issues: list[Issue]
    silent: list[tuple[Issue, str]]
    unused: list[Disable]
    copies: Mapping[Held, Sequence[Held]] = field(default_factory=dict)
    whole: bool = True

    @property
    def verdict(self) -> Verdict:
        """fail with an error, unknown where a file could not be read, else ok."""
        if any(issue.severity == "error" for issue in self.issues):
            return Verdict.FAIL
        return Verdict.OK if self.whole else Verdict.UNKNOWN

    def to_json(self) -> dict[str, Any]:
        """{"findings", "disabled", "unused_disables"}."""
        return {
            "findings": group_issues(self.issues, self.copies),
            "disabled": [{**issue.to_json(), "reason": reason} for issue, reason in self.silent],
            "unused_disables": [
                {"rule": d.rule, "path": d.spot.path, "line": d.spot.line, "reason": d.reason} for d in self.unused
            ],
        }


def narrow_result(result: LintResult, select: Collection[str], ignore: Collection[str]) -> LintResult:
    """What rules of `select` (all where it is empty) found that are not in `ignore`. UsageError for an unknown rule."""
    for named in (*select, *ignore):
        if named not in IDS:
            raise UsageError(f"{named}: lint has no such rule", did_you_mean(named, IDS))

    def wanted(rule: str) -> bool:
        return (not select or rule in select) and rule not in ignore

    return LintResult(
        [issue for issue in result.issues if wanted(issue.rule)],
        [(issue, reason) for issue, reason in result.silent if wanted(issue.rule)],
        [unused for unused in result.unused if wanted(unused.rule)],
        result.copies,
        result.whole,
    )


def lint(material: Material) -> LintResult:
    """What all rules find, by file, severity and line."""
    every = (issue for rule in RULES for issue in rule.issues(material))
    found = dict.fromkeys(replace(issue, spot=material.in_file(issue.spot)) for issue in every)
    ordered = sorted(found, key=lambda i: (i.spot.path, _ORDER.index(i.severity), i.spot.line))
    return LintResult(*apply_disables(ordered, read_disables(material)), material.copies)
