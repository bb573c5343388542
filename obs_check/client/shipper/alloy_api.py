"""Alloy's own HTTP interface: ready, metrics, components; and all of them as one snapshot."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from obs_check.client.answered import Answered
from obs_check.client.exposition import Metrics
from obs_check.client.shipper.alloy_state import FILE_MATCH, FILE_SOURCE, alloy_state, component_id
from obs_check.client.shipper.shipper_client import ShipperClient
from obs_check.errors import NotAllowed, Unavailable

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


class AlloyClient(ShipperClient):
    """Questions to one Alloy 1.x."""

    READY = "/-/ready"
    PAGES = _COMPONENTS
    SNAPSHOT = staticmethod(alloy_state)

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

    def _shown(self, metrics: Metrics) -> list[str]:
        return [name for name in metrics if name.startswith(_PREFIXES)]

    def _pages(self, missing: list[str]) -> Mapping[str, object]:
        try:
            return {"components": self.components().value}
        except (Unavailable, NotAllowed) as error:
            missing.append(error.message)
            return {}
