"""Whatever a Grafana, or a Loki behind it, answers, `diagnose` ends with a verdict or a named outage: one thing of one
answer is changed at a time."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from obs_check.app.systems.dashboard_source import open_dashboard
from obs_check.cli.main import main
from obs_check.client import transport
from obs_check.client.answer import Answer, NoJson
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.grafana.variable_query import options_from
from obs_check.errors import ObsCheckError, Unavailable
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.frames import decode_results
from obs_check.panel.reading import read_panel
from obs_check.panel.timerange import TimeRange
from tests.mutants import mutants

KINDS = ("stat", "timeseries", "table", "logs", "bargauge", "piechart")
MUTANTS = 10
"""Of each answer to a whole diagnosis."""
READ = 1000
"""Of each that is read alone."""
NOW_MS = 1_795_478_400_000
LOKI, PROMETHEUS, SQL = ({"type": kind, "uid": kind} for kind in ("loki", "prometheus", "postgres"))


def panel(number: int, kind: str, source: dict[str, str], **target: Any) -> dict[str, Any]:
    targets = [{"refId": "A", "datasource": source, **target}]
    return {"id": number, "type": kind, "title": f"p{number}", "datasource": source, "targets": targets}


VARIABLE = {"name": "v", "type": "query", "datasource": LOKI, "query": "label_values(job)", "refresh": 1}
BOARD = {
    "uid": "d",
    "title": "d",
    "version": 3,
    "time": {"from": "now-1h", "to": "now"},
    "templating": {
        "list": [{"name": "v", "type": "query", "datasource": LOKI, "query": "label_values(job)", "refresh": 1}]
    },
    "panels": [
        panel(1, "stat", LOKI, expr='sum(count_over_time({job="b"} | logfmt | msg="DENY" [$__range]))', instant=True),
        panel(2, "logs", LOKI, expr='{job=~"$v"} |= `x`'),
        panel(3, "timeseries", PROMETHEUS, expr="sum(rate(a_total[5m]))", range=True),
        panel(4, "table", SQL, rawSql="SELECT a FROM t", format="table"),
        {"id": 5, "type": "stat", "title": "l", "libraryPanel": {"uid": "lib", "name": "l"}},
    ],
}
SOURCES = {
    "loki": {"uid": "loki", "type": "loki", "name": "loki", "jsonData": {"maxLines": "100"}},
    "prometheus": {"uid": "prometheus", "type": "prometheus", "name": "prometheus"},
    "postgres": {"uid": "postgres", "type": "grafana-postgresql-datasource", "jsonData": {"database": "d"}},
}
TIME = {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}}
VALUE = {"name": "Value", "type": "number", "labels": {"a": "b"}, "config": {"displayNameFromDS": "b"}}
FRAME = {
    "schema": {"refId": "A", "meta": {"notices": [{"severity": "warning", "text": "n"}]}, "fields": [TIME, VALUE]},
    "data": {
        "values": [[NOW_MS - 60_000, NOW_MS], [1, None]],
        "nanos": [[1, 2], None],
        "entities": [None, {"NaN": [1]}],
    },
}


def failed(words: str) -> dict[str, Any]:
    return {"results": {"A": {"error": words, "errorSource": "downstream", "status": 400}}}


NAMES = {"status": "success", "data": ["job", "app"]}
STREAMS = [{"stream": {"job": "b"}, "values": [[str(NOW_MS * 1_000_000), "level=info msg=ALLOW"]]}]
LINES = {"status": "success", "data": {"resultType": "streams", "result": STREAMS, "stats": {}}}
ONE = {"metric": {}, "value": [NOW_MS / 1000, "1"]}
COUNT = {"status": "success", "data": {"resultType": "vector", "result": [ONE]}}
PROXY = "/api/datasources/proxy/uid/"
ANSWERS: dict[str, Any] = {
    "/api/dashboards/uid/d": {"dashboard": BOARD, "meta": {"provisioned": False, "folderUid": "f"}},
    "/api/frontend/settings": {
        "datasources": SOURCES,
        "defaultDatasource": "loki",
        "buildInfo": {"version": "12.4.0"},
        "featureToggles": {"lokiQuerySplitting": True},
    },
    "/api/library-elements/lib": {"result": {"model": panel(5, "stat", LOKI, expr='count_over_time({job="c"}[1m])')}},
    "/api/ds/query loki": {"results": {"A": {"status": 200, "frames": [FRAME]}}},
    "/api/ds/query loki 1": failed("pipeline error: 'LogfmtParserErr' for series: '{a=\"b\"}'."),
    "/api/ds/query prometheus": {"results": {"A": {"status": 200, "frames": [FRAME, FRAME]}}},
    "/api/ds/query postgres": failed("db query error: ERROR: permission denied for table t (SQLSTATE 42501)"),
    "/api/datasources/uid/loki/health": {"status": "OK", "message": "fine"},
    "/api/datasources/uid/postgres/health": {"status": "OK", "message": "fine"},
    "/api/datasources/uid/loki/resources/label/job/values": NAMES,
    f"{PROXY}loki/loki/api/v1/query_range": LINES,
    f"{PROXY}loki/loki/api/v1/query": COUNT,
    f"{PROXY}loki/loki/api/v1/status/buildinfo": {"version": "3.5.9"},
}


def name_of(request: httpx.Request) -> str:
    path = unquote(request.url.path)
    if path != "/api/ds/query":
        return path
    queries = json.loads(request.content)["queries"]
    name = f"{path} {queries[0]['datasource']['uid']}"
    return f"{name} 1" if "logfmt" in str(queries[0].get("expr")) else name


class Answering(httpx.BaseTransport):
    """Answers by the table, but one of them by other bytes; keeps the names of what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.other: dict[str, bytes] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = name_of(request)
        self.asked.append(name)
        known = ANSWERS.get(name)
        if known is None:
            return httpx.Response(404, json={"message": "Not found"})
        body = self.other.get(name) or json.dumps(known).encode()
        return httpx.Response(200, content=body)


