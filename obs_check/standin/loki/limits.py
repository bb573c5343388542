"""What the lab Loki refuses: `limits_config` of Loki 3.5 with its defaults."""

from dataclasses import dataclass
from typing import Literal

HOUR = 3_600_000_000_000
"""Nanoseconds an hour."""
MINUTE = HOUR // 60
KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations in ns, sizes in bytes, rates in bytes a second; 0 switches an age, rate or stream limit off.

    `tenancy`: "required" is Loki's `auth_enabled: true` (no header: 401), "off" its `auth_enabled: false` (the header
    is ignored, everything belongs to `fake`), "optional" takes the header when there is one, else `fake`.
    """

    tenancy: Literal["required", "optional", "off"] = "optional"
    reject_old_samples_max_age: int = 168 * HOUR
    creation_grace_period: int = 10 * MINUTE
    too_far_behind: int = HOUR
    max_push_size: int = 32 * MIB
    """Of the body of a request, as sent and unpacked: the lab's own limit, far above its rates."""
    max_line_size: int = 256 * KIB
    max_line_size_truncate: bool = False
    max_label_names: int = 15
    max_label_name_length: int = 1024
    max_label_value_length: int = 2048
    allow_structured_metadata: bool = True
    max_structured_metadata_entries: int = 128
    max_structured_metadata_size: int = 64 * KIB
    ingestion_rate: int = 4 * MIB
    ingestion_burst: int = 6 * MIB
    per_stream_rate: int = 3 * MIB
    per_stream_burst: int = 15 * MIB
    max_streams: int = 5000
    blocked_until: str = ""
    """RFC 3339 time up to which pushes are blocked; empty: not blocked."""
    blocked_status: int = 260
    enforced_labels: tuple[str, ...] = ()
    discover_service_name: tuple[str, ...] = ()
    """Labels that `service_name` is taken from when a push has none; empty: nothing is added."""
    discover_log_levels: bool = False
    retention_period: int = 0
    """How long lines are kept, ns; 0 for ever. Its compactor looks every `compaction_interval_s` seconds."""
    compaction_interval_s: float = 0.2
    max_entries_per_query: int = 5000
    max_query_series: int = 500
    max_query_length: int = 721 * HOUR
    max_query_lookback: int = 0
    """How far back queries see, ns; 0 for as far as there is."""
    blocked_queries: tuple[str, ...] = ()
    """Regular expressions of queries that are refused."""
    max_points: int = 11_000


class Bucket:
    """A rate limit: `rate` bytes a second flow in, up to `burst` bytes; it starts full."""

    def __init__(self, rate: int, burst: int, now_ns: int) -> None:
        self._rate = rate
        self._burst = burst
        self._level = float(burst)
        self._at = now_ns

    def take(self, size: int, now_ns: int) -> bool:
        """Take `size` bytes if they are there, else nothing."""
        passed = max(0, now_ns - self._at) / 1_000_000_000
        self._level = min(float(self._burst), self._level + passed * self._rate)
        self._at = now_ns
        if size > self._level:
            return False
        self._level -= size
        return True
