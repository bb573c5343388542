"""promtail's own HTTP pages: ready, metrics, targets, service discovery; and all of them as one snapshot."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from obs_check.client.answer import Answer
from obs_check.client.answered import Answered
from obs_check.client.exposition import Metrics, parse_exposition
from obs_check.client.http import Http, Wire, one_line
from obs_check.client.shipper.promtail_state import promtail_state
from obs_check.client.shipper.promtail_targets import Discovered, PromtailTarget, parse_discovery, parse_targets
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources, read_sources, with_log
from obs_check.errors import NotAllowed, Unavailable
from obs_check.model.clock_offset import ClockOffset
from obs_check.model.probe import Probe
from obs_check.model.shipping import ShipperState

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


class ShipperClient(Protocol):
    """A running shipper, whatever its make. Every method may raise Unavailable, Refused or NotAllowed."""

    def ready(self) -> Answered[bool]:
        """Whether it says that it is ready."""
        ...

    def metrics(self) -> Answered[Metrics]:
        """All its metrics."""
        ...

    def counters(self) -> Answered[ShipperState]:
        """What its metrics alone say, for asking again and again."""
        ...

    def state(self) -> Answered[ShipperState]:
        """What it says of its files, targets and destinations now."""
        ...

    @property
    def offset(self) -> ClockOffset | None:
        """Its clock against ours, None before it answered."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class PromtailClient:
    """Questions to one promtail. Every method may raise Unavailable, Refused or NotAllowed."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], int],
        allowed: Collection[str],
        transport: "httpx.BaseTransport | None" = None,
        sources: Sources = NOTHING_ELSE,
    ) -> None:
        self._http = Http("shipper", url, allowed, wire=Wire(transport))
        self._clock = clock
        self._sources = sources

    def ready(self) -> Answered[bool]:
        """Whether a target is ready; promtail's 500 "Not ready" (no job has a file) is an answer."""
        response = self._http.get("/ready", accept=(500, 503))
        answer = {"status": response.status_code, "body": one_line(response.text, 200)}
        return Answered(response.status_code == 200, self._probe("GET /ready", answer))

    def metrics(self) -> Answered[Metrics]:
        """All metrics; the probe keeps those that say what was read, sent and dropped."""
        came = self._http.get("/metrics")
        value = parse_exposition(came.text)
        kept = {name: [[labels, number] for labels, number in value[name]] for name in SHOWN_METRICS if name in value}
        return Answered(value, self._probe("GET /metrics", kept, came))

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

    def counters(self) -> Answered[ShipperState]:
        """The snapshot that the metrics alone give; the probe keeps the metrics."""
        at_ns = self._clock()
        metrics, probe = self.metrics()
        return Answered(promtail_state(at_ns, metrics), probe)

    def state(self) -> Answered[ShipperState]:
        """Metrics, targets and discovery with the positions file, the log and the disk that its sources name.

        Raises when /metrics does not answer; pages that do not are told in `missing`.
        """
        at_ns = self._clock()
        metrics = self.metrics().value
        missing: list[str] = []
        targets: list[PromtailTarget] = []
        discovered: list[Discovered] = []
        try:
            targets = self.targets().value
            discovered = self.discovery().value
        except (Unavailable, NotAllowed) as error:
            missing.append(error.message)
        positions, told = read_sources(self._sources, missing)
        state = promtail_state(at_ns, metrics, targets, discovered, positions, self._sources, tuple(missing))
        value = with_log(state, told, self._sources.disk)
        return Answered(value, self._probe("GET /metrics, /targets, /service-discovery", value.to_json()))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def offset(self) -> ClockOffset | None:
        """Its clock against ours."""
        return self._http.offset

    def _probe(self, request: str, answer: object, came: Answer | None = None) -> Probe:
        return Probe("shipper", request, answer, self._clock(), exchange=came.kept() if came else None)
