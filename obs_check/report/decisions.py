"""Decisions and the domains they are about as files, a row at a time: a million of them take no more memory."""

import csv
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from obs_check.app.decisions import ROWS, decision_of, rows_of
from obs_check.app.verify.document import Document
from obs_check.client.files.text_files import replace_file
from obs_check.client.loki.client import StoredLine
from obs_check.model.times import rfc3339
from obs_check.report.binary_tables import HINT, copy_to_parquet, quoted
from obs_check.report.frames import TableColumn, TableKind, table_of
from obs_check.report.json import json_line
from obs_check.report.terminal import in_cell

FORMATS = ("csv", "jsonl", "parquet")


def _kept(document: "Document") -> Iterator[dict[str, Any]]:
    """The decisions in the lines of a run that are kept of Loki, each once."""
    seen = set()
    for part in filter(None, (document, document.get("after"))):
        for hop in part.get("hops") or ():
            for event in (hop.get("events") or ()) if hop.get("hop") == "loki" else ():
                for line in event.get("lines") or ():
                    row = decision_of(hop["path"], StoredLine(line["labels"] or {}, line["ts_ns"] or 0, line["line"]))
                    key = (hop["path"], line["ts_ns"], line["line"])
                    if row is not None and key not in seen:
                        seen.add(key)
                        yield row


DECISIONS = TableKind(
    "decisions",
    "Decisions",
    "One row an audited request: of a run those in the lines that are kept of it; with `export --decisions`, and of "
    "the command `decisions`, all that Loki has of a window.",
    (
        TableColumn("path", "text", "`A`: boundary's log files; `B`: coderd's log. A request may stand on both"),
        TableColumn("stored", "time", "its time in Loki"),
        TableColumn("event_time", "text", "boundary's time of it as coderd writes it (RFC 3339), empty on path A"),
        TableColumn("decision", "text", "`allow` or `deny`"),
        TableColumn("method", "text", "HTTP method"),
        TableColumn("url", "text", "what was asked for"),
        TableColumn("host", "text", "its host"),
        TableColumn("rule", "text", "the rule that allowed it, empty for a denial"),
        TableColumn("owner", "text", "of the workspace, empty on path A"),
        TableColumn("workspace", "text", "its name, empty on path A"),
        TableColumn("agent", "text", "its agent, empty on path A"),
        TableColumn("labels", "json", "of its stream in Loki"),
    ),
    _kept,
)
TOP_DOMAINS = TableKind(
    "top_domains",
    "Top domains",
    "One row a path and host of `decisions`, those with the most requests first.",
    (
        TableColumn("path", "text", "as in `decisions`"),
        TableColumn("host", "text", "as in `decisions`"),
        TableColumn("requests", "integer", "decisions"),
        TableColumn("allowed", "integer", "of them allowed"),
        TableColumn("denied", "integer", "of them denied"),
        TableColumn("first", "time", "the earliest, its time in Loki"),
        TableColumn("last", "time", "the latest, its time in Loki"),
    ),
    lambda _document: (),
)
_MEMORY = "256MB"
_TYPES = {"text": "VARCHAR", "json": "JSON", "time": "BIGINT"}


def write_decisions(folder: Path, formats: Collection[str]) -> list[Path]:
    """Write what was collected in a folder, in these formats, and the domains; returns the paths. Raises InputError."""
    import duckdb

    columns = ", ".join(f"'{c.name}': '{_TYPES[c.type]}'" for c in DECISIONS.columns)
    source = f"read_json('{quoted(folder / ROWS)}', format = 'newline_delimited', columns = {{{columns}}})"
    written = []
    with duckdb.connect() as database:
        database.execute(f"SET memory_limit = '{_MEMORY}'")
        for format_ in formats:
            path = folder / f"decisions.{format_}"
            if format_ == "parquet":
                shown = ", ".join(
                    f'make_timestamp_ns("{c.name}") AS "{c.name}"' if c.type == "time" else f'"{c.name}"'
                    for c in DECISIONS.columns
                )
                copy_to_parquet(database, f"SELECT {shown} FROM {source}", path)
            else:
                with replace_file(path, HINT) as part:
                    _write(part, format_, DECISIONS, rows_of(folder))
            written.append(path)
        domains = database.execute(
            "SELECT path, host, count(*), count_if(decision = 'allow'), count_if(decision = 'deny'), min(stored), "
            f"max(stored) FROM {source} GROUP BY path, host ORDER BY count(*) DESC, path, host"
        ).fetchall()
    names = [column.name for column in TOP_DOMAINS.columns]
    for format_ in ("csv", "jsonl"):
        if format_ in formats or formats == ("parquet",):
            path = folder / f"top_domains.{format_}"
            with replace_file(path, HINT) as part:
                _write(part, format_, TOP_DOMAINS, (dict(zip(names, row, strict=True)) for row in domains))
            written.append(path)
    return written


def _write(path: Path, format_: str, kind: TableKind, rows: Iterator[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if format_ == "csv":
            writer.writerow([column.name for column in kind.columns])
        for row in rows:
            (typed,) = table_of(kind, [row]).rows
            times = {c.name for c in kind.columns if c.type == "time"}
            cells = {n: rfc3339(v) if n in times and v is not None else v for n, v in typed.items()}
            if format_ == "csv":
                writer.writerow([in_cell(cell) for cell in cells.values()])
            else:
                file.write(f"{json_line(cells)}\n")
