"""The shipper's own counters, in the names and labels of promtail 3.5."""

import threading
from collections.abc import Mapping

from obs_check.client.exposition import sample_line

_TYPES = {
    "logentry_dropped_lines_total": "counter",
    "promtail_batch_retries_total": "counter",
    "promtail_config_reload_fail_total": "counter",
    "promtail_config_reload_success_total": "counter",
    "promtail_dropped_bytes_total": "counter",
    "promtail_dropped_entries_total": "counter",
    "promtail_encoded_bytes_total": "counter",
    "promtail_file_bytes_total": "gauge",
    "promtail_files_active_total": "gauge",
    "promtail_mutated_entries_total": "counter",
    "promtail_read_bytes_total": "gauge",
    "promtail_read_lines_total": "counter",
    "promtail_request_duration_seconds": "histogram",
    "promtail_sent_bytes_total": "counter",
    "promtail_sent_entries_total": "counter",
    "promtail_targets_active_total": "gauge",
    "promtail_targets_failed_total": "counter",
    "process_start_time_seconds": "gauge",
}
_HISTOGRAM_PARTS = ("_bucket", "_count", "_sum")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds of the request duration histogram."""
DROP_REASONS = ("ingester_error", "line_too_long", "rate_limited", "stream_limited")
"""Counters that exist with 0 from a tenant's first batch on."""

Key = tuple[str, tuple[tuple[str, str], ...]]


class Metrics:
    """Counters and gauges; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[Key, float] = {
            ("promtail_config_reload_fail_total", ()): 0,
            ("promtail_config_reload_success_total", ()): 0,
            ("promtail_files_active_total", ()): 0,
            ("promtail_targets_active_total", ()): 0,
        }

    @staticmethod
    def _key(name: str, labels: Mapping[str, str]) -> Key:
        return name, tuple(sorted(labels.items(), key=lambda p: (p[0] == "le", p[0])))

    def add(self, name: str, value: float = 1, **labels: str) -> None:
        """Raise a counter; adding 0 makes it appear."""
        with self._lock:
            key = self._key(name, labels)
            self._values[key] = self._values.get(key, 0) + value

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        with self._lock:
            self._values[self._key(name, labels)] = value

    def get(self, name: str, **labels: str) -> float | None:
        """A value, None when the series is not there."""
        with self._lock:
            return self._values.get(self._key(name, labels))

    def forget(self, name: str, **labels: str) -> None:
        """Take a series away (promtail does so when a tail stops)."""
        with self._lock:
            self._values.pop(self._key(name, labels), None)

    def first_batch(self, host: str, tenant: str) -> None:
        """Make the drop counters of a tenant appear."""
        for reason in DROP_REASONS:
            for name in ("promtail_dropped_entries_total", "promtail_dropped_bytes_total"):
                self.add(name, 0, host=host, tenant=tenant, reason=reason)
        self.add("promtail_batch_retries_total", 0, host=host, tenant=tenant)

    def request(self, host: str, status: int, seconds: float) -> None:
        """One push request; status -1 means that no HTTP answer came."""
        name, labels = "promtail_request_duration_seconds", {"host": host, "status_code": str(status)}
        for bound in BUCKETS:
            self.add(f"{name}_bucket", float(seconds <= bound), **labels, le=f"{bound:g}")
        self.add(f"{name}_bucket", 1, **labels, le="+Inf")
        self.add(f"{name}_sum", seconds, **labels)
        self.add(f"{name}_count", 1, **labels)

    def values(self) -> dict[Key, float]:
        """All series of now."""
        with self._lock:
            return dict(self._values)

    def text(self) -> str:
        """All series in Prometheus' text format."""
        values = self.values()
        lines: list[str] = []
        for family, kind in _TYPES.items():
            names = [family + part for part in _HISTOGRAM_PARTS] if kind == "histogram" else [family]
            rows = [row for name in names for row in _rows(values, name)]
            if rows:
                lines += [f"# TYPE {family} {kind}", *rows]
        return "\n".join(lines) + "\n"


def exposition(values: dict[Key, float]) -> str:
    """Series in Prometheus' text format, without their types."""
    return "\n".join(row for name in dict.fromkeys(name for name, _ in values) for row in _rows(values, name)) + "\n"


def _rows(values: dict[Key, float], name: str) -> list[str]:
    found = [(labels, value) for (own, labels), value in values.items() if own == name]
    if not name.endswith("_bucket"):
        found.sort()
    return [sample_line(name, labels, f"{value:.15g}") for labels, value in found]
