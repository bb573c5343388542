"""The lab Grafana over loopback HTTP, before datasources whose answers are given."""

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from obs_check.client.http import machine_trust
from obs_check.lab.grafana import LabGrafana
from obs_check.serving import Server
from obs_check.standin.grafana.datasource import ProvisionedDatasource
from obs_check.standin.grafana.passing import pass_websocket_through

TOKEN = "glsa_lab"
FROM, TO = "1795478400000", "1795482000000"


class Upstream:
    """A Loki and Prometheus that answer what they are told and remember what they were asked."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.asked: list[Request] = []
        self._server = Server(Starlette(routes=[Route("/{path:path}", self._answer)]))

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, tuple):
            return PlainTextResponse(answer[1], answer[0])
        return JSONResponse({"status": "success", "data": answer})

    def __enter__(self) -> "Upstream":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        return self._server.url


def client_of(url: str) -> httpx.Client:
    """Asks a lab Grafana with its token."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, verify=machine_trust())


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def grafana(upstream: Upstream, tmp_path: Path) -> Iterator[httpx.Client]:
    (tmp_path / "af.json").write_text(json.dumps({"uid": "agent-firewall", "title": "Agent Firewall", "version": 3}))
    sources: list[dict[str, Any]] = [
        {
            "uid": "loki",
            "name": "Loki",
            "type": "loki",
            "url": upstream.url,
            "isDefault": True,
            "jsonData": {"httpHeaderName1": "X-Scope-OrgID"},
            "secureJsonData": {"httpHeaderValue1": "team"},
        },
        {"uid": "prometheus", "name": "Prometheus", "type": "prometheus", "url": upstream.url},
        {"uid": "pg", "name": "Postgres", "type": "grafana-postgresql-datasource", "url": "db.invalid:5432"},
    ]
    with LabGrafana(tmp_path, sources, TOKEN) as lab:
        yield client_of(lab.url)


def ask(grafana: httpx.Client, *queries: dict[str, Any], **body: Any) -> httpx.Response:
    return grafana.post("/api/ds/query", json={"from": FROM, "to": TO, "queries": list(queries), **body})


def loki_query(**more: Any) -> dict[str, Any]:
    return {"refId": "A", "datasource": {"uid": "loki"}, "expr": "x", "intervalMs": 30000, **more}


def prometheus_query(**more: Any) -> dict[str, Any]:
    return {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "up", "intervalMs": 15000, **more}


def test_health_needs_no_token_and_everything_else_does(grafana: httpx.Client) -> None:
    base = str(grafana.base_url)
    assert httpx.get(f"{base}/api/health").json()["version"] == "13.0.1"
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = httpx.get(f"{base}/api/search", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["message"]


def test_settings_name_the_datasources_and_no_secret(grafana: httpx.Client) -> None:
    answer = grafana.get("/api/frontend/settings")
    settings = answer.json()
    assert settings["buildInfo"]["version"] == "13.0.1"
    assert settings["defaultDatasource"] == "Loki"
    assert settings["datasources"]["Prometheus"]["uid"] == "prometheus"
    assert "team" not in answer.text
    assert "team" not in grafana.get("/api/datasources").text


def test_a_dashboard_is_read_saved_and_guarded_by_its_version(grafana: httpx.Client, tmp_path: Path) -> None:
    got = grafana.get("/api/dashboards/uid/agent-firewall").json()
    assert got["meta"]["version"] == 3
    assert got["meta"]["provisioned"] is False
    changed = {**got["dashboard"], "title": "Changed"}
    saved = grafana.post("/api/dashboards/db", json={"dashboard": changed, "message": "why"})
    assert saved.json()["version"] == 4
    assert json.loads((tmp_path / "af.json").read_text())["title"] == "Changed"
    stale = grafana.post("/api/dashboards/db", json={"dashboard": changed})
    assert (stale.status_code, stale.json()["status"]) == (412, "version-mismatch")
    versions = grafana.get("/api/dashboards/uid/agent-firewall/versions").json()["versions"]
    assert versions == [{"version": 4, "message": "why"}]
    assert [row["uid"] for row in grafana.get("/api/search", params={"query": "chang"}).json()] == ["agent-firewall"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/dashboards/uid/none", "Dashboard not found"),
        ("/api/datasources/uid/none", "Data source not found"),
        ("/api/datasources/proxy/uid/none/x", "Unable to find datasource"),
        ("/api/nope", "Not found"),
    ],
)
def test_what_is_not_there(grafana: httpx.Client, path: str, message: str) -> None:
    answer = grafana.get(path)
    assert (answer.status_code, answer.json()["message"]) == (404, message)


