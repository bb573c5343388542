"""The bodies of POST /api/ds/query, and why nothing is sent."""

from datetime import UTC, datetime
from typing import Any

import pytest

from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.request import Opening, PanelRequest, panel_requests
from obs_check.panel.variables import effective_variables

NOW = int(datetime(2026, 11, 24, 6, 30, tzinfo=UTC).timestamp()) * 1_000_000_000
NOW_MS = NOW // 1_000_000
DATASOURCES = Datasources.from_settings(
    {
        "defaultDatasource": "Metrics",
        "datasources": {
            "Logs": {"uid": "loki", "name": "Logs", "type": "loki", "jsonData": {"maxLines": "500"}},
            "Metrics": {"uid": "prometheus", "name": "Metrics", "type": "prometheus", "jsonData": {}},
            "Table": {"uid": "pg", "type": "grafana-postgresql-datasource", "jsonData": {"database": "coder"}},
            "Bare": {"uid": "bare", "type": "grafana-postgresql-datasource", "jsonData": {}},
        },
    }
)
LOKI = {"type": "loki", "uid": "loki"}


def ask(targets: list[dict[str, Any]], datasource: Any = LOKI, **more: Any) -> PanelRequest:
    extra = {k: more.pop(k) for k in ("from_ms", "to_ms", "viewport") if k in more}
    board = {
        "time": {"from": "now-7d", "to": "now"},
        "templating": {
            "list": [
                {"name": "owner", "type": "textbox", "query": "a.b"},
                {"name": "ds", "type": "datasource", "query": "loki", "current": {"value": "loki"}},
            ]
        },
        "panels": [
            {"id": 3, "type": "stat", "gridPos": {"w": 24}, "datasource": datasource, "targets": targets, **more}
        ],
    }
    dashboard = load_dashboard(board, "f")
    return panel_requests(
        dashboard, dashboard.panels[0], effective_variables(dashboard), DATASOURCES, NOW, Opening(**extra)
    )


def test_a_loki_body() -> None:
    target = {"refId": "A", "expr": '{a="b"} | owner=~`$owner` [$__range]', "instant": False, "range": True}
    request = ask([target])
    (query,) = request.queries
    assert query.path == "/api/ds/query?ds_type=loki"
    assert query.body == {
        "from": str(NOW_MS - 7 * 86_400_000),
        "to": str(NOW_MS),
        "queries": [
            {
                "refId": "A",
                "datasource": LOKI,
                "intervalMs": 300_000,
                "maxDataPoints": 1846,
                "expr": '{a="b"} | owner=~`a.b` [$__range]',
                "queryType": "range",
                "maxLines": 500,
                "direction": "backward",
            }
        ],
    }
    assert request.kinds == {"A": "loki"}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"queryType": "instant", "instant": False}, "instant"),
        ({"instant": True}, "instant"),
        ({"queryType": "nonsense", "instant": True}, "instant"),
        ({}, "range"),
    ],
)
def test_loki_query_type(fields: dict[str, Any], kind: str) -> None:
    (query,) = ask([{"refId": "A", "expr": '{a="b"}', **fields}]).queries
    assert query.body["queries"][0]["queryType"] == kind
    assert "instant" not in query.body["queries"][0]


def test_prometheus_with_both_kinds_asks_twice() -> None:
    (query,) = ask([{"refId": "A", "expr": "x", "instant": True, "range": True}], "prometheus").queries
    assert [(q["refId"], q["instant"], q["range"]) for q in query.body["queries"]] == [
        ("A", False, True),
        ("A-Instant", True, False),
    ]
    (query,) = ask([{"refId": "A", "expr": "x"}], "prometheus").queries
    assert query.body["queries"][0]["range"] is True


def test_sql_sends_few_fields_and_fills_the_interval() -> None:
    target = {"refId": "A", "rawSql": "SELECT '$owner', $__interval", "format": "table", "editorMode": "code"}
    (query,) = ask([target], {"uid": "pg"}).queries
    sent = query.body["queries"][0]
    assert sent["rawSql"] == "SELECT 'a.b', 5m"
    assert set(sent) == {"refId", "datasource", "intervalMs", "maxDataPoints", "rawSql", "format"}


