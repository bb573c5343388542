"""promtail's own HTTP pages: ready, metrics, targets, service discovery; and all of them as one snapshot."""

from collections.abc import Mapping

from obs_check.client.answered import Answered
from obs_check.client.exposition import Metrics
from obs_check.client.shipper.promtail_state import promtail_state
from obs_check.client.shipper.promtail_targets import Discovered, PromtailTarget, parse_discovery, parse_targets
from obs_check.client.shipper.shipper_client import ShipperClient
from obs_check.errors import NotAllowed, Unavailable

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


class PromtailClient(ShipperClient):
    """Questions to one promtail. Its 500 "Not ready" says that no job has a file."""

    READY = "/ready"
    PAGES = "/targets, /service-discovery"
    SNAPSHOT = staticmethod(promtail_state)

    def targets(self) -> Answered[list[PromtailTarget]]:
        """The targets with their files and positions."""
        value = parse_targets(self._http.get("/targets").text)
        shown = [
            {"job": t.job, "ready": t.ready, "path": t.discovered.get("__path__", ""), "positions": t.positions}
            for t in value
        ]
        return Answered(value, self._probe("GET /targets", shown))

    def discovery(self) -> Answered[list[Discovered]]:
        """The targets as they were found, with the reason of each that is not used."""
        value = parse_discovery(self._http.get("/service-discovery").text)
        shown = [{"job": t.job, "path": t.discovered.get("__path__", ""), "dropped": t.dropped} for t in value]
        return Answered(value, self._probe("GET /service-discovery", shown))

    def _shown(self, metrics: Metrics) -> list[str]:
        return [name for name in SHOWN_METRICS if name in metrics]

    def _pages(self, missing: list[str]) -> Mapping[str, object]:
        found: dict[str, object] = {}
        try:
            found["targets"] = self.targets().value
            found["discovered"] = self.discovery().value
        except (Unavailable, NotAllowed) as error:
            missing.append(error.message)
        return found
