"""The lab Grafana beside answers recorded from Grafana 12.4.0, over what its datasources had answered."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs_check.lab.grafana import LabGrafana
from tests.lab.grafana_answers import settled, shown
from tests.lab.test_grafana_lab import TOKEN, Upstream, client_of

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures/grafana/ds-query-12.4.0.json").read_text())
KINDS = {"loki": "loki", "wrong": "loki", "prometheus": "prometheus", "wrongprom": "prometheus"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def grafana(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    sources = [{"uid": uid, "name": uid, "type": kind, "url": upstream.url} for uid, kind in KINDS.items()]
    with (
        LabGrafana(tmp_path_factory.mktemp("dashboards"), sources, TOKEN) as lab,
        client_of(lab.url) as client,
    ):
        yield client


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: str(case["name"]))
def test_a_query_is_answered_as_recorded(grafana: httpx.Client, upstream: Upstream, case: dict[str, Any]) -> None:
    answers = [(one["status"], one["text"] if "text" in one else json.dumps(one["json"])) for one in case["upstream"]]
    upstream.answers = list(answers)
    status, document = shown(grafana.post("/api/ds/query", json=case["body"]))
    recorded = shown(httpx.Response(case["status"], json=case["answer"]))[1]
    assert (status, settled(document)) == (case["status"], settled(recorded))
    assert upstream.answers == []
