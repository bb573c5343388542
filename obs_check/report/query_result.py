"""The result of a LogQL query as table, JSON, JSON lines or CSV."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, TextIO

from obs_check.model.entry import Labels
from obs_check.model.result import Matrix, Result, Scalar, Streams, Vector
from obs_check.model.window import shown_time
from obs_check.report.console import make_console, value_table
from obs_check.report.json import json_line
from obs_check.report.terminal import escape_controls, in_cell


def result_rows(result: Result, newest_first: bool = True) -> Iterator[dict[str, Any]]:
    """One row a line {"ts", "labels", "line"} or a value {"ts", "labels", "value"}; `ts` is ns as text.

    Structured metadata is among the labels. Lines of all streams are in one order, by default newest first; NaN and
    infinities are texts.
    """
    match result:
        case Streams():
            lines: list[dict[str, Any]] = [
                {"ts": str(entry.ts), "labels": {**stream.labels, **entry.metadata}, "line": entry.line}
                for stream in result.streams
                for entry in stream.entries
            ]
            yield from sorted(lines, key=lambda row: int(row["ts"]), reverse=newest_first)
        case Vector():
            for sample in result.samples:
                yield {"ts": str(sample.ts), "labels": sample.labels, "value": _number(sample.value)}
        case Matrix():
            for series in result.series:
                for ts, value in series.points:
                    yield {"ts": str(ts), "labels": series.labels, "value": _number(value)}
        case Scalar():
            yield {"ts": str(result.ts), "labels": {}, "value": _number(result.value)}


def result_json(result: Result) -> dict[str, Any]:
    """{"type": streams|vector|matrix|scalar, "rows": rows}."""
    return {"type": type(result).__name__.lower(), "rows": list(result_rows(result))}


def to_jsonl(result: Result, newest_first: bool = True) -> str:
    """One JSON object a row."""
    return "".join(json_line(row) + "\n" for row in result_rows(result, newest_first))


def to_raw(result: Result, newest_first: bool = True) -> str:
    """The lines alone; nothing of a result that has none."""
    rows = result_rows(result, newest_first) if isinstance(result, Streams) else ()
    return "".join(f"{row['line']}\n" for row in rows)


def to_csv(result: Result) -> str:
    """Columns: ts (ns), every label that occurs (sorted, `label.` before a name that is taken), line or value."""
    rows = list(result_rows(result))
    last = "line" if isinstance(result, Streams) else "value"
    names = sorted({name for row in rows for name in row["labels"]})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["ts", *(in_cell(f"label.{n}" if n in ("ts", last) else n) for n in names), last])
    for row in rows:
        writer.writerow([row["ts"], *(in_cell(row["labels"].get(n, "")) for n in names), in_cell(row[last])])
    return out.getvalue()


def print_result(result: Result, file: TextIO, color: bool) -> None:
    """For a person: lines with their time, newest first, or a table of values (one row a series)."""
    if isinstance(result, Streams):
        file.write(to_lines(result))
        return
    rows: list[tuple[str, str, str]] = []
    if isinstance(result, Matrix):
        for series in result.series:
            values = " ".join(f"{value:g}" for _, value in series.points[-10:])
            end = shown_time(series.points[-1][0]) if series.points else ""
            rows.append((shown_labels(series.labels), end, ("… " if len(series.points) > 10 else "") + values))
    else:
        rows = [
            (shown_labels(r["labels"]), shown_time(int(r["ts"])), f"{float(r['value']):.12g}")
            for r in result_rows(result)
        ]
    if rows:
        make_console(file, color).print(value_table(rows))


def to_lines(result: Streams, newest_first: bool = True) -> str:
    """Time, labels and text, one line a line."""
    return "".join(
        f"{shown_time(int(row['ts']))} {escape_controls(shown_labels(row['labels']))} {escape_controls(row['line'])}\n"
        for row in result_rows(result, newest_first)
    )


def shown_labels(labels: Labels) -> str:
    """`{a="b", c="d"}`, sorted."""
    return "{" + ", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in sorted(labels.items())) + "}"


def _number(value: float) -> float | str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return value