def test_a_loki_range_query_becomes_one_frame_a_series(grafana: httpx.Client, upstream: Upstream) -> None:
    series = {"metric": {"decision": "allow"}, "values": [[1795478400, "1"], [1795478430, "NaN"], [1795478460, "+Inf"]]}
    upstream.answers = [{"resultType": "matrix", "result": [series]}]
    query = loki_query(expr='sum(rate({a="b"}[$__interval])) + $__range_s + "$__auto"')
    answer = ask(grafana, query)
    assert answer.status_code == 200
    (frame,) = answer.json()["results"]["A"]["frames"]
    time_field, value = frame["schema"]["fields"]
    assert time_field["config"] == {"interval": 30000}
    assert value["labels"] == {"decision": "allow"}
    assert value["config"]["displayNameFromDS"] == '{decision="allow"}'
    assert frame["data"]["values"] == [[1795478400000, 1795478430000, 1795478460000], [1.0, None, None]]
    assert frame["data"]["entities"] == [None, {"NaN": [1], "Inf": [2]}]
    asked = upstream.asked[0]
    assert asked.query_params["query"] == 'sum(rate({a="b"}[30s])) + 3600 + "30s"'
    assert asked.query_params["step"] == "30000ms"
    assert asked.query_params["start"] == FROM + "000000"
    assert asked.headers["x-scope-orgid"] == "team"


