"""Grafana's query endpoint over what a test gives: the lab's code behind the questions that a browser sends."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

from obs_check.errors import InputError, QueryError
from obs_check.logql.settings import EngineSettings, LokiVersion
from obs_check.model.probe import Probe
from obs_check.model.window import MS
from obs_check.panel.board import Board
from obs_check.panel.datasource import Datasources, is_expression, reference_key
from obs_check.panel.elements import Dashboard
from obs_check.panel.request import Query
from obs_check.panel.variables import effective_variables
from obs_check.standin.grafana.datasource import ProvisionedDatasources as LabDatasources
from obs_check.standin.grafana.ds_query import ds_query
from obs_check.standin.loki.evaluate import answer_instant, answer_range
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.prometheus.api import PrometheusApi
from obs_check.testing.given import loki_store, prometheus_store
from obs_check.testing.suite import Case, Suite

if TYPE_CHECKING:
    from obs_check.standin.loki.store import TenantStore

_HOSTS = {"loki": "http://loki.invalid", "prometheus": "http://prometheus.invalid"}


class CaseApis(httpx.BaseTransport):
    """The APIs of Loki and Prometheus over one case, for a client that never opens a socket."""

    def __init__(self, case: Case, loki: LokiVersion) -> None:
        self.settings = EngineSettings(lambda: case.at_ns, loki)
        self.store: TenantStore = loki_store(case)
        self._prometheus = PrometheusApi(prometheus_store(case), (), 15.0, 10.0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the system would whose host is asked."""
        params = parse_qs(request.url.query.decode(), keep_blank_values=True)
        if request.url.host == "prometheus.invalid":
            status, document = self._prometheus.answer(request.url.path, params, self.settings.now_ns() // MS)
            return httpx.Response(status, json=document)
        single = {name: values[-1] for name, values in params.items()}
        answer = answer_instant if request.url.path.endswith("/query") else answer_range
        flags = request.headers.get("X-Loki-Response-Encoding-Flags", "").split(",")
        try:
            data = answer(self.store, single, self.settings, Limits(), [flag for flag in flags if flag])
        except LokiRefusal as refusal:
            return httpx.Response(refusal.status, text=refusal.body)
        except QueryError as error:
            return httpx.Response(400, text=error.message)
        return httpx.Response(200, json={"status": "success", "data": data})


def board_of(suite: Suite, case: Case, dashboard: Dashboard, given: CaseApis) -> Board:
    """The dashboard over what the case gives. InputError for a datasource that has to be named in the test file."""
    raw = [
        {"uid": uid, "name": uid, "type": kind, "url": _HOSTS.get(kind, ""), "isDefault": position == 0}
        for position, (uid, kind) in enumerate(_datasources(suite, case, dashboard).items())
    ]
    http = httpx.Client(transport=given)
    sources = LabDatasources(raw)

    def ask(query: Query) -> tuple[dict[str, Any], Probe]:
        # What a browser sends is JSON: a value that JSON has not is found here.
        body = json.loads(json.dumps(query.body))
        _, document = ds_query(http, sources, body, case.at_ns)
        return document, Probe("test", json.dumps(body), document, case.at_ns)

    return Board(dashboard, Datasources({str(one["name"]): one for one in raw}), ask, case.overrides)


def _datasources(suite: Suite, case: Case, dashboard: Dashboard) -> Mapping[str, str]:
    """uid -> type: those of the test file, else those that the dashboard's panels name with both."""
    if suite.datasources:
        return suite.datasources
    values = {name: v.value for name, v in effective_variables(dashboard, case.overrides).items()}
    kinds = {v.name: str(v.query) for v in dashboard.variables if v.type == "datasource"}
    found: dict[str, str] = {}
    for panel in dashboard.panels:
        for reference in (panel.datasource, *(t.datasource for t in panel.targets)):
            uid = reference_key(reference, values)
            kind = str(reference.get("type") or "") if isinstance(reference, Mapping) else ""
            if uid and kind and not uid.startswith("--") and not is_expression(reference):
                found.setdefault(uid, kind)
    found |= {values[name]: kind for name, kind in kinds.items() if values.get(name)}
    if not found:
        raise InputError(
            f"{suite.path}: the dashboard names no datasource with uid and type", "add datasources: {loki: loki}"
        )
    return found
