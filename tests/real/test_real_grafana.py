"""A real Grafana: its answers beside the lab's over the same Loki and Prometheus, and obs-check on a whole pipeline of
real programs."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from obs_check.cli.main import main
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.http import Access
from obs_check.config import host_port
from obs_check.config.section import Secret
from obs_check.lab.faults.registry import break_with
from obs_check.lab.grafana import LabGrafana
from obs_check.lab.native.grafana import MISSING, NativeGrafana, home, major
from obs_check.model.window import Window
from tests.lab.grafana_answers import settled, shown
from tests.real import real_stack
from tests.real.loki_process import RealLoki
from tests.real.prometheus_process import RealPrometheus
from tests.real.real_stack import RealStack

NS = 1_000_000_000
BASE = time.time_ns() // NS - 300
JSON = '{namespace="coder"} | json decision="fields.decision"'
SPAN = {"from": str((BASE - 60) * 1000), "to": str((BASE + 60) * 1000)}
NS_SPAN = f"start={BASE - 60}{'0' * 9}&end={BASE + 60}{'0' * 9}"
DASHBOARD = {"uid": "agent-firewall", "title": "Agent Firewall", "panels": [], "schemaVersion": 39, "version": 1}
OF_THE_LAB = 12
"""The major version whose answers the lab gives."""
pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(home() is None, reason=MISSING),
    pytest.mark.skipif(shutil.which("loki") is None, reason="loki is not on PATH"),
    pytest.mark.skipif(
        shutil.which("prometheus") is None or shutil.which("promtool") is None,
        reason="prometheus and promtool are not on PATH: Debian's package prometheus has both",
    ),
    pytest.mark.skipif(
        home() is not None and (major() or OF_THE_LAB) < OF_THE_LAB,
        reason=f"the lab answers as Grafana {OF_THE_LAB}, the grafana on PATH is older",
    ),
]


def loki(expr: str, kind: str = "range", **more: Any) -> dict[str, Any]:
    reference = {"type": "loki", "uid": "loki"}
    return {"refId": "A", "datasource": reference, "intervalMs": 30000, "expr": expr, "queryType": kind, **more}


def prometheus(expr: str, **more: Any) -> dict[str, Any]:
    reference = {"type": "prometheus", "uid": "prometheus"}
    return {"refId": "A", "datasource": reference, "intervalMs": 30000, "maxDataPoints": 500, "expr": expr, **more}


QUERIES: dict[str, list[dict[str, Any]]] = {
    "lines": [loki(JSON, maxLines=3)],
    "lines forward": [loki(JSON, maxLines=3, direction="forward")],
    "lines with metadata": [loki('{job="meta"}')],
    "no lines": [loki('{namespace="none"}')],
    "no series": [loki('sum(count_over_time({namespace="none"}[$__range]))', "instant")],
    "instant": [loki(f"sum by (decision) (count_over_time({JSON} [$__auto]))", "instant", legendFormat="{{decision}}")],
    "range": [loki(f"sum by (decision) (count_over_time({JSON} [$__interval]))")],
    "a step": [loki(f"sum(count_over_time({JSON} [$__interval]))", step="1m")],
    "NaN": [loki("vector(1)/vector(0)", "instant")],
    "syntax": [loki("{a=")],
    "one of two": [loki("{a="), loki("vector(2)", "instant", refId="B")],
    "no such step": [loki("vector(1)", step="often")],
    "no such type": [loki("vector(1)", "stream")],
    "no such direction": [loki('{a="b"}', direction="up")],
    "dead": [loki("vector(2)", "instant", datasource={"uid": "dead"})],
    "dead database": [{"refId": "A", "datasource": {"uid": "deadsql"}, "rawSql": "SELECT 1", "format": "table"}],
    "another program": [loki("vector(2)", "instant", datasource={"uid": "wrong"})],
    "no such datasource": [loki("vector(2)", "instant", datasource={"uid": "nope"})],
    "no datasource": [{"refId": "A", "expr": "x"}],
    "no query": [],
    "a refId twice": [loki("vector(1)", "instant"), loki("vector(2)", "instant")],
    "metric range": [prometheus("m_total", range=True)],
    "metric instant": [prometheus("m_total", instant=True, format="table")],
    "metric both": [prometheus("m_total", instant=True, range=True)],
    "metric rate": [prometheus("rate(m_total[$__rate_interval])", range=True)],
    "no metric": [prometheus("nothing", instant=True)],
    "metric legend": [prometheus("m_total", instant=True, legendFormat="{{w}}!")],
    "metric auto legend": [prometheus("m_total", instant=True, legendFormat="__auto")],
    "metric scalar": [prometheus("1+1", instant=True, legendFormat="__auto")],
    "metric syntax": [prometheus("sum(", instant=True)],
    "metric dead": [prometheus("up", instant=True, datasource={"uid": "deadprom"})],
    "metric of another program": [prometheus("up", instant=True, datasource={"uid": "wrongprom"})],
}
PATHS = [
    "/api/dashboards/uid/nope",
    "/api/library-elements/nope",
    "/api/datasources/uid/nope",
    "/api/nothing",
    "/api/search?query=zzz",
    *(f"/api/datasources/uid/{uid}/health" for uid in ("loki", "dead", "deadprom", "wrong", "wrongprom", "nope")),
    "/api/datasources/uid/loki/resources/labels?SPAN",
    "/api/datasources/uid/loki/resources/label/pod/values?SPAN",
    "/api/datasources/uid/loki/resources/series?match[]=%7Ba%3D",
    "/api/datasources/uid/dead/resources/labels",
    "/api/datasources/uid/nope/resources/labels",
    "/api/datasources/uid/prometheus/resources/api/v1/labels",
    "/api/datasources/proxy/uid/loki/loki/api/v1/query?query=vector(1)&time=1",
    "/api/datasources/proxy/uid/loki/loki/api/v1/query?query=%7Ba%3D&time=1",
    "/api/datasources/proxy/uid/loki/nothing",
    "/api/datasources/proxy/uid/dead/loki/api/v1/labels",
    "/api/datasources/proxy/uid/nope/loki/api/v1/labels",
]
SAVED: list[tuple[int, dict[str, Any]]] = [
    (412, {"dashboard": {**DASHBOARD, "version": 9}}),
    (400, {"dashboard": {"uid": "x2"}}),
    (400, {"dashboard": {"uid": "x é", "title": "t"}}),
    (400, {"dashboard": {"uid": "x" * 41, "title": "t"}}),
]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """The real Grafana and the lab's, each with a token that may do what an Editor may."""
    directory = tmp_path_factory.mktemp("grafana")
    samples = [
        ({"__name__": "m_total", "w": w}, [((BASE - 600 + 30 * n) * 1000, 5.0 + n * len(w)) for n in range(20)])
        for w in ("a", "bb")
    ]
    with (
        RealLoki(directory / "loki") as lines,
        RealPrometheus(directory / "prometheus", samples=samples) as metrics,
    ):
        for n in range(20):
            line = json.dumps({"msg": "boundary_request", "fields": {"decision": "allow" if n % 2 else "deny"}})
            lines.push({"namespace": "coder", "pod": "c-1"}, [[str((BASE + n) * NS + n), line]])
        lines.push({"job": "meta"}, [[str(BASE * NS + 5), "plain a=1", {"trace": "t1"}]])
        closed = "http://127.0.0.1:9"
        sources: list[dict[str, Any]] = [
            {"uid": "loki", "name": "Loki", "type": "loki", "url": lines.url, "isDefault": True},
            {"uid": "prometheus", "name": "Prometheus", "type": "prometheus", "url": metrics.url},
            {"uid": "dead", "name": "Dead Loki", "type": "loki", "url": closed},
            {"uid": "deadprom", "name": "Dead Prometheus", "type": "prometheus", "url": closed},
            {
                "uid": "deadsql",
                "name": "Dead PostgreSQL",
                "type": "grafana-postgresql-datasource",
                "url": "127.0.0.1:9",
                "user": "coder",
                "jsonData": {"database": "coder", "sslmode": "disable"},
            },
            {"uid": "wrong", "name": "No Loki", "type": "loki", "url": metrics.url},
            {"uid": "wrongprom", "name": "No Prometheus", "type": "prometheus", "url": lines.url},
        ]
        dashboards = directory / "dashboards"
        dashboards.mkdir()
        (dashboards / "agent-firewall.json").write_text(json.dumps(DASHBOARD))
        with NativeGrafana(directory / "grafana", sources) as real, LabGrafana(dashboards, sources, "glsa_lab") as lab:
            real.save(DASHBOARD)
            with client(real.url, real.token("Editor")) as theirs, client(lab.url, "glsa_lab") as ours:
                yield theirs, ours


