"""A real Prometheus and the lab's with the same samples: what they answer to queries, selectors and refusals, and what
both say of a target that they scrape."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs_check.lab.coderd import Coderd
from obs_check.lab.prometheus import LabPrometheus
from obs_check.standin.prometheus.store import LabelMatcher, Store
from tests.lab.test_prometheus import END, QUERIES, T0, ask, filled_store, rows
from tests.real.prometheus_process import RealPrometheus

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("prometheus") is None or shutil.which("promtool") is None,
        reason="prometheus and promtool are not on PATH: Debian's package prometheus has both",
    ),
]
AT_S = END / 1000 + 7
"""Beside the samples' times: whether a sample at the very start of a range counts changed with Prometheus 3."""
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("query", {"query": "sum("}),
    ("query", {"query": 'limit{user=~"("}'}),
    ("query", {"query": "{}"}),
    ("query", {}),
    ("query", {"query": "limit", "time": "soon"}),
    ("query", {"query": "batches_total / on(user) limit", "time": AT_S}),
    ("query", {"query": "limit / on(user) batches_total", "time": AT_S}),
    ("query", {"query": "batches_total * on(user) group_left(workspace) limit", "time": AT_S}),
    ("query_range", {"query": "x", "start": "2", "end": "1", "step": "1"}),
    ("query_range", {"query": "x", "start": "1", "end": "2", "step": "0"}),
    ("query_range", {"query": "x", "start": "0", "end": "12000", "step": "1"}),
    ("query_range", {"query": "x[5m]", "start": "0", "end": "1", "step": "1"}),
    ("series", {}),
    ("series", {"match": "1 + 1"}),
]
ALIKE: list[tuple[str, dict[str, Any]]] = [
    ("labels", {}),
    ("label/user/values", {}),
    ("label/__name__/values", {"match": '{workspace="a"}'}),
    ("series", {"match": ["limit", "once"], "start": T0 / 1000, "end": END / 1000}),
    ("query", {"query": "once[10m]", "time": AT_S}),
    ("query_range", {"query": "sum(missing) or vector(0)", "start": T0 / 1000, "end": END / 1000, "step": "45s"}),
]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    store = filled_store()
    # A series that a scrape ended cannot be written from a file.
    kept = [one for one in store.series(((),), (T0 - 1, END)) if one["__name__"] != "ended"]
    samples = [(labels, points(store, labels)) for labels in kept]
    with (
        RealPrometheus(tmp_path_factory.mktemp("prometheus"), samples=samples) as running,
        httpx.Client(base_url=f"{running.url}/api/v1", trust_env=False) as client,
    ):
        yield client


def points(store: Store, labels: dict[str, str]) -> list[tuple[int, float]]:
    (found,) = store.select([LabelMatcher(name, "=", value) for name, value in labels.items()], T0 - 1, END)
    return [(ts, value) for ts, value in found.points if value is not None]


def real_ask(real: httpx.Client, route: str, params: dict[str, Any]) -> tuple[int, Any]:
    answer = real.get(route, params={name.replace("match", "match[]"): value for name, value in params.items()})
    return answer.status_code, answer.json()


def lab_ask(store: Store, route: str, params: dict[str, Any]) -> tuple[int, Any]:
    return ask(store, route, **{name: v if isinstance(v, list) else str(v) for name, v in params.items()})


@pytest.mark.parametrize("query", [query for query, _ in QUERIES if "ended" not in query])
def test_a_query_has_the_same_values(real: httpx.Client, store: Store, query: str) -> None:
    params = {"query": query, "time": AT_S}
    status, document = real_ask(real, "query", params)
    assert status == 200
    assert rows(lab_ask(store, "query", params)[1]["data"]) == rows(document["data"])


@pytest.fixture(scope="module")
def store() -> Store:
    return filled_store()


@pytest.mark.parametrize(("route", "params"), REFUSED)
def test_the_same_is_refused(real: httpx.Client, store: Store, route: str, params: dict[str, Any]) -> None:
    status, document = real_ask(real, route, params)
    ours, shown = lab_ask(store, route, params)
    assert (ours, shown["status"], shown["errorType"]) == (status, document["status"], document["errorType"])
    assert status in (400, 422)


@pytest.mark.parametrize(("route", "params"), ALIKE)
def test_what_there_is_is_answered_alike(real: httpx.Client, store: Store, route: str, params: dict[str, Any]) -> None:
    assert lab_ask(store, route, params) == real_ask(real, route, params)


def test_a_target_is_described_alike(tmp_path: Path) -> None:
    coderd = Coderd(tmp_path / "coderd.log")
    coderd.start()
    try:
        address = coderd.url.split("//")[1]
        with (
            RealPrometheus(tmp_path / "real", [("coderd", address)], "1s") as running,
            LabPrometheus([("coderd", f"{coderd.url}/metrics")], interval_s=1.0) as lab,
        ):
            theirs, ours = scraped(running.url), scraped(lab.url)
    finally:
        coderd.stop()
    assert ours.keys() <= theirs.keys()
    same = ("labels", "scrapePool", "scrapeUrl", "lastError", "health", "scrapeInterval", "scrapeTimeout")
    assert {key: ours[key] for key in same} == {key: theirs[key] for key in same}


def scraped(url: str) -> dict[str, Any]:
    """The only target, once it was scraped; a real Prometheus finds it some time after it is ready."""
    end, pause = time.monotonic() + 20, threading.Event()
    while True:
        targets = httpx.get(f"{url}/api/v1/targets", trust_env=False).json()["data"]["activeTargets"]
        if targets and targets[0]["health"] != "unknown":
            return dict(targets[0])
        assert time.monotonic() < end
        pause.wait(0.1)
