"""Loki's JSON answers as model types, and a short form of them for probes."""

from typing import Any, TypeVar

from msgspec import Struct

from obs_check.client.answer import NoJson, as_type
from obs_check.errors import Unavailable
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Result, Sample, Scalar, Series, Stats, Streams, Vector
from obs_check.model.secret import shorten
from obs_check.model.window import NS

T = TypeVar("T")

_SHOWN_LINES = 20
_SHOWN_SERIES = 50


class _Extra(Struct):
    """What stands behind a line where the answer categorizes labels."""

    structuredMetadata: dict[str, str] | None = None  # noqa: N815


class _Line(Struct, array_like=True):
    ts: str
    line: str
    extra: _Extra | None = None


class _ResultStream(Struct):
    stream: dict[str, str]
    values: list[_Line]


class _Point(Struct, array_like=True):
    at: float
    value: str


class _Sample(Struct):
    metric: dict[str, str]
    value: _Point


class _Series(Struct):
    metric: dict[str, str]
    values: list[_Point]


class _Summary(Struct):
    totalBytesProcessed: int | float | None = None  # noqa: N815
    execTime: int | float | None = None  # noqa: N815


class _Stats(Struct):
    summary: _Summary | None = None


class _ResultData(Struct):
    resultType: str  # noqa: N815
    result: Any
    stats: _Stats | None = None


class _Queried(Struct):
    data: _ResultData
    warnings: list[str] | None = None


class _Tailed(Struct):
    streams: list[_ResultStream] | None = None
    dropped_entries: list[Any] | None = None


def read_result(document: object) -> tuple[Result, Stats]:
    """The `data` of query and query_range, with its statistics and warnings. Raises Unavailable when the shape is not
    Loki's."""
    queried = _as(document, _Queried)
    # An empty slice of Go's may be null.
    kind, rows = queried.data.resultType, [] if queried.data.result is None else queried.data.result
    summary = (queried.data.stats and queried.data.stats.summary) or _Summary()
    notes = tuple(queried.warnings or ())
    stats = Stats(int(summary.totalBytesProcessed or 0), float(summary.execTime or 0.0), notes)
    match kind:
        case "streams":
            return Streams([_stream(one) for one in _as(rows, list[_ResultStream])]), stats
        case "vector":
            return Vector(
                [Sample(o.metric, _ns(o.value.at), _number(o.value)) for o in _as(rows, list[_Sample])]
            ), stats
        case "matrix":
            series = _as(rows, list[_Series])
            return Matrix([Series(o.metric, [(_ns(p.at), _number(p)) for p in o.values]) for o in series]), stats
        case "scalar":
            point = _as(rows, _Point)
            # Loki 3.5 prints milliseconds for the seconds of a scalar's time, wrapped to 64 bits: it says nothing.
            at = point.at if abs(point.at) <= _LAST_NS / NS else 0.0
            return Scalar(_ns(at), _number(point)), stats
    raise Unavailable(f"loki: unknown result type {shorten(kind, 40)!r}", "does the URL point to Loki?")


def read_tailed(document: object) -> tuple[list[LogStream], int]:
    """Streams of a message of the tail, and how many lines were dropped before it. Raises Unavailable."""
    tailed = _as(document, _Tailed)
    return [_stream(one) for one in tailed.streams or ()], len(tailed.dropped_entries or ())


def _as(value: object, kind: type[T]) -> T:
    try:
        return as_type(value, kind)
    except NoJson as error:
        raise Unavailable(f"loki: the answer is not that of a query: {error}", "does the URL point to Loki?") from None


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


def _stream(one: _ResultStream) -> LogStream:
    return LogStream(one.stream, [_entry(line) for line in one.values])


def _entry(line: _Line) -> Entry:
    metadata = line.extra.structuredMetadata if line.extra else None
    ts = _whole(line.ts)
    return Entry(ts, line.line, metadata) if metadata else Entry(ts, line.line)


def _whole(text: str) -> int:
    """ns since the epoch as text. Raises Unavailable for what is none, or in no year that a clock can show."""
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and len(digits) < 20 and int(digits) <= _LAST_NS:
        return int(text)
    raise Unavailable("loki: a line has no time in ns", "does the URL point to Loki?")


def _number(point: _Point) -> float:
    try:
        return float(point.value)
    except ValueError:
        raise Unavailable("loki: a value is not a number", "does the URL point to Loki?") from None


def _ns(seconds: float) -> int:
    """Seconds with up to three decimals, as Loki writes sample times, in ns."""
    if not abs(seconds) <= _LAST_NS / NS:
        raise Unavailable("loki: a value has no time", "does the URL point to Loki?")
    whole, _, fraction = f"{seconds:.3f}".partition(".")
    return int(whole) * NS + int(fraction) * (NS // 1000)


_LAST_NS = 2**63 - 1
"""The year 2262, where Go's int64 ends."""