def client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_answered_alike(both: tuple[httpx.Client, httpx.Client], name: str) -> None:
    body = {**SPAN, "queries": QUERIES[name]}
    (status, theirs), (own, ours) = (shown(one.post("/api/ds/query", json=body)) for one in both)
    assert (own, settled(ours)) == (status, settled(theirs))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_answered_alike(both: tuple[httpx.Client, httpx.Client], path: str) -> None:
    # Filled in here: the names of tests must not depend on the time.
    (status, theirs), (own, ours) = (shown(one.get(path.replace("SPAN", NS_SPAN))) for one in both)
    if isinstance(theirs, dict):
        theirs = {key: value for key, value in theirs.items() if key not in ("title", "details")}
    assert (own, ours) == (status, theirs)


@pytest.mark.parametrize(("status", "body"), SAVED)
def test_what_is_not_saved(both: tuple[httpx.Client, httpx.Client], status: int, body: dict[str, Any]) -> None:
    theirs, ours = (shown(one.post("/api/dashboards/db", json={**body, "overwrite": False})) for one in both)
    assert ours == theirs
    assert ours[0] == status


def test_who_is_not_let_in(both: tuple[httpx.Client, httpx.Client]) -> None:
    for headers in ({}, {"Authorization": "Bearer glsa_wrong"}):
        theirs, ours = (
            shown(
                httpx.get(
                    f"{str(one.base_url).rstrip('/')}/api/dashboards/uid/agent-firewall",
                    headers=headers,
                    trust_env=False,
                )
            )
            for one in both
        )
        assert ours == theirs
        assert ours[0] == 401


