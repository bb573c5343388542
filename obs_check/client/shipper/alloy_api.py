"""Alloy's own HTTP interface: ready, metrics, components; and all of them as one snapshot."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec import Struct

from obs_check.client.answer import Answer
from obs_check.client.answered import Answered
from obs_check.client.exposition import Metrics, parse_exposition
from obs_check.client.http import Http, Wire, one_line
from obs_check.client.shipper.alloy_state import FILE_MATCH, FILE_SOURCE, alloy_state, component_id
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources, read_sources, with_log
from obs_check.errors import NotAllowed, Unavailable
from obs_check.model.clock_offset import ClockOffset
from obs_check.model.probe import Probe
from obs_check.model.shipping import ShipperState
from obs_check.model.tree import Json

if TYPE_CHECKING:
    import httpx

_COMPONENTS = "/api/v0/web/components"
_PREFIXES = ("loki_source_file_", "loki_write_sent", "loki_write_dropped", "loki_write_batch", "loki_process_dropped")
"""What the probe of `metrics` keeps."""


class _Health(Struct):
    state: str | None = None
    message: str | None = None


class _Component(Struct):
    """One component of Alloy's list; what is in its blocks is read by `alloy_state.py`."""

    name: str | None = None
    localID: str | None = None  # noqa: N815
    moduleID: str | None = None  # noqa: N815
    health: _Health | None = None


class AlloyClient:
    """Questions to one Alloy 1.x. Every method may raise Unavailable, Refused or NotAllowed."""

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
        """Whether its configuration was loaded; a 503 is an answer."""
        response = self._http.get("/-/ready", accept=(500, 503))
        answer = {"status": response.status_code, "body": one_line(response.text, 200)}
        return Answered(response.status_code == 200, self._probe("GET /-/ready", answer))

    def metrics(self) -> Answered[Metrics]:
        """All metrics; the probe keeps those that say what was read, sent and dropped."""
        came = self._http.get("/metrics")
        value = parse_exposition(came.text)
        kept = {
            name: [[labels, number] for labels, number in rows]
            for name, rows in value.items()
            if name.startswith(_PREFIXES)
        }
        return Answered(value, self._probe("GET /metrics", kept, came))

    def components(self) -> Answered[list[dict[str, Any]]]:
        """All components with their health; those that find and read files with arguments, exports and debug info."""
        listed = self._http.json(self._http.get(_COMPONENTS), list[_Component])
        value = []
        for component in listed:
            if component.get("name") in (FILE_MATCH, FILE_SOURCE):
                path = f"{_COMPONENTS}/{quote(component_id(component), safe='/')}"
                value.append(self._http.json(self._http.get(path), _Component))
            else:
                value.append(component)
        shown = [{"id": component_id(c), "health": (c.get("health") or {}).get("state")} for c in value]
        return Answered(value, self._probe(f"GET {_COMPONENTS}", shown))

    def counters(self) -> Answered[ShipperState]:
        """The snapshot that the metrics alone give; the probe keeps the metrics."""
        at_ns = self._clock()
        metrics, probe = self.metrics()
        return Answered(alloy_state(at_ns, metrics), probe)

    def state(self) -> Answered[ShipperState]:
        """Metrics and components with the positions file, the log and the disk that its sources name.

        Raises when /metrics does not answer; components that do not are told in `missing`.
        """
        at_ns = self._clock()
        metrics = self.metrics().value
        missing: list[str] = []
        components: list[dict[str, Json]] = []
        try:
            components = self.components().value
        except (Unavailable, NotAllowed) as error:
            missing.append(error.message)
        positions, told = read_sources(self._sources, missing)
        disk, globs = self._sources.disk, self._sources.globs
        state = alloy_state(at_ns, metrics, components, positions, disk, globs, tuple(missing))
        value = with_log(state, told, disk)
        return Answered(value, self._probe(f"GET /metrics, {_COMPONENTS}", value.to_json()))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @property
    def offset(self) -> ClockOffset | None:
        """Its clock against ours."""
        return self._http.offset

    def _probe(self, request: str, answer: object, came: Answer | None = None) -> Probe:
        return Probe("shipper", request, answer, self._clock(), exchange=came.kept() if came else None)
