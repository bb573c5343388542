"""A document as tables for a person: hops, panels, findings."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from obs_check.report.tables import evidence_of
from obs_check.report.terminal import visible

_STYLES = {"ok": "green", "fail": "bold red", "unknown": "yellow", "error": "bold red", "warning": "yellow"}
_MEANINGS = {
    "true_zero": "green",
    "live": "green",
    "quiet": "green",
    "broken_zero": "bold red",
    "false_green": "bold red",
}
_WIDTH_WITHOUT_TERMINAL = 120
_SUGGESTED = "With the fixes (read without saving them)"
_SHOWN_PROBES = 4
_SHOWN_TAGS = 3
_PROBE_CHARS = 300


def print_document(document: Mapping[str, Any], file: TextIO, color: bool, diffs: bool = True) -> None:
    """Print the hops, panels and findings that a document has, then the verdict. `diffs` shows the fixes in full."""
    console = make_console(file, color)
    if document.get("hops"):
        console.print(hop_table(document["hops"]))
    if document.get("panels"):
        console.print(panel_table(document["panels"]))
        notes = [(row.get("id"), note) for row in document["panels"] for note in row.get("notes") or ()]
        for note in dict.fromkeys(note for _, note in notes):
            panels = ", ".join(str(number) for number, said in notes if said == note)
            console.print(Text(visible(f"note on panel {panels}: {note}")))
    if document.get("control"):
        console.print(control_table(document["control"]))
    for number, finding in enumerate(document.get("findings") or (), start=1):
        print_finding(console, number, finding, diffs)
    if document.get("suggested"):
        console.print(suggested_table(document["suggested"]))
    for text in document.get("unexplained") or ():
        console.print(Text(visible(f"unexplained: {text}"), "yellow"))
    for text in document.get("outages") or ():
        console.print(Text(visible(f"did not answer: {text}"), "yellow"))
    if said := summary(document):
        console.print(Text(said))
    verdict = str(document.get("verdict") or "unknown")
    run = f"run {document['run']}: " if document.get("run") else ""
    ended = document.get("ended")
    suffix = visible(f" ({ended}: only what was found so far)") if ended else ""
    console.print(Text.assemble(f"{run}verdict ", (verdict, _STYLES.get(verdict, "")), suffix))


def summary(document: Mapping[str, Any]) -> str:
    """How many causes explain how many of the panels that are not as they should be; empty when all are."""
    wrong = [row for row in document.get("panels") or () if row.get("verdict") == "fail"]
    explained = [row for row in wrong if row.get("cause")]
    causes = {row["cause"] for row in explained}
    parts = []
    if explained:
        parts.append(
            f"{_many(len(causes), 'cause')} {'explains' if len(causes) == 1 else 'explain'} "
            f"{_many(len(explained), 'panel')}"
        )
    if len(wrong) > len(explained):
        parts.append(f"{_many(len(wrong) - len(explained), 'panel')} unexplained")
    return ", ".join(parts)


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


class _Console(Console):
    """A console that leaves it to its caller what happens when the reader of its output is gone: rich would end with 1,
    which here means a finding."""

    def on_broken_pipe(self) -> None:
        """Called where BrokenPipeError is caught."""
        raise BrokenPipeError


def make_console(file: TextIO, color: bool) -> Console:
    """A console that writes plain text unless the file is a terminal and colours are wanted."""
    terminal = file.isatty()
    return _Console(
        file=file,
        no_color=not color,
        force_terminal=None if terminal and color else False,
        width=None if terminal else _WIDTH_WITHOUT_TERMINAL,
        highlight=False,
        emoji=False,
    )


def hop_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row a hop of a path; the first hop where a tag is missing is the one to look at."""
    table = plain_table("Hops", "path", "hop", ">sent", ">seen", "missing", ">latency", "verdict", "note")
    for row in rows:
        missing = list(row.get("missing") or ())
        more = f" +{len(missing) - _SHOWN_TAGS}" if len(missing) > _SHOWN_TAGS else ""
        latency = "" if row.get("latency_ms") is None else f"{row['latency_ms']:g} ms"
        table.add_row(
            cell(row.get("path")),
            cell(row.get("hop")),
            cell(row.get("sent")),
            cell(row.get("seen")),
            cell(", ".join(missing[:_SHOWN_TAGS]) + more),
            latency,
            _verdict(row.get("verdict")),
            cell(row.get("note")),
        )
    return table