def test_annotations_are_kept_alike(both: tuple[httpx.Client, httpx.Client]) -> None:
    body = {"dashboardUID": "agent-firewall", "time": BASE * 1000, "tags": ["obs-check", "run:x"], "text": "hi"}
    for one in both:
        assert one.post("/api/annotations", json=body).json()["message"] == "Annotation added"
        found = one.get("/api/annotations?dashboardUID=agent-firewall&tags=obs-check&tags=run:x").json()
        assert [(row["text"], row["tags"], row["time"], row["dashboardUID"]) for row in found] == [
            ("hi", ["obs-check", "run:x"], BASE * 1000, "agent-firewall")
        ]
        assert one.patch(f"/api/annotations/{found[0]['id']}", json={"timeEnd": BASE * 1000 + 9}).status_code == 200
        assert one.patch("/api/annotations/999", json={"timeEnd": 5}).status_code == 404


def client_of(real: httpx.Client) -> GrafanaClient:
    url, token = str(real.base_url).rstrip("/"), real.headers["Authorization"].removeprefix("Bearer ")
    return GrafanaClient(url, time.time_ns, {host_port(url)}, Access(Secret("test", lambda: token)))


def test_the_client_reads_the_real_one(both: tuple[httpx.Client, httpx.Client]) -> None:
    grafana = client_of(both[0])
    assert grafana.dashboard("agent-firewall").value["dashboard"]["title"] == "Agent Firewall"
    assert [row["uid"] for row in grafana.search("agent").value] == ["agent-firewall"]
    assert grafana.frontend_settings().value["datasources"]["Loki"]["uid"] == "loki"
    health = {uid: grafana.datasource_health(uid).value["status"] for uid in ("loki", "dead", "nope")}
    assert health == {"loki": "OK", "dead": "ERROR", "nope": "UNKNOWN"}
    grafana.close()


def test_the_client_adds_an_annotation(both: tuple[httpx.Client, httpx.Client]) -> None:
    for server in both:
        grafana = client_of(server)
        added = grafana.annotate("agent-firewall", Window(BASE * NS, (BASE + 5) * NS), ("obs-check", "ok"), "a run")
        (row,) = server.get("/api/annotations?dashboardUID=agent-firewall&tags=obs-check&tags=ok").json()
        assert (row["id"], row["time"], row["timeEnd"]) == (added.value, BASE * 1000, (BASE + 5) * 1000)
        assert (row["tags"], row["text"]) == (["obs-check", "ok"], "a run")
        grafana.close()


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.mark.skipif(bool(real_stack.missing()), reason=real_stack.missing())
def test_a_real_pipeline_below_a_path_is_explained_fixed_and_confirmed(tmp_path: Path, command: Command) -> None:
    with RealStack(tmp_path, lambda chosen: break_with(chosen, ("panel-logfmt",)), sub_path="/grafana") as stack:
        config = ["--config", stack.config_path]
        before = tmp_path / "before.json"
        code, _, err = command("verify", "--save", before, *config)
        assert code == 1, err
        found = [(one["cause"], one["panels"]) for one in json.loads(before.read_text())["findings"]]
        assert found == [("pipeline.wrong-parser", [1, 2, 3, 4, 5, 6, 7])]
        token = tmp_path / "grafana.token"
        editor = token.read_text()
        token.write_text(stack.grafana.token("None"))
        assert command("diagnose", *config)[0] == 4
        token.write_text(stack.grafana.token("Viewer"))
        assert command("diagnose", *config)[0] == 1
        assert command("diagnose", "--apply", "--also-review", "--yes", *config)[0] == 4
        token.write_text(editor)
        assert "saved" in command("diagnose", "--apply", "--also-review", "--yes", *config)[2]
        code, out, err = command("confirm", before, *config)
        assert code == 0, out + err
