"""The causes of a run as SARIF 2.1.0."""

from pathlib import Path
from typing import Any

from obs_check import __version__
from obs_check.app.verify.document import Document, JsonFinding
from obs_check.report.sarif import LEVELS, SCHEMA
from obs_check.report.tables import evidence_of


def causes_sarif(document: "Document") -> dict[str, Any]:
    """The log of a run: a result a cause, at the file that its fix changes where it changes one, with the evidence and
    the panels that it explains."""
    findings = list(document.get("findings") or ())
    rules = list(dict.fromkeys(str(finding.get("cause")) for finding in findings))
    driver = {
        "name": "obs-check",
        "version": __version__,
        "rules": [{"id": rule, "help": {"text": f"obs-check explain {rule}"}} for rule in rules],
    }
    results = [_result(finding, rules) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: "JsonFinding", rules: list[str]) -> dict[str, Any]:
    fix, cause = finding.get("fix") or {}, str(finding.get("cause"))
    claim, remedy = str(finding.get("claim") or cause), str(fix.get("summary") or "")
    path = Path(str(fix.get("path") or ""))
    place = {"physicalLocation": {"artifactLocation": {"uri": path.as_uri()}}} if path.is_absolute() else {}
    names = [f"panel {panel}" for panel in finding.get("panels") or ()]
    logical = {"logicalLocations": [{"name": name, "kind": "member"} for name in names]} if names else {}
    return {
        "ruleId": cause,
        "ruleIndex": rules.index(cause),
        "level": LEVELS.get(str(finding.get("severity")), "note"),
        "message": {"text": f"{claim}. {remedy}" if remedy else claim},
        **({"locations": [place | logical]} if place or logical else {}),
        "properties": {"evidence": evidence_of(finding), "safety": fix.get("safety") or "manual"},
    }