@pytest.mark.parametrize(
    ("targets", "datasource", "more", "state", "why"),
    [
        ([{"expr": "x", "hide": True}], LOKI, {}, "no_active_query", "hidden or empty"),
        ([{"expr": ""}], LOKI, {}, "no_active_query", "hidden or empty"),
        ([], LOKI, {}, "no_active_query", "no query"),
        ([{"expr": "x"}], {"uid": "loky"}, {}, "datasource_not_found", "nearest is 'loki'"),
        ([{"expr": "x"}], {"uid": "${DS_LOKI}"}, {}, "datasource_not_found", "DS_LOKI"),
        ([{"expr": "x"}], LOKI, {"type": "text"}, "not_evaluated", "text panel"),
        ([{"expr": "x"}], {"uid": "-- Dashboard --"}, {}, "not_evaluated", "another panel"),
        ([], None, {"libraryPanel": {"uid": "lib"}}, "not_evaluated", "lib"),
        ([{"rawSql": "SELECT 1"}], {"uid": "bare"}, {}, "error", "default database"),
    ],
)
def test_nothing_is_sent(
    targets: list[dict[str, Any]], datasource: Any, more: dict[str, Any], state: str, why: str
) -> None:
    request = ask(targets, datasource, **more)
    assert request.state == state
    assert why in request.why
    assert request.queries == ()


@pytest.mark.parametrize(
    ("panel_datasource", "target_datasource", "uid"),
    [
        (None, None, "prometheus"),
        ("default", None, "prometheus"),
        ("Logs", None, "loki"),
        ("loki", {"uid": "prometheus"}, "loki"),
        (None, {"uid": "loki"}, "loki"),
        ({"type": "loki"}, None, "prometheus"),
        ({"uid": "$ds"}, None, "loki"),
        ({"uid": "-- Mixed --"}, {"uid": "loki"}, "loki"),
    ],
)
def test_which_datasource(panel_datasource: Any, target_datasource: Any, uid: str) -> None:
    (query,) = ask([{"refId": "A", "expr": "x", "datasource": target_datasource}], panel_datasource).queries
    assert query.datasource.uid == uid


def test_mixed_asks_each_datasource_once() -> None:
    targets = [
        {"refId": r, "expr": "x", "datasource": {"uid": uid}}
        for r, uid in (("A", "loki"), ("B", "prometheus"), ("C", "loki"))
    ]
    queries = ask(targets, {"uid": "-- Mixed --"}).queries
    assert [[q["refId"] for q in query.body["queries"]] for query in queries] == [["A", "C"], ["B"]]


def test_an_expression_travels_with_its_hidden_input() -> None:
    targets: list[dict[str, Any]] = [
        {"refId": "A", "expr": "x", "hide": True},
        {"refId": "B", "datasource": {"type": "__expr__", "uid": "__expr__"}, "type": "reduce", "expression": "A"},
    ]
    request = ask(targets)
    (query,) = request.queries
    assert query.path.endswith("&expression=true")
    assert [q["refId"] for q in query.body["queries"]] == ["A", "B"]
    assert set(request.kinds) == {"B"}


def test_ranges_of_the_caller_and_of_the_panel() -> None:
    given = ask([{"expr": "x"}], from_ms=1000, to_ms=61_000, timeFrom="6h")
    assert (given.queries[0].body["from"], given.queries[0].body["to"]) == ("1000", "61000")
    assert "not applied" in given.notes[0]
    assert ask([{"expr": "x"}], timeFrom="6h").range.length_ms == 6 * 3_600_000


def test_what_is_off_the_ladder_is_noted() -> None:
    request = ask([{"expr": "x"}], from_ms=0, to_ms=60_000, interval="90s")
    assert request.interval == (90_000, "1m")
    assert "events between are not counted" in request.notes[0]
