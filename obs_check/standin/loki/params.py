"""Reads the parameters of a query request as Loki does."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from obs_check.golang.durations import format_go_duration, format_prometheus_duration, parse_prometheus_duration
from obs_check.golang.numbers import parse_float
from obs_check.golang.quoting import quote
from obs_check.standin.loki.limits import HOUR, Limits
from obs_check.standin.loki.refusal import LokiRefusal

NS = 1_000_000_000
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII)
_INT64 = 1 << 63
_SECONDS_DIGITS = 10

ALL_TIME = (-(1 << 62), 1 << 62)
"""The window of a listing without one."""


class RangeParameters(NamedTuple):
    """Times and step in ns; `step` is at least a second when Loki chose it."""

    start: int
    end: int
    step: int
    limit: int
    direction: Literal["forward", "backward"]
    interval: int = 0
    """ns between two lines that are answered; 0: all."""


_BACKWARDS = LokiRefusal(400, "end timestamp must not be before or equal to start time")


def _float(text: str) -> float | None:
    try:
        return parse_float(text)
    except ValueError:
        return None


def _integer(text: str) -> int:
    """A number as Go's ParseInt reads it; ValueError with its reason."""
    if not _INTEGER.fullmatch(text):
        raise ValueError("invalid syntax")
    value = int(text)
    if not -_INT64 <= value < _INT64:
        raise ValueError("value out of range")
    return value


def _rfc3339(text: str) -> int | None:
    found = _RFC3339.fullmatch(text)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found[1] + found[3])
    except ValueError:
        return None
    return int(moment.timestamp()) * NS + int((found[2] or "")[:9].ljust(9, "0"))


def parse_time(text: str, default: int, name: str = "") -> int:
    """ns since the epoch of `ns`, `s`, `s.fraction` (to the ms) or RFC 3339. Up to ten characters are seconds, more are
    ns. `name` is that of the parameter where Loki 3.5 names it in the refusal."""
    if not text:
        return default
    seconds = _float(text) if "." in text else None
    if seconds is not None and math.isfinite(seconds):
        fraction, whole = math.modf(seconds)
        return int(whole) * NS + int(round(fraction * 1000) / 1000 * NS)
    try:
        return _integer(text) * (NS if len(text) <= _SECONDS_DIGITS else 1)
    except ValueError as error:
        if (moment := _rfc3339(text)) is not None:
            return moment
        # Loki 3.5 has the words of the first of the forms that it tried.
        place = f"could not parse '{name}' parameter: " if name else ""
        raise LokiRefusal(400, f"{place}strconv.ParseInt: parsing {quote(text)}: {error}") from None


def parse_duration(text: str) -> int:
    """ns of a number of seconds (`30`, `0.5`) or of Prometheus' duration (`1m30s`, `7d`), as for a step."""
    seconds = _float(text)
    if seconds is not None:
        ns = seconds * NS
        if abs(ns) > _INT64:
            raise LokiRefusal(400, f"cannot parse {quote(text)} to a valid duration. It overflows int64")
        return -_INT64 if math.isnan(ns) else int(ns)
    try:
        return parse_prometheus_duration(text)
    except ValueError:
        raise LokiRefusal(400, f"cannot parse {quote(text)} to a valid duration") from None


def parse_window(params: Mapping[str, str], now_ns: int, since: int = HOUR) -> tuple[int, int]:
    """(start, end): end is now when absent, start is `since` (ns; default one hour) before the end."""
    if text := params.get("since", ""):
        try:
            since = parse_prometheus_duration(text)
        except ValueError as error:
            raise LokiRefusal(400, f"could not parse 'since' parameter: {error}") from None
    end = parse_time(params.get("end", ""), now_ns, "end")
    return parse_time(params.get("start", ""), min(end, now_ns) - since, "start"), end


def forward_window(params: Mapping[str, str], now_ns: int) -> tuple[int, int]:
    """The same; Refusal of one that ends before it starts."""
    start, end = parse_window(params, now_ns)
    if end < start:
        raise _BACKWARDS
    return start, end


def listing_window(params: Mapping[str, str], now_ns: int) -> tuple[int, int]:
    """(start, end) of a request that lists labels or streams. Loki 3.5: what is not flushed yet is listed whatever the
    window; the lab keeps that for requests without one."""
    start, end = parse_window(params, now_ns)
    if "start" not in params and "since" not in params:
        return ALL_TIME
    if end < start:
        raise LokiRefusal(400, "this data is no longer available, it is past now - max_query_lookback (0s)")
    return start, end


def parse_limit(params: Mapping[str, str]) -> int:
    """Lines asked for, 100 when absent; Refusal of what is not a positive number."""
    limit = whole_limit(params.get("limit", "") or "100")
    if limit <= 0:
        raise LokiRefusal(400, "limit must be a positive value")
    return limit


def whole_limit(text: str) -> int:
    """A limit of any sign, the lower half of 64 bits of a large one (Loki 3.5); Refusal of what is not a number."""
    try:
        limit = _integer(text)
    except ValueError as error:
        raise LokiRefusal(400, f"strconv.Atoi: parsing {quote(text)}: {error}") from None
    return limit if limit <= 0 else limit % 2**32


def check_limit(limit: int, limits: Limits) -> None:
    """Refusal of more lines than a log query may ask for."""
    most = limits.max_entries_per_query
    if limit > most:
        raise LokiRefusal(
            400, f"max entries limit per query exceeded, limit > max_entries_limit_per_query ({limit} > {most})"
        )


def check_length(start: int, end: int, limits: Limits) -> None:
    """Refusal of a longer time range than one query may have."""
    length = end - start
    if limits.max_query_length and length > limits.max_query_length:
        raise LokiRefusal(
            400,
            f"the query time range exceeds the limit (query length: {format_go_duration(length)}, "
            f"limit: {format_prometheus_duration(limits.max_query_length)})",
        )


def parse_direction(text: str) -> Literal["forward", "backward"]:
    """`forward` or `backward` in any case; backward when absent."""
    match text.lower():
        case "forward":
            return "forward"
        case "" | "backward":
            return "backward"
        case _:
            raise LokiRefusal(400, f"invalid direction '{text}'")


def parse_range(params: Mapping[str, str], now_ns: int, limits: Limits) -> RangeParameters:
    """All parameters of query_range.

    Loki 3.5: without `step` one is chosen so that the range has about 250 points, in whole seconds; more than 11 000
    points are refused.
    """
    start, end = forward_window(params, now_ns)
    limit = parse_limit(params)
    direction = parse_direction(params.get("direction", ""))
    step = parse_duration(params["step"]) if params.get("step") else max((end - start) // (250 * NS), 1) * NS
    if step <= 0:
        raise LokiRefusal(400, "zero or negative query resolution step widths are not accepted. Try a positive integer")
    if (end - start) // step > limits.max_points:
        raise LokiRefusal(
            400,
            f"exceeded maximum resolution of {limits.max_points:,} points per time series. "
            "Try increasing the value of the step parameter",
        )
    interval = parse_duration(params["interval"]) if params.get("interval") else 0
    if interval < 0:
        raise LokiRefusal(400, "interval must be >= 0")
    return RangeParameters(start, end, step, limit, direction, interval)