def test_a_loki_instant_query_is_asked_at_the_end(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [{"resultType": "vector", "result": [{"metric": {}, "value": [1795482000, "7"]}]}]
    answer = ask(grafana, loki_query(expr="x[$__auto]", queryType="instant"))
    (frame,) = answer.json()["results"]["A"]["frames"]
    assert frame["data"]["values"] == [[1795482000000], [7.0]]
    assert upstream.asked[0].url.path == "/loki/api/v1/query"
    assert upstream.asked[0].query_params["time"] == TO + "000000"
    assert upstream.asked[0].query_params["query"] == "x[3600s]"


def test_loki_lines_are_one_frame_with_labels_and_nanoseconds(grafana: httpx.Client, upstream: Upstream) -> None:
    streams = [
        {"stream": {"a": "1"}, "values": [["1795478400000000001", "old", {"parsed": {"p": "x"}}]]},
        {"stream": {"a": "2"}, "values": [["1795478400000000002", "new", {"structuredMetadata": {"m": "y"}}]]},
    ]
    upstream.answers = [{"resultType": "streams", "result": streams}]
    (frame,) = ask(grafana, loki_query(maxLines=10)).json()["results"]["A"]["frames"]
    names = [field["name"] for field in frame["schema"]["fields"]]
    assert names == ["labels", "Time", "Line", "tsNs", "labelTypes", "id"]
    columns = dict(zip(names, frame["data"]["values"], strict=True))
    assert columns["Line"] == ["new", "old"]
    assert columns["labels"] == [{"a": "2", "m": "y"}, {"a": "1", "p": "x"}]
    assert columns["labelTypes"] == [{"a": "I", "m": "S"}, {"a": "I", "p": "P"}]
    assert columns["tsNs"] == ["1795478400000000002", "1795478400000000001"]
    assert frame["data"]["nanos"][1] == [2, 1]
    assert upstream.asked[0].query_params["limit"] == "10"
    assert upstream.asked[0].headers["x-loki-response-encoding-flags"] == "categorize-labels"


def test_no_series_is_no_frame_and_no_lines_are_one_without_rows(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [{"resultType": "matrix", "result": []}, {"resultType": "streams", "result": []}]
    assert ask(grafana, loki_query()).json() == {"results": {"A": {"status": 200}}}
    (frame,) = ask(grafana, loki_query()).json()["results"]["A"]["frames"]
    assert len(frame["schema"]["fields"]) == 6
    assert frame["data"]["values"] == [[]] * 6


def test_one_bad_query_makes_it_400_and_keeps_the_others(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [(400, "parse error at line 1"), {"resultType": "vector", "result": []}]
    answer = ask(grafana, loki_query(), loki_query(refId="B", queryType="instant"))
    assert answer.status_code == 400
    assert answer.json()["results"] == {
        "A": {"status": 400, "error": "parse error at line 1", "errorSource": "downstream"},
        "B": {"status": 200},
    }


def test_prometheus_values_are_named_after_the_metric(grafana: httpx.Client, upstream: Upstream) -> None:
    series = {"metric": {"__name__": "up", "job": "x"}, "values": [[1795478400, "1"]]}
    upstream.answers = [{"resultType": "matrix", "result": [series]}]
    (frame,) = ask(grafana, prometheus_query(maxDataPoints=100)).json()["results"]["A"]["frames"]
    value = frame["schema"]["fields"][1]
    assert (value["name"], value["config"]["displayNameFromDS"]) == ("up", 'up{job="x"}')
    assert frame["schema"]["meta"]["custom"] == {"calculatedMinStep": 30000, "resultType": "matrix"}
    assert upstream.asked[0].query_params["step"] == "30"


def test_prometheus_without_data_is_a_frame_without_fields(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [{"resultType": "vector", "result": []}]
    answer = ask(grafana, prometheus_query(instant=True, format="table"))
    (frame,) = answer.json()["results"]["A"]["frames"]
    assert frame["schema"]["fields"] == []
    assert frame["data"]["values"] == []
    assert frame["schema"]["meta"]["executedQueryString"].startswith("Expr: up\n")


def test_requests_that_are_wrong_as_a_whole(grafana: httpx.Client) -> None:
    assert ask(grafana).json()["messageId"] == "query.noQueries"
    assert ask(grafana, {"refId": "A", "expr": "x"}).json()["messageId"] == "query.invalidDatasourceId"
    assert ask(grafana, loki_query(), **{"from": 1}).status_code == 400
    assert ask(grafana, loki_query(datasource={"uid": "gone"})).status_code == 404
    bad_kind = ask(grafana, loki_query(queryType="stream"))
    assert (bad_kind.status_code, bad_kind.json()["messageId"]) == (500, "plugin.requestFailureError")


def test_a_datasource_without_server_is_an_error_of_its_query(grafana: httpx.Client) -> None:
    answer = ask(grafana, {"refId": "A", "datasource": {"uid": "pg"}, "rawSql": "select 1"})
    assert answer.status_code == 400
    assert "failed to connect to server" in answer.json()["results"]["A"]["error"]


def test_the_proxy_keeps_status_text_and_query(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [(429, "slow down")]
    answer = grafana.get("/api/datasources/proxy/uid/loki/loki/api/v1/query", params={"query": '{a="b"}'})
    assert (answer.status_code, answer.text) == (429, "slow down")
    assert upstream.asked[0].query_params["query"] == '{a="b"}'
    assert upstream.asked[0].headers["x-scope-orgid"] == "team"
    assert "authorization" not in upstream.asked[0].headers


def test_resources_are_below_the_api(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [["a"], (400, "what?"), (503, "busy")]
    assert grafana.get("/api/datasources/uid/loki/resources/labels?start=1").json()["data"] == ["a"]
    assert upstream.asked[0].url.path == "/loki/api/v1/labels"
    refused = grafana.get("/api/datasources/uid/loki/resources/series")
    assert (refused.status_code, refused.json()) == (400, {"message": "what?"})
    hidden = grafana.get("/api/datasources/uid/loki/resources/series")
    assert (hidden.status_code, hidden.json()["message"]) == (503, "An error occurred within the plugin")
    assert grafana.get("/api/datasources/uid/none/resources/labels").status_code == 500


def test_health_of_a_datasource(grafana: httpx.Client, upstream: Upstream) -> None:
    upstream.answers = [{"resultType": "vector", "result": []}, (401, "no org id")]
    assert grafana.get("/api/datasources/uid/loki/health").json()["status"] == "OK"
    bad = grafana.get("/api/datasources/uid/loki/health")
    assert (bad.status_code, bad.json()["status"]) == (400, "ERROR")
    assert upstream.asked[0].query_params["query"] == "vector(1)+vector(1)"


def test_annotations_are_kept_and_found(grafana: httpx.Client) -> None:
    row = {"dashboardUID": "agent-firewall", "time": 5, "tags": ["obs-check", "run:k3f9"], "text": "run"}
    number = grafana.post("/api/annotations", json=row).json()["id"]
    assert grafana.patch(f"/api/annotations/{number}", json={"timeEnd": 9}).status_code == 200
    (found,) = grafana.get("/api/annotations", params={"tags": "run:k3f9", "from": 8, "to": 10}).json()
    assert (found["timeEnd"], found["text"]) == (9, "run")
    assert grafana.get("/api/annotations", params={"tags": "other"}).json() == []
    assert grafana.post("/api/annotations", json={}).status_code == 400


def test_nothing_is_told_of_a_websocket_that_is_not_accepted_before_its_client_leaves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def leave(scope: dict[str, Any], receive: Any, send: Any) -> None:
        """As an application ends whose client left meanwhile."""

    with Server(leave) as server, pytest.raises(InvalidStatus), connect(f"ws{server.url.removeprefix('http')}/"):
        pass
    assert caplog.records == []


def test_a_browser_may_leave_while_it_is_sent_a_line() -> None:
    told: list[dict[str, Any]] = []
    left = asyncio.Event()
    messages = iter([{"type": "websocket.connect"}])

    async def receive() -> Any:
        return next(messages, None) or await left.wait()

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            raise OSError("the browser has left")

    async def tail(connection: ServerConnection) -> None:
        await connection.send("a line")
        await connection.wait_closed()

    async def passed() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
        async with serve(tail, "127.0.0.1", 0) as server:
            (listening,) = server.sockets
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            source = ProvisionedDatasource.read(1, {"uid": "loki", "type": "loki", "url": url})
            browser = WebSocket({"type": "websocket", "path": "/", "query_string": b"", "headers": []}, receive, send)
            await pass_websocket_through(browser, source, "tail", {})
        gc.collect()

    asyncio.run(passed())
    assert told == []
