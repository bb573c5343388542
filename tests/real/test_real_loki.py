"""The recorded answers and the lab's Loki, both against a real Loki that has the same lines."""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs_check.lab.loki import LabLoki
from obs_check.standin.loki.limits import Limits
from tests.lab.loki_client import LokiClient
from tests.logql.test_conformance import same_number
from tests.real import record_cases
from tests.real.loki_process import RealLoki

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("loki") is None, reason="loki is not on PATH: put a Loki 3.5 there to compare"),
]

FIXTURES = Path(__file__).parent.parent / "fixtures" / "logql"
CASES = ["agent-firewall", "line-filters", "label-filters", "parser-json"]
UNLIMITED = Limits(
    tenancy="off",
    reject_old_samples_max_age=0,
    creation_grace_period=0,
    ingestion_rate=0,
    per_stream_rate=0,
)
PARAMETERS = ("time", "start", "end", "step", "limit", "direction")


def read(name: str) -> Any:
    return json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))


def fixture_streams() -> list[tuple[dict[str, str], list[list[Any]]]]:
    return [(s["labels"], sorted(s["entries"], key=lambda e: int(e[0]))) for s in read("streams")["streams"]]


def queries(*cases: str) -> list[Any]:
    return [
        pytest.param(query, id=f"{case}-{n}-{query['type']}")
        for case in cases
        for n, query in enumerate(read(case)["queries"])
    ]


def ask(http: httpx.Client, query: dict[str, Any]) -> tuple[int, str, Any]:
    """Status, kind of result and the rows in an order that does not depend on the server."""
    path = "/loki/api/v1/query" if query["type"] == "instant" else "/loki/api/v1/query_range"
    params = {"query": query["query"], **{name: str(query[name]) for name in PARAMETERS if name in query}}
    answer = http.get(path, params=params)
    if answer.status_code != 200:
        return answer.status_code, "", []
    data = answer.json()["data"]
    return 200, data["resultType"], rows(query["query"], data["resultType"], data["result"])


def rows(query: str, kind: str, result: Any) -> list[Any]:
    """Sorted rows; of `topk` and `bottomk` only the values at each time, as Loki chooses among equal ones freely."""
    if kind == "scalar":
        return [float(result[1])]
    if kind == "streams":
        return sorted((ts, json.dumps(s["stream"], sort_keys=True), line) for s in result for ts, line in s["values"])
    points = [
        (json.dumps(series["metric"], sort_keys=True), float(at), float(value))
        for series in result
        for at, value in (series["values"] if kind == "matrix" else [series["value"]])
    ]
    if "topk" in query or "bottomk" in query:
        return sorted(("", at, value) for _, at, value in points)
    return sorted(points)


def same(have: list[Any], want: list[Any]) -> bool:
    if have and isinstance(have[0], tuple) and isinstance(have[0][2], float):
        return [row[:2] for row in have] == [row[:2] for row in want] and all(
            same_number(a[2], b[2]) for a, b in zip(have, want, strict=True)
        )
    return have == want


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLoki]:
    with RealLoki(tmp_path_factory.mktemp("loki")) as loki:
        streams = fixture_streams()
        for labels, values in streams:
            loki.push(labels, values)
        newest = max(int(values[-1][0]) for _, values in streams)
        lines = sum(len(values) for _, values in streams)
        counts = " + ".join(f"sum(count_over_time({{{name}=~`.+`}}[1h]))" for name in ("app", "job"))
        loki.flush(f"{counts} == {lines}", newest)
        yield loki


@pytest.fixture(scope="module")
def lab() -> Iterator[LokiClient]:
    streams = fixture_streams()
    newest = max(int(values[-1][0]) for _, values in streams)
    with LabLoki(limits=UNLIMITED, clock=lambda: newest + 10**9) as running:
        client = LokiClient(running.url, None)
        assert client.push(*streams).status_code == 204
        yield client


@pytest.mark.parametrize("query", queries(*CASES))
def test_loki_answers_as_recorded(real: RealLoki, query: dict[str, Any]) -> None:
    status, kind, have = ask(real.http, query)
    want = query["want"]
    assert status == want["status"]
    if status == 200:
        assert kind == want["resultType"]
        assert same(have, rows(query["query"], kind, want["result"])), query["query"]


@pytest.mark.parametrize("query", queries("agent-firewall"))
def test_the_labs_loki_answers_as_the_real_one(real: RealLoki, lab: LokiClient, query: dict[str, Any]) -> None:
    ours, theirs = ask(lab.http, query), ask(real.http, query)
    assert ours[:2] == theirs[:2]
    assert same(ours[2], theirs[2]), query["query"]


@pytest.fixture(scope="module", params=[RealLoki, record_cases.NewerLoki], ids=lambda kind: kind.program)
def real_with_own_lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLoki]:
    if shutil.which(request.param.program) is None:
        pytest.skip(f"{request.param.program} is not on PATH: put a Loki 3.7 there to compare")
    with request.param(tmp_path_factory.mktemp("own")) as loki:
        record_cases.push(loki)
        yield loki


@pytest.mark.parametrize("name", ["grammar", "metrics", "refusals"])
def test_our_own_cases_are_what_loki_answers(real_with_own_lines: RealLoki, name: str) -> None:
    for query in record_cases.read(record_cases.OWN / f"{name}.json.gz")["queries"]:
        if "stage '" in query["want"].get("error", ""):
            continue  # Loki looks at a stage where there are lines for it only
        newer = isinstance(real_with_own_lines, record_cases.NewerLoki)
        want = query.get("newer", query["want"]) if newer else query["want"]
        have = record_cases.answer(real_with_own_lines, query)
        assert have["status"] == want["status"], query["query"]
        if have["status"] == 200:
            both = [rows(query["query"], one["resultType"], one["result"]) for one in (have, want)]
            assert same(*both), query["query"]
        elif want["error"].startswith("parse error"):
            assert have["error"] == want["error"]
