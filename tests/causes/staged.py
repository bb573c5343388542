"""A whole diagnosis of a dashboard over lines held in memory: the stand-ins of Loki and Grafana, reached without a
socket, in the place of the real ones. Nothing is sent through a firewall."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from obs_check.app.diagnose.rehearsal.in_process import InProcess
from obs_check.app.systems.dashboard_source import DashboardSource
from obs_check.app.systems.systems import Systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.grafana.variable_query import options_from
from obs_check.client.http import Access
from obs_check.client.loki.client import LokiClient
from obs_check.config import Config, LokiConfig
from obs_check.config.section import Secret
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.logql.settings import EngineSettings
from obs_check.model.entry import Entry, Labels, LogStream
from obs_check.model.finding import DashboardEdit, FileEdit
from obs_check.model.probe import Probe
from obs_check.model.window import NS
from obs_check.panel.board import Board, PanelView
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.request import Query
from obs_check.standin.grafana.api import GrafanaApi
from obs_check.standin.grafana.dashboards import Dashboards
from obs_check.standin.grafana.datasource import ProvisionedDatasources as Sources
from obs_check.standin.loki.api import LokiApi
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.served import Served

NOW_NS = 1_767_225_600 * NS
"""2026-01-01, and no other clock is read."""
LOKI_UID = "loki"
SOURCE: Mapping[str, Any] = {"uid": LOKI_UID, "name": "Loki", "type": "loki", "isDefault": True}
_LOKI, _GRAFANA, _TENANT = "loki.invalid", "grafana.invalid", "fake"


def stream(
    labels: Labels, lines: Sequence[str], metadata: Labels | None = None, ago_s: float = 1800, every_s: float = 1
) -> LogStream:
    """Lines of one stream, the first `ago_s` before now, each with the same structured metadata."""
    start = NOW_NS - round(ago_s * NS)
    entries = [Entry(start + round(n * every_s * NS), line, metadata or {}) for n, line in enumerate(lines)]
    return LogStream(labels, entries)


def dashboard(panels: Sequence[Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """A dashboard of the last hour; a panel without an id gets its number, one without a datasource the Loki."""
    source = {"type": "loki", "uid": LOKI_UID}
    made = [
        {"id": n, "title": f"panel {n}", "type": "stat", "datasource": source, **panel}
        for n, panel in enumerate(panels, start=1)
    ]
    for panel in made:
        targets = panel.get("targets") or [{"expr": panel.pop("expr"), "queryType": panel.pop("queryType", "range")}]
        panel["targets"] = [{"refId": chr(65 + n), **target} for n, target in enumerate(targets)]
    return {"uid": "staged", "title": "staged", "time": {"from": "now-1h", "to": "now"}, "panels": made, **more}


@contextmanager
def staged(
    document: dict[str, Any],
    streams: Sequence[LogStream],
    limits: Limits | None = None,
    sources: Sequence[Mapping[str, Any]] = (),
) -> Iterator[Systems]:
    """Systems of which Loki holds the streams. `sources` replace the datasource `loki`; the host of a reachable one is
    loki.invalid."""
    rules = limits or Limits()
    ingest = Ingest(replace(rules, reject_old_samples_max_age=0, creation_grace_period=0), Counters(), lambda: NOW_NS)
    ingest.push(_TENANT, list(streams))
    loki = LokiApi(ingest, Counters(), EngineSettings(lambda: NOW_NS), Served()).application()
    named = sources or [{**SOURCE, "url": f"http://{_LOKI}"}]
    with httpx.Client(transport=InProcess({_LOKI: loki})) as http, over(document, named, http, NOW_NS) as systems:
        yield systems


@contextmanager
def over(
    document: dict[str, Any], sources: Sequence[Mapping[str, Any]], http: httpx.Client, now_ns: int
) -> Iterator[Systems]:
    """Systems of a Grafana that asks the datasources through `http`, and that has no other clock than `now_ns`."""
    token = secrets.token_hex(16)
    with TemporaryDirectory(prefix="obs-check-") as empty:
        api = GrafanaApi(Dashboards(Path(empty)), Sources([dict(one) for one in sources]), token, http, lambda: now_ns)
        transport = InProcess({_GRAFANA: api.application()})
        access, hosts, url = Access(Secret("staged", lambda: token)), {f"{_GRAFANA}:80"}, f"http://{_GRAFANA}"
        grafana = GrafanaClient(url, lambda: now_ns, hosts, access, transport)
        client = LokiClient.through_grafana(url, LOKI_UID, lambda: now_ns, hosts, access, transport)
        settings = Datasources.from_settings(grafana.frontend_settings().value)

        def ask(query: Query) -> tuple[dict[str, Any], Probe]:
            answer = grafana.ds_query(query.body)
            return answer.value, answer.probe

        source = DashboardSource("staged", document)
        board = Board(load_dashboard(document, "staged"), settings, ask, {}, options_from(grafana, settings))
        config = Config(loki=LokiConfig(datasource=LOKI_UID))
        yield Systems(
            config, grafana, client, None, source, board, {}, {}, 1, now_ns=lambda: now_ns, steady_ns=lambda: now_ns
        )


def diagnosed(systems: Systems) -> Outcome:
    """What `diagnose --suggest` finds."""
    check = Check(systems, Outcome("diagnose"))
    check.panels(None)
    check.explain()
    check.suggest()
    return check.outcome


def with_fixes(systems: Systems, outcome: Outcome) -> list[PanelView]:
    """The panels as they read with every edit that was proposed, made in the order of the findings."""
    document = systems.board.dashboard.document
    for finding in outcome.findings:
        edits: list[DashboardEdit] = [e for e in finding.fix.edits if not isinstance(e, FileEdit)]
        document = apply_edits(document, edits)
    board = replace(systems.board, dashboard=load_dashboard(document, "staged"))
    return board.read(systems.now_ns())
