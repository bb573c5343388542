"""The lab Grafana as one object: start, ask its `url`, stop."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from obs_check.client.http import machine_trust
from obs_check.serving import Server, Startable
from obs_check.standin.grafana.dashboards import Dashboards
from obs_check.standin.grafana.datasource import ProvisionedDatasources
from obs_check.standin.sql import LabDatabase

_ANSWER_S = 30.0
"""How long a datasource may take to answer."""


class LabGrafana(Startable):
    """A Grafana 13 on loopback over a folder of dashboards and a list of datasources (uid, name, type, url, jsonData,
    secureJsonData, isDefault). Requests need `Authorization: Bearer <token>`."""

    def __init__(
        self,
        dashboards_dir: Path,
        datasources: Sequence[Mapping[str, object]],
        token: str,
        database: LabDatabase | None = None,
    ) -> None:
        self._dashboards_dir = dashboards_dir
        self._datasources = datasources
        self._token = token
        self._port = 0
        self._database = database
        self._server: Server | None = None
        self._close: Callable[[], None] | None = None

    def start(self) -> Self:
        """Serve, once more where it served before; Unavailable when the port is taken."""
        import httpx

        from obs_check.standin.grafana.api import GrafanaApi

        http = httpx.Client(timeout=_ANSWER_S, trust_env=False, verify=machine_trust())
        self._close = http.close
        sources = ProvisionedDatasources(self._datasources, self._database)
        api = GrafanaApi(Dashboards(self._dashboards_dir), sources, self._token, http, time.time_ns)
        self._server = Server(api.application(), port=self._port, name="lab-grafana")
        try:
            self._port = self._server.start().port
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop serving and hang up on the datasources. Stopping twice is not an error."""
        if self._server is not None:
            self._server.stop()
        if self._close is not None:
            self._close()
            self._close = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`; Unavailable when it is not running."""
        return (self._server or Server(None, name="lab-grafana")).url
