"""Evidence tables as CSV and as JSON lines: times as RFC 3339 in UTC with nanoseconds."""

from pathlib import Path

from obs_check.client.files.text_files import write_result
from obs_check.report.frames import EvidenceTable
from obs_check.report.json import json_line
from obs_check.report.terminal import in_cell

HINT = "name a folder that can be written"


def write_csv(path: Path, table: EvidenceTable) -> None:
    """Write one table. Raises InputError."""
    write_result(path, csv_text(table), HINT)


def csv_text(table: EvidenceTable) -> str:
    """A header, then the rows; empty cells for what is missing, no cell that begins a formula."""
    return table.shown(in_cell).to_csv(index=False, lineterminator="\n")


def write_jsonl(path: Path, table: EvidenceTable) -> None:
    """Write one table: an object a row and line, null for what is missing. Raises InputError."""
    rows = table.shown().to_dict(orient="records")
    write_result(path, "".join(f"{json_line({str(k): v for k, v in row.items()})}\n" for row in rows), HINT)
