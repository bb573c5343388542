"""A document as Markdown, to paste into a ticket."""

from collections.abc import Mapping
from typing import Any

from obs_check.report.tables import EvidenceTable, known

_IN_REPORT = ("hops", "panels", "hop_comparison", "comparison", "after-hops", "after-panels")


def to_markdown(document: Mapping[str, Any], tables: list[EvidenceTable]) -> str:
    """Verdict, tables, then each finding with its probes and its diff."""
    parts = [f"# obs-check {document.get('command', '')}: {document.get('verdict', '')}"]
    if document.get("ended"):
        parts.append(f"It did not come to its end: {_cell(document['ended'])}. What follows is what was found so far.")
    if document.get("run"):
        parts.append(f"Run `{document['run']}`, {len(document.get('events') or ())} events.")
    parts += [f"## {t.title}\n\n{_table(t)}" for t in tables if t.name in _IN_REPORT]
    findings = list(document.get("findings") or ())
    if findings:
        parts.append("## Findings")
        parts += [_finding(n, f) for n, f in enumerate(findings, 1)]
    changes = list(document.get("changes") or ())
    if changes:
        parts.append("## Changes\n\n" + "\n".join(f"- {_cell(c)}" for c in changes))
    return "\n\n".join(parts) + "\n"


def _table(table: EvidenceTable) -> str:
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(_cell(row[c]) for c in table.columns) + " |" for row in table.rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _finding(number: int, finding: Mapping[str, Any]) -> str:
    fix = finding.get("fix") or {}
    lines = [f"### {number}. `{finding.get('cause')}` ({known(finding)})", "", _cell(finding.get("claim")), ""]
    panels = finding.get("panels") or ()
    if panels:
        lines += [f"Explains panels {', '.join(str(p) for p in panels)}.", ""]
    for probe in finding.get("probes") or ():
        lines += ["Asked:", "", _block(f"{probe.get('system')}: {probe.get('request')}\n{probe.get('answer')}"), ""]
    lines.append(f"Fix ({fix.get('safety', 'manual')}): {_cell(fix.get('summary'))}")
    if fix.get("diff"):
        lines += ["", _block(str(fix["diff"]).rstrip("\n"), "diff")]
    return "\n".join(lines)


def _block(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backquotes in the text."""
    longest = run = 0
    for char in text:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
