"""Loki's answers, direct and through Grafana."""

import time
from typing import Any

import httpx
import pytest

from obs_check.app.systems.systems import settings_for
from obs_check.client.http import Access
from obs_check.client.loki.client import LokiClient
from obs_check.config import host_port
from obs_check.config.section import Secret
from obs_check.errors import Refused, Unavailable
from obs_check.lab.loki import LabLoki
from obs_check.logql.settings import LokiVersion
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Sample, Scalar, Series, Streams, Vector
from obs_check.model.window import NS, Window
from obs_check.standin.loki.limits import Limits
from tests.lab.loki_client import LokiClient as LokiPush

WINDOW = Window(1 * NS, 61 * NS)


class Recorder:
    """Answers every request with one response and keeps the requests."""

    def __init__(self, response: httpx.Response) -> None:
        self.seen: list[httpx.Request] = []
        self.response = response

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return self.response


def client(response: httpx.Response) -> tuple[LokiClient, Recorder]:
    recorder = Recorder(response)
    transport = httpx.MockTransport(recorder)
    access = Access(Secret("test", lambda: "hush"), "team-a")
    url, allowed = "http://loki.example:3100", {"loki.example:3100"}
    return LokiClient.direct(url, lambda: 9, allowed, access, transport), recorder


def answer(kind: str, result: Any, **rest: Any) -> httpx.Response:
    stats = {"summary": {"totalBytesProcessed": 123, "totalLinesProcessed": 4, "execTime": 0.5}}
    return httpx.Response(
        200, json={"status": "success", "data": {"resultType": kind, "result": result, "stats": stats}, **rest}
    )


@pytest.mark.parametrize(
    ("kind", "result", "expected"),
    [
        (
            "streams",
            [{"stream": {"a": "b"}, "values": [["2", "line 2"], ["1", "line 1", {"structuredMetadata": {"m": "n"}}]]}],
            Streams([LogStream({"a": "b"}, [Entry(2, "line 2"), Entry(1, "line 1", {"m": "n"})])]),
        ),
        ("streams", [], Streams([])),
        (
            "vector",
            [{"metric": {"a": "b"}, "value": [1795480918.603, "22"]}],
            Vector([Sample({"a": "b"}, 1_795_480_918_603_000_000, 22.0)]),
        ),
        (
            "matrix",
            [{"metric": {}, "values": [[1, "1"], [2, "+Inf"]]}],
            Matrix([Series({}, [(NS, 1.0), (2 * NS, float("inf"))])]),
        ),
        ("scalar", [1, "2"], Scalar(NS, 2.0)),
        ("vector", None, Vector([])),
    ],
)
def test_results(kind: str, result: Any, expected: object) -> None:
    loki, _ = client(answer(kind, result))
    value, probe = loki.query_range("{a=`b`}", WINDOW)
    assert value == expected
    assert (probe.system, probe.bytes_read, probe.at_ns, probe.window) == ("loki", 123, 9, WINDOW)
    assert probe.answer["type"] == kind


def test_what_is_asked() -> None:
    loki, recorder = client(answer("streams", [], warnings=["partial"]))
    _, probe = loki.query_range('{a="b"}', WINDOW, step_ns=1_500_000_000, limit=7, direction="forward")
    request = recorder.seen[0]
    assert request.url.path == "/loki/api/v1/query_range"
    assert dict(request.url.params) == {
        "query": '{a="b"}',
        "start": "1000000000",
        "end": "61000000000",
        "step": "1.5",
        "limit": "7",
        "direction": "forward",
    }
    assert request.headers["X-Scope-OrgID"] == "team-a"
    assert request.headers["Authorization"] == "Bearer hush"
    assert probe.answer["warnings"] == ["partial"]
    assert "hush" not in repr(probe)
    loki.query("vector(1)", 5)
    assert recorder.seen[1].url.params["time"] == "5"


def test_through_grafana() -> None:
    recorder = Recorder(httpx.Response(200, json={"status": "success", "data": ["b", "a"]}))
    loki = LokiClient.through_grafana(
        "https://g.example/sub/",
        "u/id",
        lambda: 0,
        {"g.example:443"},
        Access(Secret("test", lambda: "hush"), org_id=2),
        httpx.MockTransport(recorder),
    )
    assert loki.labels(WINDOW).value == ["a", "b"]
    request = recorder.seen[0]
    assert request.url.raw_path.startswith(b"/sub/api/datasources/proxy/uid/u%2Fid/loki/api/v1/labels?")
    assert request.headers["X-Grafana-Org-Id"] == "2"
    assert "X-Scope-OrgID" not in request.headers


def test_an_unknown_label_has_no_values() -> None:
    loki, recorder = client(httpx.Response(200, json={"status": "success"}))
    assert loki.label_values("nope", WINDOW).value == []
    assert recorder.seen[0].url.path == "/loki/api/v1/label/nope/values"


def test_series_and_discards_and_ready() -> None:
    loki, recorder = client(httpx.Response(200, json={"status": "success", "data": [{"a": "b"}]}))
    assert loki.series(['{a="b"}', '{c="d"}'], WINDOW).value == [{"a": "b"}]
    assert recorder.seen[0].url.params.get_list("match[]") == ['{a="b"}', '{c="d"}']
    loki, _ = client(httpx.Response(200, text='loki_discarded_samples_total{reason="rate_limited"} 3\n'))
    value, probe = loki.discarded()
    assert value == {"rate_limited": 3}
    assert probe.answer["loki_discarded_samples_total"] == [[{"reason": "rate_limited"}, 3.0]]
    loki, _ = client(httpx.Response(503, text="Ingester not ready\n"))
    assert loki.ready().value is False


