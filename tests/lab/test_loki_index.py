"""Sizes, labels and fields as Loki 3.5.9 answered them (tests/fixtures/loki/index.json), before and after a flush."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_check.lab.loki import LabLoki
from obs_check.standin.loki.limits import Limits
from tests.lab.index_requests import NS, REQUESTS, ask, streams
from tests.lab.loki_client import LokiClient

RECORDED = json.loads((Path(__file__).parent.parent / "fixtures/loki/index.json").read_text())
BASE = RECORDED["base"]
UNLIMITED = Limits(
    tenancy="off", reject_old_samples_max_age=0, creation_grace_period=0, ingestion_rate=0, per_stream_rate=0
)


@pytest.fixture(scope="module", params=["fresh", "flushed"])
def phase(request: pytest.FixtureRequest) -> Iterator[tuple[LokiClient, list[dict[str, Any]]]]:
    with LabLoki(limits=UNLIMITED, clock=lambda: BASE + 600 * NS) as running:
        client = LokiClient(running.url, None)
        for stream in streams(BASE):
            assert client.push(stream).status_code == 204
        if request.param == "flushed":
            assert client.http.post("/flush").status_code == 204
        yield client, RECORDED[request.param]


@pytest.mark.parametrize("number", range(len(REQUESTS)), ids=[f"{n}-{path}" for n, (path, *_) in enumerate(REQUESTS)])
def test_a_request_is_answered_as_recorded(phase: tuple[LokiClient, list[dict[str, Any]]], number: int) -> None:
    client, want = phase
    assert ask(client.http, *REQUESTS[number], BASE) == want[number]
