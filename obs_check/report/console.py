"""Tables for a person: hops, panels, the positive control, series."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from obs_check.model.secret import shorten
from obs_check.report.terminal import escape_controls

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
Rows = Sequence[Mapping[str, object]]
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


def hop_table(rows: Rows, narrow: bool = False, tags_left_out: bool = False) -> Table:
    """One row a hop of a path; the first hop where a tag is missing is the one to look at. A narrow one names one tag
    a hop, and leaves out the latency; the tags are left out where there is no room for one."""
    most = 1 if narrow else _SHOWN_TAGS
    columns = {
        "path": lambda row: cell(row.get("path")),
        "hop": lambda row: cell(row.get("hop")),
        ">sent": lambda row: cell(row.get("sent")),
        ">seen": lambda row: cell(row.get("seen")),
        # Nothing is known to be missing where nobody answered.
        "missing~": lambda row: cell(
            "" if row.get("verdict") == "unknown" else _missing(list(row.get("missing") or ()), most), narrow
        ),
        ">latency": lambda row: cell("" if row.get("latency_ms") is None else f"{row['latency_ms']:g} ms"),
        "verdict": lambda row: _verdict(row.get("verdict")),
        "note~": lambda row: cell(row.get("note"), narrow),
    }
    left_out = (">latency", "missing~")[: 2 if tags_left_out else int(narrow)]
    return _told("Hops", {name: make for name, make in columns.items() if name not in left_out}, rows, narrow)


def _told(
    title: str, columns: Mapping[str, Callable[[Mapping[str, object]], Text]], rows: Rows, one_row: bool
) -> Table:
    """A table of rows, without the columns that say nothing of any of them."""
    cells = {name: [make(row) for row in rows] for name, make in columns.items()}
    shown = {name: column for name, column in cells.items() if any(column)}
    table = plain_table(title, *shown, one_row=one_row)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    return table


def _missing(tags: Sequence[str], most: int) -> str:
    return ", ".join(tags[:most]) + (f" +{len(tags) - most}" if len(tags) > most else "")


def _reads(row: Mapping[str, object]) -> str:
    """What a person sees, and of it the run where that is less."""
    reads, own = str(row.get("reads") or ""), str(row.get("of_run") or "")
    return f"{reads} (of the run: {own})" if own and own != reads else reads


def panel_table(rows: Rows, narrow: bool = False) -> Table:
    """One row a panel: what it reads, what it should, and why not. A narrow one leaves out path and state, and cuts
    long cells."""
    columns = {
        ">id": lambda row: cell(row.get("id")),
        "title~": lambda row: cell(row.get("title"), narrow),
        "path": lambda row: cell(row.get("path")),
        "reads~": lambda row: cell(_reads(row), narrow),
        "wanted~": lambda row: cell(row.get("wanted"), narrow),
        "state": lambda row: cell(row.get("state")),
        "verdict": lambda row: _verdict(row.get("verdict")),
        "cause": lambda row: cell(row.get("cause")),
    }
    left_out = ("path", "state") if narrow else ()
    return _told("Panels", {name: make for name, make in columns.items() if name not in left_out}, rows, narrow)


def control_table(rows: Sequence[Mapping[str, object]]) -> Table:
    """One row a panel: what it read in the dashboard's range before and after the events, and what that means."""
    table = plain_table("Positive control", ">id", "title", "before", "after", "means", "differs")
    for row in rows:
        means = Text(str(row.get("words") or ""), _MEANINGS.get(str(row.get("meaning")), ""))
        cells = (cell(row.get(key)) for key in ("id", "title", "before", "after"))
        table.add_row(*cells, means, cell(row.get("differs")))
    return table


def suggested_table(rows: Sequence[Mapping[str, object]]) -> Table:
    """One row a panel and cause: what it reads, and what it would read with the fix."""
    table = plain_table(_SUGGESTED, ">id", "title", "reads", "would read", "verdict", "cause")
    for row in rows:
        table.add_row(
            *(cell(row.get(key)) for key in ("id", "title", "reads", "would_read")),
            _verdict(row.get("verdict")),
            cell(row.get("cause")),
        )
    return table


def answer_text(probe: Mapping[str, object]) -> str:
    """What a probe was answered, or what was made of it, as JSON where it is no text."""
    answer = probe.get("answer")
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)


def probe_line(probe: Mapping[str, object], most: int | None = None) -> str:
    """A probe in one line: who was asked what, and the answer (shortened). Of `most` characters the answer has at most
    half, and the question the rest."""
    asked = escape_controls(f"{probe.get('system')}: {probe.get('request')}")
    said = shorten(answer_text(probe), _PROBE_CHARS)
    if most is None:
        return f"{asked} -> {escape_controls(said)}"
    said = shorten(escape_controls(said), max(most // 2, most - len(asked) - 4))
    return f"{shorten(asked, most - len(said) - 4)} -> {said}"


def value_table(rows: Sequence[tuple[str, str, str]]) -> Table:
    """Series with their (last) time and value or values."""
    table = plain_table("", "labels", "time", ">value")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    return table


def plain_table(title: str, *columns: str, one_row: bool = False) -> Table:
    """A table without frame; a column named `>NAME` is set flush right. With `one_row` the cells of columns named
    `NAME~` are cut where there is no room for all, and nothing is folded."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for column in columns:
        justify: Literal["left", "right"] = "right" if column.startswith(">") else "left"
        cut = one_row and column.endswith("~")
        # What a column that may wrap holds does not: so it alone gives way, and is still one row.
        table.add_column(column.strip(">~"), justify=justify, overflow="fold", no_wrap=one_row and not cut)
    return table


def cell(value: object, one_row: bool = False) -> Text:
    """A value in a table as it stands, cut rather than folded where it has one row; None is empty."""
    text = "" if value is None else escape_controls(str(value))
    return Text(text, no_wrap=True, overflow="ellipsis") if one_row else Text(text)


def _verdict(value: object) -> Text:
    return Text(str(value or ""), STYLES.get(str(value), ""))
