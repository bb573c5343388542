"""Grafana: grafana-client against a loopback server, the rest over httpx."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.http import Access
from obs_check.config.section import Secret
from obs_check.errors import NotAllowed, ObsCheckError, Refused, Unavailable
from obs_check.model.window import Window

ACCESS = Access(Secret("test", lambda: "hush"), org_id=2)


class Handler(BaseHTTPRequestHandler):
    """Answers by the server's table and keeps what it was asked."""

    server: "Server"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        status, document = self.server.answers.get(self.path.split("?")[0], (404, {"message": "Not found"}))
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def connect(port: int) -> GrafanaClient:
    return GrafanaClient(f"http://127.0.0.1:{port}/sub", lambda: 3, {f"127.0.0.1:{port}"}, ACCESS)


def test_dashboard_save_and_search(server: Server) -> None:
    server.answers = {
        "/sub/api/dashboards/uid/agent-firewall": (200, {"dashboard": {"title": "T", "panels": [{}]}, "meta": {}}),
        "/sub/api/dashboards/db": (200, {"status": "success", "version": 2, "uid": "agent-firewall"}),
        "/sub/api/search": (200, [{"uid": "u", "title": "T"}]),
    }
    grafana = connect(server.server_address[1])
    value, probe = grafana.dashboard("agent-firewall")
    assert value["dashboard"]["title"] == "T"
    assert probe.answer == {"title": "T", "version": None, "panels": 1}
    assert grafana.save_dashboard({"uid": "agent-firewall"}, "fix", "folder").value["version"] == 2
    assert grafana.search("T").value == [{"uid": "u", "title": "T"}]
    _, _, headers, _ = server.seen[0]
    assert headers["Authorization"] == "Bearer hush" and headers["X-Grafana-Org-Id"] == "2"
    assert server.seen[1][3] == {
        "dashboard": {"uid": "agent-firewall"},
        "message": "fix",
        "overwrite": False,
        "folderUid": "folder",
    }
    assert "hush" not in repr(probe)
    grafana.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, NotAllowed), (403, NotAllowed), (404, Refused), (412, Refused), (400, Refused), (500, Unavailable)],
)
def test_errors_of_grafana_client(server: Server, status: int, error: type[ObsCheckError]) -> None:
    server.answers = {"/sub/api/dashboards/uid/x": (status, {"message": "why"})}
    with pytest.raises(error, match=f"answered {status}: .*why") as caught:
        connect(server.server_address[1]).dashboard("x")
    assert type(caught.value) is error
    # Grafana 9.4 lets nobody but an administrator see that a dashboard is not there.
    assert (status == 403) == caught.value.hint.startswith("is that the uid of a dashboard there?")


def test_a_refused_connection() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        connect(9).dashboard("x")


def over_httpx(response: httpx.Response) -> tuple[GrafanaClient, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return response

    url, allowed = "https://g.example", {"g.example:443"}
    return GrafanaClient(url, lambda: 3, allowed, ACCESS, transport=httpx.MockTransport(handle)), seen


FRAMES = {
    "results": {
        "A": {"frames": [{"schema": {"fields": [{}, {}]}, "data": {"values": [[1, 2], [3, 4]]}}]},
        "B": {"error": "parse error", "status": 400},
    }
}


@pytest.mark.parametrize("status", [200, 207, 400])
def test_results_are_kept_whatever_the_status(status: int) -> None:
    grafana, _ = over_httpx(httpx.Response(status, json=FRAMES))
    value, probe = grafana.ds_query({"queries": [{"refId": "A", "expr": "x"}], "from": "1", "to": "2"})
    assert value == FRAMES
    assert probe.answer["results"] == {
        "A": {"frames": 1, "rows": [2]},
        "B": {"frames": 0, "rows": [], "error": "parse error"},
    }
    assert probe.window == Window(1_000_000, 2_000_000)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(403, json={"message": "no"}), NotAllowed),
        (httpx.Response(400, json={"message": "query.noQueries"}), Refused),
        (httpx.Response(502, text="<html>"), Unavailable),
        (httpx.Response(200, text="<html>"), Unavailable),
    ],
)
def test_answers_without_results(response: httpx.Response, error: type[ObsCheckError]) -> None:
    grafana, _ = over_httpx(response)
    with pytest.raises(error) as caught:
        grafana.ds_query({"queries": []})
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (httpx.Response(200, json={"status": "OK", "message": "fine"}), "OK"),
        (httpx.Response(400, json={"status": "ERROR", "message": "refused"}), "ERROR"),
        (httpx.Response(404, json={"message": "Not found"}), "UNKNOWN"),
        (httpx.Response(500, json={"message": "Unable to load datasource metadata"}), "UNKNOWN"),
    ],
)
def test_health(response: httpx.Response, status: str) -> None:
    grafana, seen = over_httpx(response)
    assert grafana.datasource_health("a/b").value["status"] == status
    assert seen[0].url.raw_path == b"/api/datasources/uid/a%2Fb/health"


def test_settings() -> None:
    settings = {"buildInfo": {"version": "13.0.1"}, "datasources": {"Loki": {"uid": "loki", "type": "loki"}}}
    grafana, _ = over_httpx(httpx.Response(200, json=settings))
    assert grafana.frontend_settings().probe.answer == {"version": "13.0.1", "datasources": {"Loki": ["loki", "loki"]}}


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"status": "success"}),
        httpx.Response(200, json={"version": 3}),
        httpx.Response(200, json={"status": "success", "version": "3"}),
        httpx.Response(200, json={"status": "name-exists", "version": 3}),
        httpx.Response(200, text="<html><title>Sign in</title>"),
        httpx.Response(204),
        httpx.Response(302, headers={"Location": "https://elsewhere.invalid/api/dashboards/db"}),
    ],
    ids=lambda response: f"{response.status_code}-{response.text[:30]}",
)
def test_a_save_is_believed_when_grafana_says_so(response: httpx.Response) -> None:
    grafana, seen = over_httpx(response)
    with pytest.raises(Unavailable):
        grafana.save_dashboard({"uid": "d"}, "fix")
    assert [str(request.url) for request in seen] == ["https://g.example/api/dashboards/db"]


def test_an_annotation_is_believed_when_grafana_says_so() -> None:
    grafana, seen = over_httpx(httpx.Response(200, json={"message": "Annotation added", "id": 7}))
    assert grafana.annotate("d", Window(1_999_999, 3_000_000), ("obs-check",), "a run").value == 7
    assert json.loads(seen[0].content) == {
        "dashboardUID": "d",
        "time": 1,
        "timeEnd": 3,
        "tags": ["obs-check"],
        "text": "a run",
    }
    grafana, seen = over_httpx(httpx.Response(200, json={"message": "Dashboard not found"}))
    with pytest.raises(Unavailable, match="does not say that the annotation was added"):
        grafana.annotate("d", Window(0, 1), (), "a run")
    assert len(seen) == 1


def test_a_save_over_a_connection_that_breaks_is_not_repeated() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.RemoteProtocolError("Server disconnected")

    grafana = GrafanaClient("https://g.example", lambda: 3, {"g.example:443"}, transport=httpx.MockTransport(handle))
    with pytest.raises(Unavailable, match="broke off: Server disconnected"):
        grafana.save_dashboard({"uid": "d"}, "fix")
    assert len(asked) == 1
