"""What of a configuration works, as a document and a table."""

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.text import Text

from obs_check.app.setup.checkup import PartCheck
from obs_check.model.tree import Json
from obs_check.report.console import cell, make_console, plain_table
from obs_check.report.json import document
from obs_check.report.terminal import escape_controls

_STYLES = {"ok": "green", "broken": "bold red", "not allowed": "bold red", "unknown": "yellow", "not set": "dim"}


def checkup_document(command: str, checks: Sequence[PartCheck], code: int) -> dict[str, Json]:
    """The document: `checks` in order; the verdict is unknown where somebody did not answer or let us in."""
    verdict = {0: "ok", 1: "fail"}.get(code, "unknown")
    return document(command, verdict, None, checks=[check.to_json() for check in checks])


def print_checkup(doc: Mapping[str, Any], file: TextIO, color: bool, everything: bool) -> None:
    """A row a part, what is not set only with `everything`; below it the remedies."""
    console = make_console(file, color)
    table = plain_table("", "part", "state", "answer")
    for row in doc["checks"]:
        if row["state"] == "not set" and not everything:
            continue
        said = f"{row['place']}: {row['said']}" if row["place"] and row["said"] else row["place"] or row["said"]
        table.add_row(cell(row["part"]), Text(row["state"], _STYLES[row["state"]]), cell(said))
    console.print(table)
    for row in doc["checks"]:
        if row["remedy"] and row["state"] not in ("ok", "not set"):
            console.print(Text(escape_controls(f"{row['part']}: {row['remedy']}"), "cyan"))
    left = [row["part"] for row in doc["checks"] if row["state"] == "not set"]
    if left:
        console.print(Text(f"not set: {', '.join(left)}", "dim"))
