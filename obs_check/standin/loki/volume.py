"""`index/stats`, `index/volume` and `index/volume_range`: sizes by series or label, from chunks alone.

Loki 3.5 estimates: a chunk that lies partly in a window counts by the part of its time. What is on disk is counted in
whole KiB, what is not in bytes, and `index/stats` sees only what is on disk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Labels
from obs_check.model.window import MS
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.params import NS, check_length, forward_window, parse_range, whole_limit
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.store import StreamChunks
from obs_check.standin.loki.wording import label_text

_LIMIT = 100
_KIB = 1024


class VolumeRequest(NamedTuple):
    """What to sum up: `labels` are the names to aggregate by, None for all of a stream."""

    start_ns: int
    end_ns: int
    step_ns: int
    limit: int
    labels: frozenset[str] | None
    by: Literal["series", "labels"]
    targeted: bool


def index_stats(streams: Iterable[StreamChunks], start_ns: int, end_ns: int) -> dict[str, int]:
    """Streams, chunks, bytes and entries on disk."""
    total = {"streams": 0, "chunks": 0, "bytes": 0, "entries": 0}
    for stream in streams:
        inside = [(c, share) for c in stream.stored if (share := c.in_ms().share(start_ns, end_ns))]
        entries = sum(int(chunk.entries * share) for chunk, share in inside)
        if entries:
            total["streams"] += 1
            total["chunks"] += len(inside)
            total["bytes"] += sum(int(chunk.kib * share) * _KIB for chunk, share in inside)
            total["entries"] += entries
    return total


def read_volume_request(
    params: Mapping[str, str], matchers: Sequence[Matcher], now_ns: int, limits: Limits, *, over_time: bool
) -> VolumeRequest:
    """The parameters; Refusal as Loki words it."""
    limit = whole_limit(params.get("limit") or str(_LIMIT)) or _LIMIT
    if limit < 0:
        raise LokiRefusal(400, "limit must be a positive value")
    by = params.get("aggregateBy") or "series"
    if by not in ("series", "labels"):
        raise LokiRefusal(400, "invalid aggregation option")
    step = 0
    if over_time:
        asked = parse_range({**params, "limit": str(limit)}, now_ns, limits)
        start, end, step = asked.start, asked.end, asked.step
    else:
        start, end = forward_window(params, now_ns)
        check_length(start, end, limits)
    targeted = params.get("targetLabels", "")
    targets = targeted.split(",") if targeted else []
    names = frozenset(targets or (m.name for m in matchers))
    return VolumeRequest(
        start, end, step, limit, names or None, "labels" if by == "labels" else "series", bool(targets)
    )


def volumes(streams: Sequence[StreamChunks], asked: VolumeRequest) -> dict[str, Any]:
    """`resultType` and `result`: a vector, or a matrix when a series has more than one value; largest first."""
    found: dict[str, tuple[Labels, list[tuple[float, int]]]] = {}
    for start, end in _buckets(asked):
        sums: dict[str, tuple[Labels, int]] = {}
        for stream in streams:
            size = _size(stream, start // NS * NS, end // NS * NS)
            if size is None:
                continue
            for name, labels in _names(stream.labels, asked):
                sums[name] = (labels, sums.get(name, (labels, 0))[1] + size)
        largest = sorted(sums.items(), key=lambda item: (-item[1][1], item[0]))[: asked.limit]
        for name, (labels, size) in largest:
            found.setdefault(name, (labels, []))[1].append((end // MS / 1000, size))
    ordered = sorted(found.items(), key=lambda item: (-item[1][1][0][1], item[0]))
    rows = [(labels, [[_seconds(at), str(size)] for at, size in values]) for _, (labels, values) in ordered]
    if any(len(values) > 1 for _, values in rows):
        return {"resultType": "matrix", "result": [{"metric": labels, "values": values} for labels, values in rows]}
    return {"resultType": "vector", "result": [{"metric": labels, "value": values[0]} for labels, values in rows]}


def _buckets(asked: VolumeRequest) -> Iterator[tuple[int, int]]:
    """Steps from multiples of the step on, each but the last ends 1 ms before the next."""
    if not asked.step_ns:
        yield asked.start_ns, asked.end_ns
        return
    at = asked.start_ns - asked.start_ns % asked.step_ns
    begin = asked.start_ns
    while at < asked.end_ns:
        at += asked.step_ns
        yield begin, (at - MS if at < asked.end_ns else asked.end_ns)
        begin = at


def _size(stream: StreamChunks, start_ns: int, end_ns: int) -> int | None:
    """Bytes of a stream in a window; None for a stream that is not in it."""
    stored = [(c.kib, c.entries, c.in_ms().share(start_ns, end_ns)) for c in stream.stored]
    on_disk = sum(int(entries * share) for _, entries, share in stored)
    fresh = stream.fresh
    in_memory = fresh is not None and end_ns > fresh.start_ns and start_ns <= fresh.end_ns
    if not on_disk and not in_memory:
        return None
    size = sum(int(kib * share) * _KIB for kib, _, share in stored) if on_disk else 0
    if fresh is not None and in_memory and start_ns < fresh.end_ns:
        size += int(fresh.size * fresh.share(start_ns, end_ns))
    return size


def _names(labels: Labels, asked: VolumeRequest) -> Iterator[tuple[str, Labels]]:
    """What a stream's size is added to: the series of the labels asked for, or each label's name. Loki 3.5: a stream
    without one of the labels that are targeted is left out."""
    if asked.targeted and asked.labels is not None and not asked.labels <= labels.keys():
        return
    if asked.by == "labels":
        for name in labels:
            if not asked.targeted or (asked.labels is not None and name in asked.labels):
                yield name, {name: ""}
        return
    kept = {name: value for name, value in labels.items() if asked.labels is None or name in asked.labels}
    yield label_text(kept), kept


def _seconds(at: float) -> int | float:
    return int(at) if at == int(at) else at
