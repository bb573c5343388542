"""Findings as SARIF 2.1.0, with what GitHub's code scanning asks for beyond the schema."""

import os.path
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from obs_check import __version__
from obs_check.lint.issue import Issue, Spot, name_panel
from obs_check.lint.registry import RULES
from obs_check.lint.rule import LintRule
from obs_check.lint.run import LintResult

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(result: LintResult, texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The log of one run over files, whose paths and texts are given; findings that are switched off have a suppression
    with the reason."""
    rows = {path: text.split("\n") for path, text in texts}
    index = {rule.id: n for n, rule in enumerate(RULES)}
    seen: Counter[str] = Counter()
    results = []
    for issue, reason in [*((issue, None) for issue in result.issues), *result.silent]:
        fingerprint = _fingerprint(issue)
        seen[fingerprint] += 1
        results.append(
            {
                "ruleId": issue.rule,
                "ruleIndex": index[issue.rule],
                "level": LEVELS[issue.severity],
                "message": {"text": f"{issue.claim}. {issue.remedy}" if issue.remedy else issue.claim},
                "locations": [_location(issue.spot, rows)],
                "partialFingerprints": {"primaryLocationLineHash": f"{fingerprint}:{seen[fingerprint]}"},
                **({"suppressions": [{"kind": "inSource", "justification": reason}]} if reason is not None else {}),
            }
        )
    driver = {"name": "obs-check", "version": __version__, "rules": [_rule(rule) for rule in RULES]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: LintRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.title},
        "help": {"text": f"{rule.title}. docs/lint.md tells more under {rule.id}, and how to switch it off."},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _location(spot: Spot, rows: Mapping[str, list[str]]) -> dict[str, object]:
    place = {"artifactLocation": {"uri": _uri(spot.path)}, "region": _region(spot, rows.get(spot.path, []))}
    subject = spot.subject
    if subject.panel is None:
        return {"physicalLocation": place}
    name = f"panel {name_panel(spot.to_json())}" + (f", query {subject.target}" if subject.target else "")
    return {"physicalLocation": place, "logicalLocations": [{"name": name, "kind": "member"}]}


def _uri(path: str) -> str:
    """From the working directory where the file lies below it, as a code host takes its root for that directory."""
    whole, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100 (a link stays a link)
    return quote(whole.relative_to(here).as_posix()) if whole.is_relative_to(here) else whole.as_uri()


def _region(spot: Spot, rows: list[str]) -> dict[str, int]:
    """The line without the blanks around it; lines and columns count from 1, the end is behind the last character."""
    row = rows[spot.line - 1] if spot.line <= len(rows) else ""
    start, end = len(row) - len(row.lstrip()), len(row.rstrip())
    if start >= end:
        return {"startLine": spot.line}
    return {"startLine": spot.line, "startColumn": start + 1, "endLine": spot.line, "endColumn": end + 1}


def _fingerprint(issue: Issue) -> str:
    """What stays the same for a finding whose line moved, so that GitHub takes it for the one it knows. The numbers in
    a claim, which may be lines and columns, are left out."""
    subject = issue.spot.subject
    parts = (
        issue.rule,
        _uri(issue.spot.path),
        subject.dashboard,
        subject.panel,
        subject.target,
        re.sub(r"\d+", "", issue.claim),
    )
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]
