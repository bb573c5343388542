"""A running shipper over HTTP, whatever its make: ready, metrics, and all that it says as one snapshot."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, ClassVar

from obs_check.client.answer import Answer
from obs_check.client.answered import Answered, SystemClient
from obs_check.client.exposition import Metrics, parse_exposition
from obs_check.client.http import Http, Wire, one_line
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources, read_sources, with_log
from obs_check.model.probe import Probe
from obs_check.model.shipping import ShipperState

if TYPE_CHECKING:
    import httpx


class ShipperClient(SystemClient, ABC):
    """Questions to one shipper. Every method may raise Unavailable, Refused or NotAllowed."""

    READY: ClassVar[str]
    """The path that says whether it is ready; a 500 or 503 is an answer."""
    PAGES: ClassVar[str]
    """What `state` asks beside the metrics."""
    SNAPSHOT: ClassVar[Callable[..., ShipperState]]
    """Puts all of it together: the time, the metrics, and by name what else is known."""

    def __init__(
        self,
        url: str,
        clock: Callable[[], int],
        allowed: Collection[str],
        transport: "httpx.BaseTransport | None" = None,
        sources: Sources = NOTHING_ELSE,
    ) -> None:
        super().__init__(Http("shipper", url, allowed, wire=Wire(transport)))
        self._clock = clock
        self._sources = sources

    def ready(self) -> Answered[bool]:
        """Whether it says that it is ready."""
        response = self._http.get(self.READY, accept=(500, 503))
        answer = {"status": response.status_code, "body": one_line(response.text, 200)}
        return Answered(response.status_code == 200, self._probe(f"GET {self.READY}", answer))

    def metrics(self) -> Answered[Metrics]:
        """All metrics; the probe keeps those that say what was read, sent and dropped."""
        came = self._http.get("/metrics")
        value = parse_exposition(came.text)
        kept = {name: [[labels, number] for labels, number in value[name]] for name in self._shown(value)}
        return Answered(value, self._probe("GET /metrics", kept, came))

    def counters(self) -> Answered[ShipperState]:
        """The snapshot that the metrics alone give, for asking again and again; the probe keeps the metrics."""
        at_ns = self._clock()
        metrics, probe = self.metrics()
        return Answered(self.SNAPSHOT(at_ns, metrics), probe)

    def state(self) -> Answered[ShipperState]:
        """Metrics and pages with the positions file, the log and the disk that its sources name.

        Raises when /metrics does not answer; pages that do not are told in `missing`.
        """
        at_ns = self._clock()
        metrics = self.metrics().value
        missing: list[str] = []
        pages = self._pages(missing)
        positions, told = read_sources(self._sources, missing)
        beside = {"positions": positions, "sources": self._sources, "missing": tuple(missing)}
        state = self.SNAPSHOT(at_ns, metrics, **pages, **beside)
        value = with_log(state, told, self._sources.disk)
        return Answered(value, self._probe(f"GET /metrics, {self.PAGES}", value.to_json()))

    @abstractmethod
    def _shown(self, metrics: Metrics) -> list[str]:
        """The names of the metrics that a probe keeps."""

    @abstractmethod
    def _pages(self, missing: list[str]) -> Mapping[str, object]:
        """What its pages say, by what the snapshot calls it; why one does not is added to `missing`."""

    def _probe(self, request: str, answer: object, came: Answer | None = None) -> Probe:
        return Probe("shipper", request, answer, self._clock(), exchange=came.kept() if came else None)
