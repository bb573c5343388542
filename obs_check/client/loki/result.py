"""Loki's JSON answers as model types, and a short form of them for probes."""

from typing import Any

from obs_check.errors import Unavailable
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Result, Sample, Scalar, Series, Stats, Streams, Vector
from obs_check.model.window import NS

_SHOWN_LINES = 20
_SHOWN_SERIES = 50


def read_result(document: Any) -> Result:
    """The `data` of query and query_range. Raises Unavailable when the shape is not Loki's."""
    try:
        data = document["data"]
        kind, rows = data["resultType"], data["result"] or []
        if kind == "streams":
            return Streams(read_streams(rows))
        if kind == "vector":
            return Vector([Sample(row["metric"], _ns(row["value"][0]), float(row["value"][1])) for row in rows])
        if kind == "matrix":
            return Matrix([Series(row["metric"], [(_ns(t), float(v)) for t, v in row["values"]]) for row in rows])
        if kind == "scalar":
            return Scalar(_ns(rows[0]), float(rows[1]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Unavailable("loki: the answer is not that of a query", "does the URL point to Loki?") from error
    raise Unavailable(f"loki: unknown result type {kind!r}", "does the URL point to Loki?")


def read_streams(rows: Any) -> list[LogStream]:
    """Streams of an answer or of a tail."""
    return [LogStream(row["stream"], [_entry(v) for v in row["values"]]) for row in rows]


def read_stats(document: Any) -> Stats:
    """`data.stats.summary` and the warnings; 0 where Loki says nothing."""
    summary = ((document.get("data") or {}).get("stats") or {}).get("summary") or {}
    return Stats(
        bytes_read=int(summary.get("totalBytesProcessed") or 0),
        seconds=float(summary.get("execTime") or 0.0),
        notes=tuple(str(w) for w in document.get("warnings") or ()),
    )


def shown_result(result: Result) -> dict[str, Any]:
    """A JSON-able short form: totals, and the first 20 lines or 50 series (the last point of each)."""
    match result:
        case Streams():
            lines = [[str(e.ts), e.line] for s in result.streams for e in s.entries[:_SHOWN_LINES]][:_SHOWN_LINES]
            labels = [s.labels for s in result.streams[:_SHOWN_SERIES]]
            return {
                "type": "streams",
                "streams": len(result.streams),
                "lines": result.lines,
                "labels": labels,
                "sample": lines,
            }
        case Vector():
            rows = [{"labels": s.labels, "value": s.value} for s in result.samples[:_SHOWN_SERIES]]
            return {"type": "vector", "series": len(result.samples), "values": rows}
        case Matrix():
            rows = [
                {"labels": s.labels, "points": len(s.points), "last": s.points[-1][1] if s.points else None}
                for s in result.series[:_SHOWN_SERIES]
            ]
            return {"type": "matrix", "series": len(result.series), "values": rows}
        case Scalar():
            return {"type": "scalar", "value": result.value}


def _entry(value: list[Any]) -> Entry:
    """[ts, line] or, when the answer categorizes labels, [ts, line, {"structuredMetadata", "parsed"}]."""
    if len(value) > 2 and value[2].get("structuredMetadata"):
        return Entry(int(value[0]), value[1], value[2]["structuredMetadata"])
    return Entry(int(value[0]), value[1])


def _ns(seconds: float | str) -> int:
    """Seconds with up to three decimals, as Loki writes sample times, in ns."""
    whole, _, fraction = f"{float(seconds):.3f}".partition(".")
    return int(whole) * NS + int(fraction) * (NS // 1000)
