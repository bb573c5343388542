"""The datasources of the lab Grafana, and the requests it makes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from obs_check.model.tree import Json
from obs_check.standin.grafana.refusal import GrafanaRefusal
from obs_check.standin.sql import LabDatabase

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class ProvisionedDatasource:
    """One configured datasource. `secure` (the values of jsonData's httpHeaderName<n>) never leaves the process but as
    a header to the datasource."""

    id: int
    uid: str
    name: str
    type: str
    url: str
    json_data: Mapping[str, Json] = field(default_factory=dict)
    is_default: bool = False
    secure: Mapping[str, str] = field(default_factory=dict, repr=False)
    database: LabDatabase | None = field(default=None, repr=False)

    @classmethod
    def read(cls, number: int, raw: Mapping[str, Any], database: LabDatabase | None = None) -> "ProvisionedDatasource":
        """From a provisioning entry: uid, name, type, url, jsonData, secureJsonData, isDefault."""
        return cls(
            number,
            str(raw["uid"]),
            str(raw.get("name", raw["uid"])),
            str(raw["type"]),
            str(raw.get("url", "")).rstrip("/"),
            raw.get("jsonData") or {},
            bool(raw.get("isDefault", False)),
            raw.get("secureJsonData") or {},
            database if "postgres" in str(raw["type"]) else None,
        )

    @property
    def headers(self) -> dict[str, str]:
        """Headers that are added to every request."""
        found = {}
        for key, name in self.json_data.items():
            if key.startswith("httpHeaderName") and (value := self.secure.get(key.replace("Name", "Value"))):
                found[str(name)] = value
        return found

    def get(
        self,
        http: "httpx.Client",
        path: str,
        params: Mapping[str, str] | bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> "httpx.Response":
        """GET a path below the datasource's URL; OSError-like httpx.HTTPError when there is no answer."""
        sent = {**(headers or {}), **self.headers}
        if isinstance(params, bytes):
            return http.get(f"{self.url}{path}" + (f"?{params.decode()}" if params else ""), headers=sent)
        return http.get(f"{self.url}{path}", params=dict(params), headers=sent)

    def to_json(self) -> dict[str, Any]:
        """As /api/datasources lists it."""
        return {
            "id": self.id,
            "uid": self.uid,
            "orgId": 1,
            "name": self.name,
            "type": self.type,
            "typeName": self.type.capitalize(),
            "access": "proxy",
            "url": self.url,
            "user": "",
            "database": "",
            "basicAuth": False,
            "isDefault": self.is_default,
            "jsonData": dict(self.json_data),
            "readOnly": False,
        }

    def to_settings(self) -> dict[str, Json]:
        """As /api/frontend/settings lists it: the URL is the proxy's."""
        return {
            "id": self.id,
            "uid": self.uid,
            "name": self.name,
            "type": self.type,
            "url": f"/api/datasources/proxy/uid/{self.uid}",
            "access": "proxy",
            "isDefault": self.is_default,
            "jsonData": dict(self.json_data),
            "meta": {"id": self.type, "type": "datasource", "name": self.type.capitalize()},
        }


class ProvisionedDatasources:
    """The configured datasources by uid; those of PostgreSQL ask `database`."""

    def __init__(self, raw: Sequence[Mapping[str, object]], database: LabDatabase | None = None) -> None:
        self.all = [ProvisionedDatasource.read(number, entry, database) for number, entry in enumerate(raw, 1)]

    def find(self, uid: str, code: int = 404, message: str = "Data source not found") -> ProvisionedDatasource:
        """The one of that uid; Refusal when there is none: its code and text differ from route to route."""
        for one in self.all:
            if one.uid == uid:
                return one
        raise GrafanaRefusal(code, message)

    @property
    def default_name(self) -> str:
        """Name of the default one; Grafana's own datasource when none is."""
        return next((one.name for one in self.all if one.is_default), "-- Grafana --")