def panel_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row a panel: what it reads, what it should, and why not."""
    table = plain_table("Panels", ">id", "title", "path", "reads", "wanted", "state", "verdict", "cause")
    for row in rows:
        table.add_row(
            cell(row.get("id")),
            cell(row.get("title")),
            cell(row.get("path")),
            cell(row.get("reads")),
            cell(row.get("wanted")),
            cell(row.get("state")),
            _verdict(row.get("verdict")),
            cell(row.get("cause")),
        )
    return table


def control_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row a panel: what it read in the dashboard's range before and after the events, and what that means."""
    table = plain_table("Positive control", ">id", "title", "before", "after", "means", "differs")
    for row in rows:
        means = Text(str(row.get("words") or ""), _MEANINGS.get(str(row.get("meaning")), ""))
        cells = (cell(row.get(key)) for key in ("id", "title", "before", "after"))
        table.add_row(*cells, means, cell(row.get("differs")))
    return table


def suggested_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row a panel and cause: what it reads, and what it would read with the fix."""
    table = plain_table(_SUGGESTED, ">id", "title", "reads", "would read", "verdict", "cause")
    for row in rows:
        table.add_row(
            *(cell(row.get(key)) for key in ("id", "title", "reads", "would_read")),
            _verdict(row.get("verdict")),
            cell(row.get("cause")),
        )
    return table


def print_finding(console: Console, number: int, finding: Mapping[str, Any], diffs: bool = True) -> None:
    """A finding: its claim, the probes that prove it, the panels it explains, the fix."""
    severity = str(finding.get("severity") or "")
    head = Text.assemble(
        f"\n{number}. ", (str(finding.get("cause")), "bold"), " ", (severity, _STYLES.get(severity, "cyan"))
    )
    if evidence := evidence_of(finding):
        head.append(f", {evidence}")
    console.print(head)
    console.print(Text(visible(f"   {finding.get('claim', '')}")))
    panels = [str(p) for p in finding.get("panels") or ()]
    if panels:
        many = f"{len(panels)} panels" if len(panels) > 1 else "panel"
        console.print(
            Text(f"   explains {many}: {', '.join(panels)}" if len(panels) > 1 else f"   explains {many} {panels[0]}")
        )
    probes = list(finding.get("probes") or ())
    for probe in probes[:_SHOWN_PROBES]:
        console.print(Text(f"   {probe_line(probe)}", "dim"))
    if len(probes) > _SHOWN_PROBES:
        console.print(Text(f"   and {len(probes) - _SHOWN_PROBES} more probes, in the evidence and in -o json", "dim"))
    fix = finding.get("fix") or {}
    if fix.get("summary"):
        place = f" in {fix['path']}" if fix.get("path") else ""
        console.print(Text(visible(f"   fix ({fix.get('safety', 'manual')}): {fix['summary']}{place}"), "cyan"))
    if diffs:
        for line in str(fix.get("diff") or "").split("\n"):
            style = "green" if line.startswith("+") else "red" if line.startswith("-") else ""
            console.print(Text(visible(f"     {line}"), style))


def probe_line(probe: Mapping[str, Any]) -> str:
    """A probe in one line: who was asked what, and the answer (shortened)."""
    answer = probe.get("answer")
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)
    if len(text) > _PROBE_CHARS:
        text = text[: _PROBE_CHARS - 1] + "…"
    return visible(f"{probe.get('system')}: {probe.get('request')} -> {text}")


def value_table(rows: Sequence[tuple[str, str, str]]) -> Table:
    """Series with their (last) time and value or values."""
    table = plain_table("", "labels", "time", ">value")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    return table


def plain_table(title: str, *columns: str) -> Table:
    """A table without frame; a column named `>NAME` is set flush right."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return table


def cell(value: Any) -> Text:
    """A value in a table as it stands; None is empty."""
    return Text("" if value is None else visible(str(value)))


def _verdict(value: Any) -> Text:
    return Text(str(value or ""), _STYLES.get(str(value), ""))
