"""A document as Markdown, to paste into a ticket."""

import re
from collections.abc import Sequence

from obs_check.app.verify.document import Document, JsonFinding, ResultPart
from obs_check.model.tree import integer_at
from obs_check.model.wording import count_noun
from obs_check.report.console import answer_text
from obs_check.report.frames import EvidenceTable
from obs_check.report.html.runs import runs_of
from obs_check.report.tables import sent_events, severity_and_kind, told_findings
from obs_check.report.terminal import escape_controls, in_one_line

_MARKUP = re.compile(r"[\\`*_\[\]<>&|~!$]")
_LINKED = re.compile(r"://|mailto:|xmpp:|www\.|@|(?:^|\W)#\d", re.ASCII)
"""What GitHub and others make a link of though nothing marks it: addresses, names, numbers."""
_BLOCK = re.compile(r"^(\d{0,9})([#+=.)-])")
"""What begins a heading, a list or a line below a heading."""
_BACKQUOTES = re.compile("`+")
_IN_REPORT = {
    "hop_totals": (),
    "panels": ("run", "id", "title", "path", "reads", "of_run", "wanted", "state", "verdict", "cause"),
    "hop_comparison": (),
    "comparison": (),
}
"""Tables that a reader of a ticket needs, and which of their columns: all where none are named."""


def to_markdown(document: "Document", tables: Sequence[EvidenceTable]) -> str:
    """Verdict, each finding with its probes and its diff, then tables."""
    runs = runs_of(document)
    # What the document amounts to is what its last run does, as in the page of HTML.
    result = runs[-1].document.get("result")
    head = f"{in_markdown(result['head'])}, " if result and result.get("head") else ""
    parts = [f"# {head}obs-check {in_markdown(document.get('command'))}: {in_markdown(document.get('verdict'))}"]
    if document.get("ended"):
        parts.append(
            f"It did not come to its end: {in_markdown(document['ended'])}. What follows is what was found so far."
        )
    told = [one for one in runs if one.document is document or document.get("after")]
    for one in told:
        if one.document.get("run"):
            when = f" {one.name}" if len(told) > 1 else ""
            sent = count_noun(sent_events(one.document), "event")
            parts.append(f"Run {in_markdown(one.document['run'])}{when}, {sent}.")
        result = one.document.get("result")
        parts += [_part(part) for part in (result and result.get("parts")) or ()]
    findings = told_findings(document)
    if findings:
        parts.append("## Findings")
        parts += [_finding(n, f) for n, f in enumerate(findings, 1)]
    parts += [f"## {t.title}\n\n{_table(t)}" for t in tables if t.name in _IN_REPORT]
    changes = list(document.get("changes") or ())
    if changes:
        parts.append("## Changes\n\n" + "\n".join(f"- {in_markdown(c)}" for c in changes))
    return "\n\n".join(parts) + "\n"


def _part(part: "ResultPart") -> str:
    """A part of the result: what is said of it, and, where it broke, the lines, why, and what is needed."""
    lines = [
        f"**{in_markdown(part.get('part'))}** ({in_markdown(part.get('verdict'))}): {in_markdown(part.get('says'))}"
    ]
    lines += [f"- {in_markdown(line)}" for line in part.get("lines") or ()]
    lines += [f"- why: {in_markdown(line)}" for line in part.get("why") or ()]
    lines += [f"- needed: {in_markdown(line)}" for line in part.get("needed") or ()]
    return lines[0] + ("\n\n" + "\n".join(lines[1:]) if lines[1:] else "")


def _table(table: EvidenceTable) -> str:
    columns = _IN_REPORT[table.name] or table.columns
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(in_markdown(row[c], in_table=True) for c in columns) + " |" for row in table.rows]
    return "\n".join(lines)


def in_markdown(value: object, in_table: bool = False) -> str:
    """A value as text in one line: nothing in it is markup, a link, or the start of a list."""
    words = ("" if value is None else in_one_line(str(value))).split()
    shown = (_code(word, in_table) if _LINKED.search(word) else _MARKUP.sub(r"\\\g<0>", word) for word in words)
    return _BLOCK.sub(r"\1\\\2", " ".join(shown))


def _code(word: str, in_table: bool) -> str:
    """A word as code; a bar would end the cell of a table there too."""
    fence = _fence(word, 1)
    pad = " " if word.startswith("`") or word.endswith("`") else ""
    code = f"{fence}{pad}{word}{pad}{fence}"
    return code.replace("|", "\\|") if in_table else code


def _finding(number: int, finding: "JsonFinding") -> str:
    fix = finding.get("fix") or {}
    head = f"### {number}. {in_markdown(finding.get('cause'))} ({in_markdown(severity_and_kind(finding))})"
    lines = [head, "", in_markdown(finding.get("claim")), ""]
    panels = finding.get("panels") or ()
    if panels:
        named = f"panel{'s' if len(panels) > 1 else ''} {', '.join(map(str, panels))}"
        lines += [f"Explains {in_markdown(named)}.", ""]
    evidence = finding.get("evidence") or {}
    written = integer_at(evidence, "as_written") or 0
    for place, probe in enumerate(finding.get("probes") or ()):
        side = ("As written:" if place < written else "Changed:") if evidence.get("kind") == "proof" else "Asked:"
        lines += [side, "", _block(f"{probe.get('system')}: {probe.get('request')}\n{answer_text(probe)}"), ""]
    lines.append(f"Fix ({in_markdown(fix.get('safety', 'manual'))}): {in_markdown(fix.get('summary'))}")
    if fix.get("diff"):
        lines += ["", _block(str(fix["diff"]).rstrip("\n"), "diff")]
    return "\n".join(lines)


def _block(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backquotes in the text."""
    text = escape_controls(text)
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}"


def _fence(text: str, least: int) -> str:
    return "`" * max(least, 1 + max(map(len, _BACKQUOTES.findall(text)), default=0))
