"""Grafana's splitting of Loki queries by days: the browser does it where `lokiQuerySplitting` is on (13: default)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from obs_check.panel.frames import Field, Frame, RefResult
from obs_check.panel.interval import interval_to_ms

DAY_MS = 86_400_000
_WHOLE_RANGE = re.compile(r"\[\$__range")
_LOGS = re.compile(r"\s*\{")

Chunk = tuple[int, int]
"""Start and end in ms."""


def is_split(query: Mapping[str, object], start_ms: int, end_ms: int) -> bool:
    """Whether the browser asks for this query day by day. Grafana tests for `[$__range` by its text, so that a query
    with `[${__range}]` is split, and its range then means one day."""
    instant = query.get("queryType") == "instant"
    return end_ms - start_ms > DAY_MS and not instant and not _WHOLE_RANGE.search(str(query.get("expr") or ""))


def is_log_query(query: Mapping[str, object]) -> bool:
    """Whether a query answers lines: it begins with its selector."""
    return bool(_LOGS.match(str(query.get("expr") or "")))


def chunks(query: Mapping[str, Any], start_ms: int, end_ms: int) -> list[Chunk]:
    """The ranges in the order in which they are asked for: the newest first; lines in direction forward oldest first.

    Lines: days back from the end. Metrics: as many whole steps as a day has; the first start lies on a step, and each
    chunk ends a step before the next.
    """
    if is_log_query(query):
        found = list(_days_back(start_ms, end_ms))
        return found[::-1] if query.get("direction") == "forward" else found
    resolution = int(query.get("resolution") or 1)
    step = (interval_to_ms(str(query.get("step") or "")) or int(query.get("intervalMs") or 1000)) * resolution
    length = DAY_MS // step * step
    if not length or length >= end_ms - start_ms:
        return [(start_ms, end_ms)]
    found, at = [], start_ms - start_ms % step
    while at < end_ms:
        found.append((at, min(at + length - step, end_ms)))
        at += length
    return found[::-1]


def chunk_query(query: Mapping[str, object], lines_left: int | None) -> dict[str, object]:
    """A query as it is sent for one chunk: lines with what is left of their limit, metrics without one."""
    sent = {key: value for key, value in query.items() if key != "maxLines"}
    return sent if lines_left is None else {**sent, "maxLines": lines_left}


def join_results(results: Sequence[RefResult], forward: bool) -> RefResult:
    """The answers to the chunks of one refId as one, in the order of time; lines newest first unless `forward`. The
    first error is kept beside what came before it."""
    groups: dict[tuple[object, ...], list[Frame]] = {}
    for result in results:
        for frame in result.frames:
            groups.setdefault(tuple((f.name, f.type, *sorted(f.labels.items())) for f in frame.fields), []).append(
                frame
            )
    frames = [_one(group, not forward and _is_lines(group[0])) for group in groups.values()]
    failed = next((r for r in results if r.error), results[0])
    notices = tuple(dict.fromkeys(n for r in results for n in r.notices))
    return replace(failed, frames=frames, notices=notices)


def _days_back(start_ms: int, end_ms: int) -> Iterator[Chunk]:
    end = end_ms
    while end > start_ms:
        yield max(start_ms, end - DAY_MS), end
        end -= DAY_MS


def _is_lines(frame: Frame) -> bool:
    return any(f.type == "string" for f in frame.fields)


def _one(frames: Sequence[Frame], newest_first: bool) -> Frame:
    first = frames[0]
    rows = [frame.row(i) for frame in frames for i in range(frame.rows)]
    time = next((i for i, f in enumerate(first.fields) if f.type == "time"), None)
    if time is not None:
        rows.sort(key=lambda row: row[time] or 0, reverse=newest_first)
    columns: list[Field] = [replace(f, values=[row[i] for row in rows]) for i, f in enumerate(first.fields)]
    return replace(first, fields=columns)
