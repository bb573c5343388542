"""Links into Grafana's Explore say what was asked, in the form of the server's version."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from obs_check.report.html.explore import asked_queries, explore_url

WINDOW = {"start_ns": 1_795_478_400_000_000_001, "end_ns": 1_795_478_460_000_000_001}
QUERY = {"refId": "A", "datasource": {"type": "loki", "uid": "a b"}, "expr": '{a="b"} |= `&#"`', "queryType": "range"}
PANE = {"datasource": "a b", "queries": [QUERY], "range": {"from": "1795478400000", "to": "1795478460001"}}


def asked(version: str, base: str = "https://grafana.example/sub/") -> dict[str, Any]:
    url = explore_url(base, version, "a b", [QUERY], WINDOW)
    assert url is not None
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://grafana.example/sub/explore"
    return {key: values[0] for key, values in parse_qs(parts.query, strict_parsing=True).items()}


@pytest.mark.parametrize("version", ["10.0.0", "11.2.3+security-01", "13.0.1"])
def test_panes_from_grafana_10_on(version: str) -> None:
    found = asked(version)
    assert (found["schemaVersion"], found["orgId"]) == ("1", "1")
    assert list(json.loads(found["panes"]).values()) == [PANE]


@pytest.mark.parametrize("version", ["9.4.7", "8.5.0", ""])
def test_left_before_it_and_where_nobody_knows(version: str) -> None:
    found = asked(version)
    assert json.loads(found["left"]) == PANE
    assert "panes" not in found


@pytest.mark.parametrize("base", ["", "javascript:alert(1)", "file:///etc/passwd", "http://[broken", "grafana.example"])
def test_no_link_to_what_is_no_web_address(base: str) -> None:
    assert explore_url(base, "13.0.1", "a", [QUERY], WINDOW) is None


def test_no_link_without_a_window_or_a_query() -> None:
    assert explore_url("https://grafana.example", "13.0.1", "a", [QUERY], {}) is None
    assert explore_url("https://grafana.example", "13.0.1", "a", [], WINDOW) is None


LOKI = "/api/datasources/proxy/uid/a%20b/loki/api/v1"
PROBES: dict[str, tuple[dict[str, Any], Any]] = {
    "a query of a panel": (
        {"target": "/api/ds/query?ds_type=loki", "body": {"queries": [QUERY]}},
        ("a b", [QUERY]),
    ),
    "of two datasources": (
        {"target": "/api/ds/query", "body": {"queries": [QUERY, {**QUERY, "datasource": {"uid": "c"}}]}},
        ("-- Mixed --", [QUERY, {**QUERY, "datasource": {"uid": "c"}}]),
    ),
    "Loki through Grafana": (
        {"target": f"{LOKI}/query_range?query=%7Ba%3D%22b%22%7D+%7C%3D+%60%26%23%22%60&start=1&limit=5", "body": None},
        ("a b", [QUERY]),
    ),
    "at an instant": (
        {"target": f"{LOKI}/query?query=%7Ba%3D%22b%22%7D+%7C%3D+%60%26%23%22%60&time=1", "body": None},
        ("a b", [{**QUERY, "queryType": "instant"}]),
    ),
    "labels": ({"target": f"{LOKI}/labels?start=1", "body": None}, None),
    "Loki by itself": ({"target": "/loki/api/v1/query?query=x", "body": None}, None),
    "nothing on the wire": ({}, None),
}


@pytest.mark.parametrize("name", PROBES)
def test_what_a_probe_asked(name: str) -> None:
    exchange, wanted = PROBES[name]
    probe: Any = {"system": "loki", "exchange": exchange}
    assert asked_queries(probe) == wanted
