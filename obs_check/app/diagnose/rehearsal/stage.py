"""Grafana and Loki of a rehearsal: the lab's, over given streams, reached without a socket."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from obs_check.app.diagnose.rehearsal.in_process import InProcess
from obs_check.app.systems.systems import Systems
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.http import Access
from obs_check.client.loki.client import LokiClient
from obs_check.config.section import Secret
from obs_check.model.entry import LogStream
from obs_check.model.probe import Probe
from obs_check.model.tree import Json
from obs_check.panel.request import Query
from obs_check.standin.grafana.api import GrafanaApi
from obs_check.standin.grafana.dashboards import Dashboards
from obs_check.standin.grafana.datasource import ProvisionedDatasources
from obs_check.standin.loki.api import LokiApi
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.served import Served

_LOKI, _GRAFANA = "loki.invalid", "grafana.invalid"
_TENANT = "fake"


@contextmanager
def on_stage(systems: Systems, streams: Sequence[LogStream]) -> Iterator[Systems]:
    """The same dashboard, expectations and clock with a Grafana whose Loki holds these streams and nothing else.
    Raises Refusal where that Loki refuses one. Other datasources than Loki do not answer."""
    ingest = Ingest(Limits(reject_old_samples_max_age=0, creation_grace_period=0), Counters(), systems.now_ns)
    if streams:
        ingest.push(_TENANT, list(streams))
    loki = LokiApi(ingest, Counters(), systems.engine(), Served()).application()
    token = secrets.token_hex(16)
    sources: list[dict[str, Json]] = [
        {
            "uid": d.uid,
            "name": d.name,
            "type": d.type,
            "url": f"http://{_LOKI}" if d.kind == "loki" else "http://elsewhere.invalid",
            "isDefault": d is systems.board.datasources.default,
        }
        for d in systems.board.datasources
    ]
    with TemporaryDirectory(prefix="obs-check-") as empty, httpx.Client(transport=InProcess({_LOKI: loki})) as http:
        api = GrafanaApi(Dashboards(Path(empty)), ProvisionedDatasources(sources), token, http, systems.now_ns)
        transport = InProcess({_GRAFANA: api.application()})
        access, hosts, url = Access(Secret("rehearsal", lambda: token)), {f"{_GRAFANA}:80"}, f"http://{_GRAFANA}"
        grafana = GrafanaClient(url, systems.now_ns, hosts, access, transport)
        uid = systems.config.loki.uid
        client = LokiClient.through_grafana(url, uid, systems.now_ns, hosts, access, transport)

        def ask(query: Query) -> tuple[dict[str, object], Probe]:
            answer = grafana.ds_query(query.body)
            return answer.value, answer.probe

        yield replace(systems, grafana=grafana, loki=client, shipping=None, board=replace(systems.board, ask=ask))
