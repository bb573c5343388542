"""Queries over loopback HTTP: the refusals recorded from Loki 3.5.9, times and steps, label kinds, tail."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from obs_check.lab.loki import LabLoki
from obs_check.logql import parse
from obs_check.standin.loki.limits import Limits
from tests.lab.loki_client import LokiClient

RECORDED = json.loads((Path(__file__).parent.parent / "fixtures/loki/answers.json").read_text())
NOW = 1795486070250797798
S = 1_000_000_000
REFUSED = [
    "log query on the instant endpoint",
    "parse error",
    "range too long",
    "too many points",
    "limit above the maximum",
    "end before start",
    "format query, bad",
]
GIVEN = ["labels", "label values", "label values of an unknown label", "series", "index stats"]
GIVEN += ["detected labels", "detected fields", "buildinfo", "patterns", "unknown path"]


@pytest.fixture(scope="module")
def recorded_loki() -> Iterator[LabLoki]:
    """A Loki in the state that the query answers were recorded in."""
    limits = Limits(discover_service_name=("app",), discover_log_levels=True)
    with LabLoki(limits=limits, clock=lambda: NOW + S) as running:
        LokiClient(running.url).push(({"a": "b"}, [[str(NOW), "x"]]))
        yield running


@pytest.mark.parametrize("answer", [a for a in RECORDED["answers"] if a["case"] in REFUSED + GIVEN],
                         ids=lambda a: a["case"])  # fmt: skip
def test_a_request_is_answered_as_recorded(recorded_loki: LabLoki, answer: dict[str, Any]) -> None:
    got = LokiClient(recorded_loki.url).http.get(answer["request"])
    assert got.status_code == answer["status"]
    if answer["body"].startswith("{"):
        assert got.json() == json.loads(answer["body"])
    else:
        assert got.text == answer["body"]


@pytest.fixture
def client() -> Iterator[LokiClient]:
    with LabLoki(clock=lambda: NOW) as running:
        yield LokiClient(running.url)


def pushed(client: LokiClient) -> None:
    entries = [[str(NOW - (10 - i) * S), f'n={i} kind="k{i % 2}"', {"trace": f"t{i}"}] for i in range(10)]
    assert client.push(({"a": "b"}, entries)).status_code == 204


@pytest.mark.parametrize(("direction", "first"), [("backward", "n=9"), ("forward", "n=0"), ("", "n=9")])
def test_lines_come_in_the_direction_asked_for(client: LokiClient, direction: str, first: str) -> None:
    pushed(client)
    data = client.get("query_range", query='{a="b"}', limit="3", direction=direction).json()["data"]
    lines = sorted(
        (value for stream in data["result"] for value in stream["values"]),
        key=lambda value: int(value[0]),
        reverse=direction != "forward",
    )
    assert data["resultType"] == "streams"
    assert len(lines) == 3
    assert lines[0][1].startswith(first)


def test_labels_are_told_apart_when_asked_for(client: LokiClient) -> None:
    pushed(client)
    params = {"query": '{a="b"} | logfmt', "limit": "1"}
    answer = client.http.get(
        "/loki/api/v1/query_range", params=params, headers={"X-Loki-Response-Encoding-Flags": "categorize-labels"}
    )
    data = answer.json()["data"]
    assert data["encodingFlags"] == ["categorize-labels"]
    (stream,) = data["result"]
    assert stream["stream"] == {"a": "b"}
    extra = {"structuredMetadata": {"trace": "t9"}, "parsed": {"n": "9", "kind": "k1"}}
    assert stream["values"] == [[str(NOW - S), 'n=9 kind="k1"', extra]]
    (plain,) = client.get("query_range", **params).json()["data"]["result"]
    assert plain["stream"] == {"a": "b", "trace": "t9", "n": "9", "kind": "k1"}


def test_counts_at_an_instant_and_over_a_range(client: LokiClient) -> None:
    pushed(client)
    query = 'sum by (kind) (count_over_time({a="b"} | logfmt [1m]))'
    vector = client.get("query", query=query, time=str(NOW)).json()["data"]
    assert vector["resultType"] == "vector"
    assert {row["metric"]["kind"]: row["value"][1] for row in vector["result"]} == {"k0": "5", "k1": "5"}
    form = {"query": query, "start": str(NOW - 60 * S), "end": str(NOW), "step": "30s"}
    matrix = client.http.post("/loki/api/v1/query_range", data=form).json()["data"]
    assert matrix["resultType"] == "matrix"
    # The last point is the first multiple of the step at or after the end.
    assert matrix["result"][0]["values"][-1] == [1795486080, "5"]


def test_a_formatted_query_means_the_same(client: LokiClient) -> None:
    query = 'sum(count_over_time({a="b"}|json|x="y"[5m]))'
    answer = client.get("format_query", query=query).json()
    assert answer["status"] == "success"
    assert parse(answer["data"]) == parse(query)


def test_a_scalar_has_the_time_that_loki_gives_it(client: LokiClient) -> None:
    answer = client.get("query", query="1 + 2", time="1795133400000000000").json()
    assert answer["data"]["resultType"] == "scalar"
    assert answer["data"]["result"] == [5799224850173, "3"]


def test_an_unknown_tenant_is_empty_and_no_error(client: LokiClient) -> None:
    pushed(client)
    answer = client.http.get(
        "/loki/api/v1/query_range", params={"query": '{a="b"}'}, headers={"X-Scope-OrgID": "nobody"}
    )
    assert (answer.status_code, answer.json()["data"]["result"]) == (200, [])


def test_tail_sends_what_is_there_and_what_comes(client: LokiClient) -> None:
    pushed(client)

    async def tail() -> list[str]:
        url = str(client.http.base_url).replace("http://", "ws://").rstrip("/")
        seen: list[str] = []
        address = f"{url}/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D%7C%3D%22n%3D9%22&start={NOW - 60 * S}"
        async with connect(address, additional_headers={"X-Scope-OrgID": "t"}, proxy=None) as socket:
            seen += lines(json.loads(await asyncio.wait_for(socket.recv(), 5)))
            late = [[str(NOW), "other"], [str(NOW + 1), "n=9 again"]]
            await asyncio.to_thread(client.push, ({"a": "b"}, late))
            seen += lines(json.loads(await asyncio.wait_for(socket.recv(), 5)))
        return seen

    assert asyncio.run(tail()) == ['n=9 kind="k1"', "n=9 again"]


def lines(message: dict[str, Any]) -> list[str]:
    return [value[1] for stream in message["streams"] for value in stream["values"]]


def test_an_open_tail_does_not_hold_up_the_stop() -> None:
    async def leave_open(loki: LabLoki) -> None:
        url = loki.url.replace("http://", "ws://")
        async with connect(f"{url}/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D", proxy=None):
            await asyncio.wait_for(asyncio.to_thread(loki.stop), 2)

    asyncio.run(leave_open(LabLoki().start()))


def test_one_line_an_interval() -> None:
    with LabLoki(clock=lambda: NOW) as running:
        client = LokiClient(running.url)
        client.push(
            *(({"a": "b", "n": str(n)}, [[str(NOW - 10 * S + k * S), f"{n}{k}"] for k in range(6)]) for n in "01")
        )

        def lines(**more: str) -> list[str]:
            answer = client.get("query_range", query='{a="b"}', **more).json()["data"]["result"]
            return sorted(line for stream in answer for _, line in stream["values"])

        assert len(lines()) == 12
        found = lines(interval="2", direction="forward")
        assert [line[1] for line in sorted(found, key=lambda line: line[1])] == ["0", "2", "4"]
        # The limit counts what the interval leaves.
        assert len(lines(interval="2", direction="forward", limit="2")) == 2
        assert client.get("query_range", query='{a="b"}', interval="-1").text.strip() == "interval must be >= 0"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"step": "1.5s"}, 'cannot parse "1.5s" to a valid duration'),
        ({"since": "30"}, "could not parse 'since' parameter: not a valid duration string: \"30\""),
        ({"since": "1.5s"}, 'could not parse \'since\' parameter: unknown unit "." in duration "1.5s"'),
    ],
)
def test_a_step_and_a_since_are_no_durations_of_go(client: LokiClient, given: dict[str, str], words: str) -> None:
    answer = client.get("query_range", query='rate({a="b"}[5m])', **given)
    assert (answer.status_code, answer.text.strip()) == (400, words)
