"""Tables for a person: hops, panels, the positive control, series."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from obs_check.model.secret import shortened
from obs_check.report.terminal import visible

STYLES = {"ok": "green", "fail": "bold red", "unknown": "yellow", "error": "bold red", "warning": "yellow"}
_MEANINGS = {
    "true_zero": "green",
    "live": "green",
    "quiet": "green",
    "broken_zero": "bold red",
    "false_green": "bold red",
}
_WIDTH_WITHOUT_TERMINAL = 120
_SUGGESTED = "With the fixes (read without saving them)"
NARROW = 100
"""Fewer columns than these leave no room for a whole table."""
_SHOWN_TAGS = 3
_PROBE_CHARS = 300


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


def hop_table(rows: Sequence[Mapping[str, Any]], narrow: bool = False) -> Table:
    """One row a hop of a path; the first hop where a tag is missing is the one to look at. A narrow one names one tag
    a hop."""
    most = 1 if narrow else _SHOWN_TAGS
    table = plain_table("Hops", "path", "hop", ">sent", ">seen", "missing", ">latency", "verdict", "note")
    for row in rows:
        missing = list(row.get("missing") or ())
        more = f" +{len(missing) - most}" if len(missing) > most else ""
        latency = "" if row.get("latency_ms") is None else f"{row['latency_ms']:g} ms"
        table.add_row(
            cell(row.get("path")),
            cell(row.get("hop")),
            cell(row.get("sent")),
            cell(row.get("seen")),
            cell(", ".join(missing[:most]) + more),
            latency,
            _verdict(row.get("verdict")),
            cell(row.get("note")),
        )
    return table


def _reads(row: Mapping[str, Any]) -> str:
    """What a person sees, and of it the run where that is less."""
    reads, own = str(row.get("reads") or ""), str(row.get("of_run") or "")
    return f"{reads} (of the run: {own})" if own and own != reads else reads


def panel_table(rows: Sequence[Mapping[str, Any]], narrow: bool = False) -> Table:
    """One row a panel: what it reads, what it should, and why not. A narrow one leaves out path and state."""
    columns = {
        ">id": lambda row: cell(row.get("id")),
        "title": lambda row: cell(row.get("title")),
        "path": lambda row: cell(row.get("path")),
        "reads": lambda row: cell(_reads(row)),
        "wanted": lambda row: cell(row.get("wanted")),
        "state": lambda row: cell(row.get("state")),
        "verdict": lambda row: _verdict(row.get("verdict")),
        "cause": lambda row: cell(row.get("cause")),
    }
    shown = [name for name in columns if not (narrow and name in ("path", "state"))]
    table = plain_table("Panels", *shown)
    for row in rows:
        table.add_row(*(columns[name](row) for name in shown))
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


def probe_line(probe: Mapping[str, Any]) -> str:
    """A probe in one line: who was asked what, and the answer (shortened)."""
    answer = probe.get("answer")
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)
    return visible(f"{probe.get('system')}: {probe.get('request')} -> {shortened(text, _PROBE_CHARS)}")


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
    return Text(str(value or ""), STYLES.get(str(value), ""))
