"""Results in the JSON that Loki answers with."""

import re
from collections.abc import Sequence
from typing import Any

from obs_check.golang.numbers import format_float
from obs_check.model.entry import Labels, LogStream
from obs_check.model.result import Matrix, Result, Scalar, Streams, Vector
from obs_check.model.tree import Json
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.wording import label_text, quoted

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_MS = 1_000_000
CATEGORIZE = "categorize-labels"


def _seconds(ns: int) -> int | float:
    milliseconds = ns // _MS
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def _scalar_time(ns: int) -> int:
    """Loki 3.5 takes the ns of a scalar's time for a larger unit: multiplied by 1000 they overflow 64 bits, and what
    is left over 10^6 is what it answers (recorded: 5799224850173 for 1795133400 s)."""
    wrapped = (ns * 1000 + (1 << 63)) % (1 << 64) - (1 << 63)
    return wrapped // _MS


def _check_readable(labels: Labels) -> None:
    """Refusal of labels that cannot be read as they are printed, which Loki 3.5 does with those of every stream: of
    names that are empty (a JSON key may be) or not ASCII, and of values with U+FFFD, which stands for bytes that are
    not UTF-8."""
    shown = label_text(labels)
    unread = f"err while creating labelset for {shown}: 1"
    if "" in labels:
        words = 'unexpected "=" in label set, expected identifier or "}"'
        raise LokiRefusal(500, f"{unread}:2: parse error: {words}")
    place = 1
    for name in sorted(labels):
        if found := _NOT_ASCII.search(name):
            words = f"unexpected character inside braces: '{found[0]}'"
            raise LokiRefusal(500, f"{unread}:{place + found.start() + 1}: parse error: {words}")
        if "\ufffd" in labels[name]:
            words = f"1:{place + len(name) + 2}: parse error: invalid UTF-8 rune"
            raise LokiRefusal(500, f"could not write JSON response: {words}")
        place += len(f"{name}={quoted(labels[name])}, ")


def _plain_streams(streams: Sequence[LogStream]) -> list[dict[str, Json]]:
    for labels, _ in streams:
        _check_readable(labels)
    return [
        {"stream": labels, "values": [[str(entry.ts), entry.line] for entry in entries]} for labels, entries in streams
    ]


def categorize_labels(
    streams: Sequence[LogStream], selected: Sequence[Labels], *, newest_first: bool = True
) -> list[dict[str, Json]]:
    """Streams with their labels split by origin: those of the selected streams stay with the stream, the rest goes to
    each value as `structuredMetadata` or `parsed`. The values of a stream are in order of time."""
    own = {pair for labels in selected for pair in labels.items()}
    merged: dict[frozenset[tuple[str, str]], list[list[Json]]] = {}
    for labels, entries in streams:
        kept = {name: value for name, value in labels.items() if (name, value) in own}
        other = {name: value for name, value in labels.items() if name not in kept}
        rows = merged.setdefault(frozenset(kept.items()), [])
        for entry in entries:
            metadata = {n: v for n, v in other.items() if entry.metadata.get(n) == v}
            parsed = {n: v for n, v in other.items() if n not in metadata}
            extra = {"structuredMetadata": metadata, "parsed": parsed}
            rows.append([str(entry.ts), entry.line, {name: part for name, part in extra.items() if part}])
    for rows in merged.values():
        rows.sort(key=_row_time, reverse=newest_first)
    found = [(dict(sorted(key)), rows) for key, rows in merged.items()]
    found.sort(key=lambda one: label_text(one[0]))
    return [{"stream": labels, "values": rows} for labels, rows in found]


def _row_time(row: Sequence[Any]) -> int:
    return int(row[0])


def result_data(
    result: Result, selected: Sequence[Labels], flags: Sequence[str] = (), *, newest_first: bool = True
) -> dict[str, Any]:
    """`data` of an answer; `selected` are the labels of the streams that were read, `flags` those of the encoding that
    were asked for, `newest_first` says in which order the lines are."""
    data: dict[str, Json]
    match result:
        case Streams(streams):
            if CATEGORIZE in flags:
                rows = categorize_labels(streams, selected, newest_first=newest_first)
            else:
                rows = _plain_streams(streams)
            data = {"resultType": "streams", "result": rows}
            if flags:
                data["encodingFlags"] = list(flags)
        case Vector(samples):
            rows = [{"metric": s.labels, "value": [_seconds(s.ts), format_float(s.value)]} for s in samples]
            data = {"resultType": "vector", "result": rows}
        case Matrix(series):
            rows = [
                {"metric": s.labels, "values": [[_seconds(ts), format_float(v)] for ts, v in s.points]} for s in series
            ]
            data = {"resultType": "matrix", "result": rows}
        case Scalar(ts, value):
            data = {"resultType": "scalar", "result": [_scalar_time(ts), format_float(value)]}
    return data


def stats(lines_read: int, bytes_read: int, returned: int, seconds: float) -> dict[str, Any]:
    """The summary of a query's cost."""
    return {
        "summary": {
            "bytesProcessedPerSecond": int(bytes_read / seconds) if seconds else 0,
            "linesProcessedPerSecond": int(lines_read / seconds) if seconds else 0,
            "totalBytesProcessed": bytes_read,
            "totalLinesProcessed": lines_read,
            "execTime": round(seconds, 9),
            "queueTime": 0,
            "totalEntriesReturned": returned,
            "totalPostFilterLines": returned,
        }
    }