@pytest.fixture
def diagnose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, Any, str, list[str]]]]:
    """Runs `diagnose` with some answers replaced: its exit code, document, messages, and what it asked."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr("time.time_ns", lambda: NOW_MS * 1_000_000)
    config = tmp_path / "c.yaml"
    config.write_text("{grafana: {url: http://grafana.example}, dashboard: d}")

    def run(other: dict[str, bytes], *more: str) -> tuple[int, Any, str, list[str]]:
        answering = Answering()
        answering.other = other
        monkeypatch.setattr(transport, "timed_transport", lambda *_: answering)
        code = main(["diagnose", "--config", str(config), "-o", "json", *more])
        shown = capsys.readouterr()
        return code, json.loads(shown.out) if shown.out else None, shown.err, answering.asked

    yield run


Diagnose = Callable[..., tuple[int, Any, str, list[str]]]


def test_the_good_answers_are_all_asked_for(diagnose: Diagnose) -> None:
    code, document, told, asked = diagnose({}, "-v")
    assert code == 1, told
    assert set(ANSWERS) == set(asked)
    verdicts = {row["id"]: row["verdict"] for row in document["panels"]}
    assert verdicts == {1: "fail", 2: "unknown", 3: "ok", 4: "fail", 5: "ok"}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_mutated_answer(name: str, diagnose: Diagnose) -> None:
    for text in mutants(ANSWERS[name], MUTANTS, sorted(ANSWERS).index(name)):
        code, _, told, _ = diagnose({name: text})
        assert code in (0, 1, 2, 3, 4), (text[:2000], told)


def settings_read(grafana: GrafanaClient) -> None:
    sources = Datasources.from_settings(grafana.frontend_settings().value)
    for wanted in (LOKI, SQL, None, "prometheus"):
        sources.resolve(wanted, {})


def dashboard_read(grafana: GrafanaClient) -> None:
    opened = open_dashboard("d", grafana)
    load_dashboard(opened.document, opened.name)


def options_read(grafana: GrafanaClient) -> None:
    variable = load_dashboard(BOARD, "d.json").variables[0]
    options_from(grafana, Datasources.from_settings(ANSWERS["/api/frontend/settings"]))(
        variable, {}, TimeRange(NOW_MS - 3_600_000, NOW_MS)
    )


ALONE: dict[str, Callable[[GrafanaClient], object]] = {
    "/api/dashboards/uid/d": dashboard_read,
    "/api/frontend/settings": settings_read,
    "/api/library-elements/lib": dashboard_read,
    "/api/datasources/uid/loki/health": lambda grafana: grafana.datasource_health("loki"),
    "/api/datasources/uid/loki/resources/label/job/values": options_read,
}


@pytest.mark.parametrize("name", ALONE)
def test_a_mutated_answer_that_is_read_alone(name: str) -> None:
    answering, named = Answering(), 0
    grafana = GrafanaClient("http://grafana.example", lambda: 1, {"grafana.example:80"}, transport=answering)
    for text in mutants(ANSWERS[name], READ, sorted(ANSWERS).index(name)):
        answering.other = {name: text}
        try:
            ALONE[name](grafana)
        except ObsCheckError as error:
            assert "\n" not in error.message, error.message
            named += 1
    assert len(answering.asked) >= READ
    assert named or ALONE[name] is options_read


def test_a_mutated_result_is_read_or_named() -> None:
    stat = load_dashboard({**BOARD, "panels": [panel(1, kind, LOKI, expr="x") for kind in KINDS]}, "d.json").panels
    read = 0
    for number, text in enumerate(mutants({"results": {"A": {"status": 200, "frames": [FRAME, FRAME]}}}, READ, 7)):
        try:
            results = decode_results(Answer(200, text).json())
        except (Unavailable, NoJson):
            continue
        reading = read_panel(stat[number % len(stat)], results)
        assert reading.state != "error" or any(result.error for result in results.values()), (text, reading)
        read += 1
    assert 100 < read < 900


@pytest.mark.parametrize(
    "answer",
    [
        b'{"results": {"A": {"frames": [1]}}}',
        b'{"results": {"A": {"frames": {}}}}',
        b'{"results": []}',
        b'{"results": {}}',
        b"{}",
        b"[]",
        b"null",
        b"<!DOCTYPE html><title>Sign in</title>",
        b'{"results": {"A": {"error": "empty ring", "status": 500}}}',
        b'{"results": {"A": {"error": "no org id", "status": 401}}}',
    ],
)
def test_one_broken_target_makes_one_panel_unknown(answer: bytes, diagnose: Diagnose) -> None:
    _, document, told, _ = diagnose({"/api/ds/query prometheus": answer})
    verdicts = {row["id"]: row["verdict"] for row in document["panels"]}
    assert verdicts == {1: "fail", 2: "unknown", 3: "unknown", 4: "fail", 5: "ok"}, told
    (note,) = next(row["notes"] for row in document["panels"] if row["id"] == 3)
    assert re.match("grafana: |a datasource does not ", note)


@pytest.mark.parametrize("name", ["/api/dashboards/uid/d", "/api/frontend/settings"])
def test_a_login_page_is_named(name: str, diagnose: Diagnose) -> None:
    code, document, told, _ = diagnose({name: b"<!DOCTYPE html><html><title>Sign in to\n ACME</title>"})
    assert (code, document["verdict"]) == (3, "unknown")
    assert f"{name} answered 200 without JSON: a page of HTML (Sign in to ACME)" in told