@pytest.mark.parametrize(
    ("body", "said", "taken_for", "told"),
    [
        ({"version": "3.7.6", "revision": "5003600"}, "3.7.6", (3, 7), "loki is 3.7.6"),
        ({"version": "v3.6.0-amd64"}, "v3.6.0-amd64", (3, 6), "loki is v3.6.0-amd64"),
        ({"version": "2.9.1"}, "2.9.1", (2, 9), "loki is 2.9.1"),
        ({"version": "main-1fc394b"}, "main-1fc394b", (3, 5), "calls its version main-1fc394b"),
        ({"version": ""}, "", (3, 5), "does not say its version"),
        ([], "", (3, 5), "does not say its version"),
    ],
)
def test_the_version_is_asked_for(body: object, said: str, taken_for: LokiVersion, told: str) -> None:
    loki, recorder = client(httpx.Response(200, json=body))
    value, probe = loki.version()
    assert (value, probe.answer) == (said, {"version": said})
    assert recorder.seen[0].url.path == "/loki/api/v1/status/buildinfo"
    details: list[str] = []
    assert settings_for(loki, lambda: 9, details.append).loki == taken_for
    assert told in details[0]


def test_a_loki_that_cannot_be_asked_for_its_version_is_taken_for_3_5() -> None:
    for status, told in ((404, "404"), (403, "403"), (502, "502")):
        details: list[str] = []
        assert settings_for(client(httpx.Response(status))[0], lambda: 9, details.append).loki == (3, 5)
        assert told in details[0] and "Loki 3.5" in details[0]


def test_a_refusal_has_lokis_own_words() -> None:
    loki, _ = client(httpx.Response(400, text="parse error at line 1, col 2: syntax error\n"))
    with pytest.raises(Refused, match="parse error at line 1"):
        loki.query_range("{", WINDOW)


@pytest.mark.parametrize(
    "body", [{"status": "error"}, {"status": "success"}, [], {"data": {"resultType": "new", "result": []}}]
)
def test_other_shapes_are_no_answers(body: object) -> None:
    loki, _ = client(httpx.Response(200, json=body))
    with pytest.raises(Unavailable):
        loki.query_range("{a=`b`}", WINDOW)


@pytest.mark.parametrize(("period", "enabled", "kept"), [("31d", True, 31 * 86400 * NS), ("1w", False, None)])
def test_the_retention_is_a_duration_of_prometheus(period: str, enabled: bool, kept: int | None) -> None:
    text = f"limits_config:\n  retention_period: {period}\ncompactor:\n  retention_enabled: {str(enabled).lower()}\n"
    asked, _ = client(httpx.Response(200, text=text))
    assert asked.retention().value == kept


def test_what_is_kept_of_the_configuration_has_no_secret() -> None:
    text = (
        "limits_config:\n  retention_period: 1h\ncompactor:\n  retention_enabled: true\n"
        "common:\n  storage:\n    s3:\n      secret_access_key: canary-s3\n"
    )
    asked, _ = client(httpx.Response(200, text=text))
    exchange = asked.retention().probe.exchange
    assert exchange is not None
    assert "secret_access_key: (hidden)" in exchange.text
    assert "canary" not in exchange.text
    assert (exchange.method, exchange.target, exchange.status) == ("GET", "/config", 200)


def test_lines_come_in_pages_where_loki_gives_few_at_once() -> None:
    base = time.time_ns() // NS * NS - 60 * NS
    # Four of one time, which no page ends between without losing one, unless that time is asked for again.
    at = [base + min(n, 6) * NS for n in range(10)]
    pushed = [[str(ts), f"line {n}"] for n, ts in enumerate(at)]
    window = Window(base, base + 60 * NS)
    with LabLoki(limits=Limits(max_entries_per_query=5)) as loki:
        assert LokiPush(loki.url, None).push(({"job": "a"}, pushed[::2])).status_code == 204
        assert LokiPush(loki.url, None).push(({"job": "b"}, pushed[1::2])).status_code == 204
        asked = LokiClient.direct(loki.url, time.time_ns, {host_port(loki.url)})
        every = asked.lines('{job=~".+"}', window, 5000).value
        assert sorted(line for _, line in every) == [line for _, line in pushed]
        assert {labels["job"] for labels, _ in every} == {"a", "b"}
        assert len(asked.lines('{job=~".+"}', window, 6).value) == 6
        assert asked.lines('{job="a"} |= `none`', window, 5000).value == []
        with pytest.raises(Refused, match="parse error"):
            asked.lines("{job=", window, 5000)


def test_many_small_pages_give_every_line_and_more_of_one_time_than_a_page_are_refused() -> None:
    base = time.time_ns() // NS * NS - 60 * NS
    window = Window(base, base + 60 * NS)
    with LabLoki(limits=Limits(max_entries_per_query=3)) as loki:
        many = [[str(base + n * 1000), f"line {n}"] for n in range(100)]
        crowded = [[str(base), f"line {n}"] for n in range(4)]
        pushed = LokiPush(loki.url, None).push(({"job": "many"}, many), ({"job": "crowded"}, crowded))
        assert pushed.status_code == 204
        asked = LokiClient.direct(loki.url, time.time_ns, {host_port(loki.url)})
        assert len(asked.lines('{job="many"}', window, 5000).value) == 100
        with pytest.raises(Refused, match="max_entries_limit_per_query"):
            asked.lines('{job="crowded"}', window, 5000)
