"""The macros that Grafana's backend replaces in PromQL and in SQL for PostgreSQL, filled in so that a query parses."""

import re
from collections.abc import Callable, Mapping, Sequence

from obs_check.errors import InputError
from obs_check.panel.interval import format_interval, interval_to_ms
from obs_check.panel.macros import backend_macros
from obs_check.panel.timerange import TimeRange

_MACRO = re.compile(r"\$__(\w+)\b(\()?")


def prometheus_macros(expr: str, within: TimeRange, interval_ms: int, rate_interval_ms: int) -> str:
    """PromQL with `$__rate_interval`, `$__interval` and `$__range` replaced."""
    rate = format_interval(rate_interval_ms)
    for name in ("${__rate_interval_ms}", "$__rate_interval_ms"):
        expr = expr.replace(name, str(rate_interval_ms))
    for name in ("${__rate_interval}", "$__rate_interval"):
        expr = expr.replace(name, rate)
    return backend_macros(expr, from_ms=within.from_ms, to_ms=within.to_ms, interval_ms=interval_ms)


def postgres_macros(sql: str, within: TimeRange) -> str:
    """SQL with Grafana's macros for PostgreSQL replaced by what they mean; times are quoted as epoch seconds.

    A name without a bracket is a variable of Grafana's (`$__timezone`); it stays, and so does a macro of other
    arguments. Raises InputError for a macro that Grafana does not know, or one whose brackets are not closed.
    """
    start, end = within.from_ms // 1000, within.to_ms // 1000
    parts: list[str] = []
    at = 0
    while found := _MACRO.search(sql, at):
        parts.append(sql[at : found.start()])
        name = found[1]
        given, at = _arguments(sql, found.end()) if found[2] else ([], found.end())
        write = _POSTGRES.get(name)
        if write is None and found[2]:
            raise InputError(f"unknown macro $__{name}", f"macros: {', '.join(sorted(_POSTGRES))}")
        try:
            parts.append(write(given, start, end) if write is not None else found[0])
        except (IndexError, ValueError):
            parts.append(sql[found.start() : at])
    return "".join([*parts, sql[at:]])


def _arguments(sql: str, at: int) -> tuple[list[str], int]:
    """The arguments behind an open bracket, and where the text goes on behind its end."""
    given, depth, start = [], 0, at
    for i in range(at, len(sql)):
        if sql[i] == "(":
            depth += 1
        elif sql[i] == ")" and depth:
            depth -= 1
        elif sql[i] in ",)" and not depth:
            given.append(sql[start:i].strip())
            start = i + 1
            if sql[i] == ")":
                return [one for one in given if one], i + 1
    raise InputError("a macro's bracket is not closed", "add )")


def _group(given: Sequence[str], column: str) -> str:
    width = interval_to_ms(given[1].strip("'\""))
    if not width:
        raise ValueError(given[1])
    return f"floor({column}/{width / 1000:g})*{width / 1000:g}"


_POSTGRES: Mapping[str, Callable[[Sequence[str], int, int], str]] = {
    "time": lambda g, _s, _e: f'{g[0]} AS "time"',
    "timeEpoch": lambda g, _s, _e: f'extract(epoch from {g[0]}) as "time"',
    "timeFilter": lambda g, s, e: f"{g[0]} BETWEEN to_timestamp({s}) AND to_timestamp({e})",
    "timeFrom": lambda _g, s, _e: f"to_timestamp({s})",
    "timeTo": lambda _g, _s, e: f"to_timestamp({e})",
    "timeGroup": lambda g, _s, _e: _group(g, f"extract(epoch from {g[0]})"),
    "timeGroupAlias": lambda g, _s, _e: _group(g, f"extract(epoch from {g[0]})") + ' AS "time"',
    "unixEpochFilter": lambda g, s, e: f"{g[0]} >= {s} AND {g[0]} <= {e}",
    "unixEpochFrom": lambda _g, s, _e: str(s),
    "unixEpochTo": lambda _g, _s, e: str(e),
    "unixEpochNanoFilter": lambda g, s, e: f"{g[0]} >= {s}000000000 AND {g[0]} <= {e}000000000",
    "unixEpochNanoFrom": lambda _g, s, _e: f"{s}000000000",
    "unixEpochNanoTo": lambda _g, _s, e: f"{e}000000000",
    "unixEpochGroup": lambda g, _s, _e: _group(g, g[0]),
    "unixEpochGroupAlias": lambda g, _s, _e: _group(g, g[0]) + ' AS "time"',
    "interval": lambda _g, _s, _e: "60s",
    "interval_ms": lambda _g, _s, _e: "60000",
}
