"""Takes a push in: limits first, then the streams of the tenant."""

import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext

from obs_check.model.entry import Entry, Labels, LogStream
from obs_check.standin.loki.archive import Archive
from obs_check.standin.loki.checks import PushFault, check_entry, check_stream, entry_size
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.label_syntax import normalise_entry
from obs_check.standin.loki.levels import with_level
from obs_check.standin.loki.limits import Bucket, Limits
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.store import TenantStore
from obs_check.standin.loki.wording import go_time, label_text, rfc3339, size_text
from obs_check.standin.loki.write_ahead import WriteAhead

_SHOWN = 10
"""Loki 3.5 names at most so many entries of a stream in an answer."""


class Ingest:
    """All tenants of one lab Loki. `clock` gives ns since the epoch; `archive` is where a Writer, if there is one,
    moves their lines to; `ahead` has them until then."""

    def __init__(
        self,
        limits: Limits,
        counters: Counters,
        clock: Callable[[], int],
        archive: Archive | None = None,
        ahead: WriteAhead | None = None,
    ) -> None:
        self.limits = limits
        self.archive = archive or Archive()
        self.ahead = ahead
        self.changed = threading.Event()
        """Set after every push that brought something."""
        self._counters = counters
        self._clock = clock
        self._lock = threading.Lock()
        self.tenants: dict[str, TenantStore] = {}
        self._tenant_buckets: dict[str, Bucket] = {}
        self._stream_buckets: dict[tuple[str, str], Bucket] = {}

    def tenant(self, name: str) -> TenantStore:
        """The streams of a tenant; a tenant nobody pushed to has none, which is not an error."""
        with self._lock:
            return self.tenants.setdefault(name, TenantStore(self.archive, name))

    def push(self, tenant: str, streams: list[LogStream]) -> None:
        """Store what is good; Refusal with the first reason when something was not (the rest is stored all the same),
        or when nothing can be kept.

        Loki 3.5: lines are counted as received before they are checked, limits of the tenant come before those of a
        stream, and a push with good and bad entries answers the error of the bad ones.
        """
        if not streams:
            raise LokiRefusal(422, "error at least one valid stream is required for ingestion")
        self._refuse_blocked(tenant, streams)
        self._count_received(tenant, streams)
        good: list[LogStream] = []
        first: str | None = None
        for stream in streams:
            if not stream.entries:
                continue
            kept, fault = self._checked(tenant, self._named(stream))
            if fault is not None and first is None:
                first = fault.text
            if kept.entries:
                good.append(kept)
        self._refuse_rate(tenant, good)
        accepted: dict[frozenset[tuple[str, str]], LogStream] = {}
        refused = [refusal for stream in good if (refusal := self._accept(tenant, stream, accepted)) is not None]
        self._store(tenant, list(accepted.values()))
        if refused:
            raise refused[-1]
        if first is not None:
            raise LokiRefusal(400, first)

    def _count_received(self, tenant: str, streams: Iterable[LogStream]) -> None:
        lines = size = 0
        for stream in streams:
            lines += len(stream.entries)
            size += sum(map(entry_size, stream.entries))
        if lines:
            same = {"tenant": tenant, "aggregated_metric": "false", "policy": ""}
            self._counters.add("loki_distributor_lines_received_total", lines, **same)
            self._counters.add("loki_distributor_bytes_received_total", size, retention_hours="", **same)

    def _named(self, stream: LogStream) -> LogStream:
        candidates = self.limits.discover_service_name
        if not candidates or "service_name" in stream.labels:
            return stream
        found = next((stream.labels[name] for name in candidates if name in stream.labels), "unknown_service")
        return LogStream({**stream.labels, "service_name": found}, stream.entries)

    def _checked(self, tenant: str, stream: LogStream) -> tuple[LogStream, PushFault | None]:
        labels, entries = stream
        if (fault := check_stream(labels, tenant, self.limits)) is not None:
            lines, size = len(entries), sum(map(entry_size, entries))
            if fault.reason == "missing_labels":
                # Loki 3.5 counts the push here, not its lines.
                self._counters.discarded(fault.reason, tenant, 1, None)
            else:
                self._counters.discarded(fault.reason, tenant, lines, size)
            if fault.reason.startswith(("label_", "max_label", "missing_labels")):
                # Loki 3.5 counts what is wrong with labels a second time.
                self._counters.discarded("invalid_labels", tenant, lines, size)
            return LogStream(labels, []), fault
        now = self._clock()
        first: PushFault | None = None
        kept = []
        for entry in entries:
            entry = self._cut(tenant, normalise_entry(entry))
            fault = check_entry(labels, entry, now, self.limits)
            if fault is None:
                entry = _in_64_bits(entry)
                kept.append(with_level(entry) if self.limits.discover_log_levels else entry)
                continue
            self._counters.discarded(fault.reason, tenant, 1, entry_size(entry))
            first = first or fault
        return LogStream(labels, kept), first

    def _cut(self, tenant: str, entry: Entry) -> Entry:
        limit = self.limits.max_line_size
        if not self.limits.max_line_size_truncate or len(line := entry.line.encode()) <= limit:
            return entry
        # Loki 3.5 writes the tenant into the label called `truncated`.
        self._counters.add("loki_mutated_samples_total", 1, reason="line_too_long", truncated=tenant)
        return entry._replace(line=line[:limit].decode("utf-8", "ignore"))

    def _refuse_blocked(self, tenant: str, streams: list[LogStream]) -> None:
        if not self.limits.blocked_until:
            return
        for stream in streams:
            size = sum(map(entry_size, stream.entries))
            self._counters.discarded("blocked_ingestion", tenant, len(stream.entries), size)
        status = self.limits.blocked_status
        if status == 200:
            raise LokiRefusal(204, "")
        raise LokiRefusal(
            status,
            f"ingestion blocked for user {tenant} until '{self.limits.blocked_until}' with status code '{status}'",
        )

    def _refuse_rate(self, tenant: str, streams: list[LogStream]) -> None:
        if not self.limits.ingestion_rate:
            return
        lines = sum(len(s.entries) for s in streams)
        size = sum(entry_size(e) for s in streams for e in s.entries)
        now = self._clock()
        with self._lock:
            bucket = self._tenant_buckets.setdefault(
                tenant, Bucket(self.limits.ingestion_rate, self.limits.ingestion_burst, now)
            )
            if bucket.take(size, now):
                return
        self._counters.discarded("rate_limited", tenant, lines, size)
        raise LokiRefusal(
            429,
            f"ingestion rate limit exceeded for user {tenant} (limit: {self.limits.ingestion_rate} bytes/sec) while "
            f"attempting to ingest '{lines}' lines totaling '{size}' bytes, reduce log volume or contact your Loki "
            "administrator to see if the limit can be increased",
        )

    def _store(self, tenant: str, streams: list[LogStream]) -> None:
        if not streams:
            return
        store = self.tenant(tenant)
        with self.ahead.kept(tenant, streams) if self.ahead is not None else nullcontext():
            added = [store.append(*stream) for stream in streams]
        if any(added):
            self.changed.set()

    def _accept(
        self, tenant: str, stream: LogStream, accepted: dict[frozenset[tuple[str, str]], LogStream]
    ) -> LokiRefusal | None:
        """Add what a stream takes of its entries to `accepted`."""
        labels, entries = stream
        store = self.tenant(tenant)
        known = store.find(labels)
        if known is None and self.limits.max_streams and len(store) >= self.limits.max_streams:
            size = sum(map(entry_size, entries))
            self._counters.discarded("stream_limit", tenant, len(entries), size)
            return LokiRefusal(
                429,
                f"maximum active stream limit exceeded when trying to create stream {label_text(labels)}, reduce the "
                "number of active streams (reduce labels or reduce label values), or contact your Loki administrator "
                f"to see if the limit can be increased, user: '{tenant}'",
            )
        if known is None:
            # Loki 3.5: a stream is there from its first push on, even when all of its entries are refused.
            self._counters.add("loki_ingester_streams_created_total", 1, tenant=tenant)
            store.append(labels, ())
        if (over := self._over_stream_rate(tenant, labels, entries)) is not None:
            return over
        same = accepted.get(key := frozenset(labels.items()))
        times = [entry.ts for entry in same.entries] if same else []
        if known is not None and known.newest is not None:
            times.append(known.newest)
        near, refusal = self._not_too_far_behind(tenant, stream, max(times, default=None))
        if near:
            accepted.setdefault(key, LogStream(labels, [])).entries.extend(near)
        return refusal

    def _over_stream_rate(self, tenant: str, labels: Labels, entries: list[Entry]) -> LokiRefusal | None:
        rate = self.limits.per_stream_rate
        if not rate:
            return None
        text, now = label_text(labels), self._clock()
        size = sum(map(entry_size, entries))
        with self._lock:
            bucket = self._stream_buckets.setdefault((tenant, text), Bucket(rate, self.limits.per_stream_burst, now))
            if bucket.take(size, now):
                return None
        self._counters.discarded("per_stream_rate_limit", tenant, len(entries), size)
        reasons = [
            (
                entry.ts,
                f"Per stream rate limit exceeded (limit: {size_text(rate)}/sec) while attempting to ingest for stream "
                f"'{text}' totaling {size_text(entry_size(entry))}, consider splitting a stream via additional labels "
                "or contact your Loki administrator to see if the limit can be increased",
            )
            for entry in entries
        ]
        return LokiRefusal(429, _ignored(reasons, tenant, len(entries), text))

    def _not_too_far_behind(
        self, tenant: str, stream: LogStream, newest: int | None
    ) -> tuple[list[Entry], LokiRefusal | None]:
        near: list[Entry] = []
        reasons: list[tuple[int, str]] = []
        for entry in stream.entries:
            if newest is not None and self.limits.too_far_behind and entry.ts < newest - self.limits.too_far_behind:
                oldest = newest - self.limits.too_far_behind
                text = (
                    f"entry too far behind, entry timestamp is: {rfc3339(entry.ts)}, "
                    f"oldest acceptable timestamp is: {rfc3339(oldest)}"
                )
                reasons.append((entry.ts, text))
                self._counters.discarded("too_far_behind", tenant, 1, entry_size(entry))
                continue
            newest = entry.ts if newest is None else max(newest, entry.ts)
            near.append(entry)
        if not reasons:
            return near, None
        return near, LokiRefusal(400, _ignored(reasons, tenant, len(stream.entries), label_text(stream.labels)))


def _in_64_bits(entry: Entry) -> Entry:
    """Loki 3.5 keeps times as ns in 64 bits: one outside, as that of an entry without a time, wraps around."""
    wrapped = (entry.ts + (1 << 63)) % (1 << 64) - (1 << 63)
    return entry if wrapped == entry.ts else entry._replace(ts=wrapped)


def _ignored(reasons: list[tuple[int, str]], tenant: str, total: int, stream: str) -> str:
    lines = [f"entry with timestamp {go_time(ts)} ignored, reason: '{reason}',\n" for ts, reason in reasons[:_SHOWN]]
    return "".join(lines) + f"user '{tenant}', total ignored: {len(reasons)} out of {total} for stream: {stream}"
