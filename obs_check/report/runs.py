"""Kept runs as a table."""

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.text import Text

from obs_check.report.console import STYLES, cell, make_console, plain_table

_SHOWN = 3


def print_runs(rows: Sequence[Mapping[str, Any]], file: TextIO, color: bool) -> None:
    """One row a kept document, the newest first."""
    table = plain_table("", "run", "when (UTC)", "command", "verdict", ">events", ">panels", ">broken", "causes")
    for row in rows:
        causes = list(row["causes"])
        more = f" +{len(causes) - _SHOWN}" if len(causes) > _SHOWN else ""
        table.add_row(
            cell(row["id"]),
            cell(_when(row["at"])),
            cell(row["command"]),
            Text(row["verdict"], STYLES.get(row["verdict"], "")),
            cell(row["events"]),
            cell(row["panels"]),
            cell(row["broken"]),
            cell(row["ended"] or ", ".join(causes[:_SHOWN]) + more),
        )
    console = make_console(file, color)
    if rows:
        console.print(table)
    else:
        console.print("no run is kept yet: obs-check verify keeps one")


def _when(at: str) -> str:
    """`20261129T223918.123456789Z` as `2026-11-29 22:39:18`."""
    return f"{at[:4]}-{at[4:6]}-{at[6:8]} {at[9:11]}:{at[11:13]}:{at[13:15]}"
