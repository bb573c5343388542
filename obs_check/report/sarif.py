"""Findings as SARIF 2.1.0, which code hosts show beside the lines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obs_check import __version__
from obs_check.app.lint.registry import RULES
from obs_check.app.lint.rule import Issue
from obs_check.app.lint.run import LintResult

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(result: LintResult) -> dict[str, Any]:
    """The log of one run; findings that are switched off have a suppression with the reason."""
    index = {rule.id: n for n, rule in enumerate(RULES)}
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.title},
            "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        }
        for rule in RULES
    ]
    results = [_result(issue, index, None) for issue in result.issues]
    results += [_result(issue, index, reason) for issue, reason in result.silent]
    driver = {"name": "obs-check", "version": __version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(issue: Issue, index: Mapping[str, int], reason: str | None) -> dict[str, Any]:
    path = Path(issue.spot.path)
    place: dict[str, Any] = {
        "artifactLocation": {"uri": path.absolute().as_uri() if path.is_absolute() else path.as_posix()},
        "region": {"startLine": issue.spot.line},
    }
    location: dict[str, Any] = {"physicalLocation": place}
    subject = issue.spot.subject
    if subject.panel is not None:
        name = f"panel {subject.panel}" + (f", query {subject.target}" if subject.target else "")
        location["logicalLocations"] = [{"name": name, "kind": "member"}]
    text = f"{issue.claim}. {issue.remedy}" if issue.remedy else issue.claim
    suppressed = {"suppressions": [{"kind": "inSource", "justification": reason}]} if reason is not None else {}
    return {
        "ruleId": issue.rule,
        "ruleIndex": index[issue.rule],
        "level": _LEVELS[issue.severity],
        "message": {"text": text},
        "locations": [location],
        **suppressed,
    }
