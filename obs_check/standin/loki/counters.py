"""The metrics of the lab Loki, in the text form that Prometheus scrapes."""

import threading
from collections import defaultdict
from collections.abc import Mapping

from obs_check.client.exposition import sample_line

HELP = {
    "loki_discarded_bytes_total": ("counter", "The total number of bytes that were discarded."),
    "loki_discarded_samples_total": ("counter", "The total number of samples that were discarded."),
    "loki_distributor_bytes_received_total": ("counter", "Uncompressed bytes received, with structured metadata."),
    "loki_distributor_lines_received_total": ("counter", "Lines received, before they are checked."),
    "loki_ingester_memory_streams": ("gauge", "Streams in memory."),
    "loki_ingester_streams_created_total": ("counter", "Streams created."),
    "loki_mutated_samples_total": ("counter", "Lines that were changed on the way in."),
}


class Counters:
    """Counted values by metric name and labels; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], int] = defaultdict(int)

    def add(self, name: str, amount: int, **labels: str) -> None:
        """Count `amount` more."""
        with self._lock:
            self._values[name, tuple(sorted(labels.items()))] += amount

    def discarded(self, reason: str, tenant: str, lines: int, size: int | None) -> None:
        """Count lines that were refused and their bytes (None: not counted)."""
        labels = {"reason": reason, "tenant": tenant, "policy": "", "retention_hours": "0"}
        self.add("loki_discarded_samples_total", lines, **labels)
        if size is not None:
            self.add("loki_discarded_bytes_total", size, **labels)

    def value(self, name: str, **labels: str) -> int:
        """The sum of the series of a metric that have these labels."""
        wanted = set(labels.items())
        with self._lock:
            return sum(v for (metric, have), v in self._values.items() if metric == name and wanted <= set(have))

    def text(self, streams: Mapping[str, int]) -> str:
        """All metrics; `streams` is the number of streams by tenant."""
        with self._lock:
            rows = sorted(self._values.items())
        rows += [(("loki_ingester_memory_streams", (("tenant", t),)), n) for t, n in sorted(streams.items())]
        lines: list[str] = []
        last = ""
        for (name, labels), value in sorted(rows):
            if name != last:
                kind, text = HELP[name]
                lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
                last = name
            lines.append(sample_line(name, labels, value))
        return "\n".join(lines) + "\n"
