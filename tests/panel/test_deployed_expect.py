"""The expectations of the dashboard as the Kubernetes deployment draws it: met by right answers, and not by none."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.model.event import Decision, Event
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.expect import load_expectations
from obs_check.panel.frames import decode_results
from obs_check.panel.reading import read_panel
from obs_check.panel.request import panel_requests
from obs_check.panel.variables import effective_variables

FILE = Path(__file__).parents[2] / "dashboards/agent-firewall.deployed.expect.yaml"
NOW = 1_795_478_400_000_000_000
LOKI = {"type": "loki", "uid": "loki"}
KNOWN = Datasources(
    {uid: {"uid": uid, "name": uid, "type": uid, "jsonData": {}} for uid in ("loki", "prometheus")}, "prometheus"
)
HIDDEN = dict.fromkeys(("Line", "labels", "tsNs", "id", "labelTypes"), True)
RECENT = [
    {"id": "extractFields", "options": {"source": "Line", "format": "json"}},
    {"id": "organize", "options": {"excludeByName": HIDDEN, "indexByName": {}, "renameByName": {}}},
]
TOP = [{"id": "organize", "options": {"excludeByName": {"Time": True}, "renameByName": {"Value #A": "Requests"}}}]


def event(n: int, decision: Decision, host: str) -> Event:
    return Event("run1", n, decision, "GET", f"https://{host}/p?obs=run1-{n}-{decision}", host, n)


EVENTS = [event(1, "allow", "a.example"), event(2, "deny", "b.invalid"), event(3, "deny", "b.invalid")]


RENAMED = [
    {
        "matcher": {"id": "byName", "options": f'{{decision="{own}"}}'},
        "properties": [{"id": "displayName", "value": shown}],
    }
    for own, shown in (("allow", "Allowed"), ("deny", "Denied"))
]
"""As the deployment's tiles are called."""


def panel(number: int, kind: str, query: str, steps: list[Any] | None = None, source: Any = None) -> dict[str, Any]:
    target = {"refId": "A", "datasource": source or LOKI, "expr": '{namespace="coder"}', "queryType": query}
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    drawn = {"id": number, "type": kind, "datasource": target["datasource"], "targets": [target], "options": options}
    overrides = RENAMED if number == 3 else []
    return {**drawn, "transformations": steps or [], "fieldConfig": {"defaults": {}, "overrides": overrides}}


BOARD = load_dashboard(
    {
        "uid": "agent-firewall",
        "title": "Agent Firewall",
        "panels": [
            panel(3, "stat", "range"),
            panel(4, "table", "instant", TOP),
            panel(5, "table", "instant", TOP),
            panel(6, "table", "range", RECENT),
            panel(7, "table", "range", RECENT),
            panel(9, "stat", "instant", source={"type": "prometheus", "uid": "prometheus"}),
        ],
    },
    "the deployment's",
)


def counted(labels: dict[str, str], value: float, name: str = "") -> dict[str, Any]:
    config = {"displayNameFromDS": name} if name else {}
    number = {"name": "Value", "type": "number", "labels": labels, "config": config}
    fields = [{"name": "Time", "type": "time"}, number]
    return {"schema": {"refId": "A", "fields": fields}, "data": {"values": [[NOW // 1_000_000], [value]]}}


def rows(*hosts: str) -> dict[str, Any]:
    """Log lines as the deployment's `line_format` leaves them."""
    texts = [json.dumps({"Owner": "joe", "Method": "GET", "Domain": host, "Path": "/p"}) for host in hosts]
    fields = [{"name": "labels", "type": "other"}, {"name": "Time", "type": "time"}, {"name": "Line", "type": "string"}]
    values = [[{} for _ in texts], [NOW // 1_000_000] * len(texts), texts]
    return {"schema": {"refId": "A", "fields": fields}, "data": {"values": values}}


ANSWERS = {
    3: [counted({"decision": "allow"}, 1, '{decision="allow"}'), counted({"decision": "deny"}, 2, '{decision="deny"}')],
    4: [counted({"domain": "a.example"}, 1)],
    5: [counted({"domain": "b.invalid"}, 2)],
    6: [rows("a.example")],
    7: [rows("b.invalid", "b.invalid")],
    9: [counted({}, 4)],
}


@pytest.mark.parametrize("number", ANSWERS)
def test_a_right_answer_meets_the_expectation_and_silence_does_not(number: int) -> None:
    expectations = load_expectations(yaml.safe_load(FILE.read_text()), FILE.name)
    assert expectations.keys() == ANSWERS.keys()
    (one,) = [one for one in BOARD.panels if one.id == number]
    asked = panel_requests(BOARD, one, effective_variables(BOARD), KNOWN, NOW)
    right = read_panel(one, decode_results({"results": {"A": {"frames": ANSWERS[number]}}}), asked)
    assert expectations[number].check(right, EVENTS) is None
    silent = read_panel(one, decode_results({"results": {"A": {"frames": []}}}), asked)
    assert expectations[number].check(silent, EVENTS)
    if number in (6, 7):
        other = read_panel(one, decode_results({"results": {"A": {"frames": [rows("c.invalid")]}}}), asked)
        assert expectations[number].check(other, EVENTS)
