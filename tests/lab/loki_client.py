"""Asks a lab Loki over loopback HTTP, in the tests."""

import json
from typing import Any

import httpx

from obs_check.client.http import machine_trust


class LokiClient:
    """Pushes and asks as one tenant (None: without the header)."""

    def __init__(self, url: str, tenant: str | None = "t") -> None:
        headers = {"X-Scope-OrgID": tenant} if tenant else {}
        self.http = httpx.Client(base_url=url, headers=headers, trust_env=False, verify=machine_trust())

    def push(self, *streams: tuple[dict[str, str], list[list[Any]]]) -> httpx.Response:
        body = {"streams": [{"stream": labels, "values": values} for labels, values in streams]}
        return self.push_raw(json.dumps(body).encode())

    def push_raw(self, body: bytes, kind: str = "application/json", **headers: str) -> httpx.Response:
        return self.http.post("/loki/api/v1/push", content=body, headers={"Content-Type": kind, **headers})

    def get(self, path: str, **params: str) -> httpx.Response:
        return self.http.get(f"/loki/api/v1/{path}", params=params)
