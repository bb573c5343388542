"""Which job takes which file, as a document and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.text import Text

from obs_check.model.tree import Json
from obs_check.model.verdict import Verdict
from obs_check.report.console import cell, make_console, plain_table
from obs_check.report.json import document
from obs_check.report.terminal import escape_controls
from obs_check.shipper.targets import FileReport

_STYLES = {"taken": "green", "taken by API": "green", "empty": "yellow", "unknown": "yellow"}


def targets_document(
    reports: Sequence[FileReport], globs: Sequence[Mapping[str, object]], notes: Sequence[str]
) -> tuple[dict[str, Json], Verdict]:
    """The document and its verdict: fail when a file is not taken (or twice), unknown when that hangs on labels that no
    path tells, or when there is no file at all."""
    lost = [r for r in reports if r.reason not in ("taken", "taken by API", "empty", "unknown")]
    open_ = not reports or any(r.reason == "unknown" for r in reports)
    verdict = Verdict.FAIL if lost else Verdict.UNKNOWN if open_ else Verdict.OK
    rows = [_row(r) for r in reports]
    return document("shipper targets", str(verdict), None, files=rows, paths=list(globs), notes=list(notes)), verdict


def _row(report: FileReport) -> dict[str, object]:
    first = report.by[0] if report.by else report.api
    return {
        "path": report.file.path,
        "bytes": report.file.size,
        "job": first.job.name if first else "",
        "jobs": [target.job.name for target in report.by],
        "reason": report.reason,
        "why": report.why,
        "labels": {**first.labels, **({"filename": report.file.path} if report.by else {})} if first else {},
        "unknown_labels": {name: list(on) for name, on in first.unknown.items()} if first else {},
        "needs": list(report.needs),
        "nearest": report.nearest,
    }


def print_targets(doc: Mapping[str, Any], file: TextIO, color: bool) -> None:
    """One row a file, then patterns that take nothing, then what cannot be told."""
    console = make_console(file, color)
    table = plain_table("", "file", ">bytes", "job", "result", "labels or why not")
    for row in doc["files"]:
        labels = ", ".join(f'{k}="{v}"' for k, v in sorted(row["labels"].items()) if k != "filename")
        hanging = ", ".join(f"{k}=? ({' '.join(on)})" for k, on in row["unknown_labels"].items())
        near = f"; nearest `{row['nearest']}`" if row["nearest"] else ""
        parts = [f"{{{labels}}}" if row["labels"] else "", hanging, row["why"] + near]
        told = cell("; ".join(part for part in parts if part))
        result = Text(row["reason"], _STYLES.get(row["reason"], "bold red"))
        table.add_row(*map(cell, (row["path"], row["bytes"], row["job"])), result, told)
    if doc["files"]:
        console.print(table)
    for row in doc["paths"]:
        if not row["files"]:
            console.print(
                Text(escape_controls(f"no file fits `{row['path']}` of job {row['job']}{row['note']}"), "yellow")
            )
    for note in doc["notes"]:
        console.print(Text(escape_controls(f"note: {note}"), "yellow"))
