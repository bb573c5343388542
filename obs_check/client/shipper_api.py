"""The shipper's own HTTP pages: ready, metrics, targets."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from obs_check.client.answered import Answered
from obs_check.client.exposition import Metrics, parse_exposition
from obs_check.client.http import Http
from obs_check.client.promtail_targets import Target, parse_targets
from obs_check.model.probe import Probe

if TYPE_CHECKING:
    import httpx

SHOWN_METRICS = (
    "promtail_read_lines_total",
    "promtail_read_bytes_total",
    "promtail_file_bytes_total",
    "promtail_sent_entries_total",
    "promtail_dropped_entries_total",
    "logentry_dropped_lines_total",
    "promtail_targets_active_total",
    "promtail_files_active_total",
)
"""What the probe of `metrics` keeps. promtail 3.5: a drop stage counts in logentry_dropped_lines_total only."""


class PromtailClient:
    """Questions to one promtail. Every method may raise Unavailable, Refused or NotAllowed."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], int],
        allowed: Collection[str],
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        self._http = Http("shipper", url, allowed, transport=transport)
        self._clock = clock

    def ready(self) -> Answered[bool]:
        """Whether a target is ready; promtail's 500 "Not ready" (no job has a file) is an answer."""
        response = self._http.get("/ready", accept=(500, 503))
        answer = {"status": response.status_code, "body": response.text.strip()[:200]}
        return Answered(response.status_code == 200, self._probe("GET /ready", answer))

    def metrics(self) -> Answered[Metrics]:
        """All metrics; the probe keeps those that say what was read, sent and dropped."""
        value = parse_exposition(self._http.get("/metrics").text)
        kept = {name: [[labels, number] for labels, number in value[name]] for name in SHOWN_METRICS if name in value}
        return Answered(value, self._probe("GET /metrics", kept))

    def targets(self) -> Answered[list[Target]]:
        """The targets with their files and positions."""
        value = parse_targets(self._http.get("/targets").text)
        shown = [
            {"job": t.job, "ready": t.ready, "path": t.discovered.get("__path__", ""), "positions": t.positions}
            for t in value
        ]
        return Answered(value, self._probe("GET /targets", shown))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _probe(self, request: str, answer: Any) -> Probe:
        return Probe("shipper", request, answer, self._clock())
