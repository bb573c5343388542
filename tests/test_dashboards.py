"""Our own dashboard, its expectations and the stored queries: complete, consistent and readable by what runs them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.cli.main import main
from obs_check.model.event import Decision, Event
from obs_check.panel.dashboard import Dashboard, Panel, load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.expect import Expectation, load_expectations
from obs_check.panel.frames import decode_results
from obs_check.panel.masking import shows_zero_for_nothing
from obs_check.panel.reading import read_panel
from obs_check.panel.request import PanelRequest, panel_requests
from obs_check.panel.variables import effective_variables

ROOT = Path(__file__).parent.parent
BOARD = ROOT / "dashboards" / "agent-firewall.json"
EXPECT = ROOT / "dashboards" / "agent-firewall.expect.yaml"
QUERIES = sorted((ROOT / "queries").glob("*.logql"))
NOW = 1_795_478_400_000_000_000
DATASOURCES = Datasources(
    {uid: {"uid": uid, "name": uid.title(), "type": uid, "jsonData": {}} for uid in ("loki", "prometheus")},
    "Prometheus",
)


def board() -> Dashboard:
    return load_dashboard(json.loads(BOARD.read_text()), BOARD.name)


def expectations() -> dict[int, Expectation]:
    return load_expectations(yaml.safe_load(EXPECT.read_text()), EXPECT.name)


def request(panel: Panel) -> PanelRequest:
    return panel_requests(board(), panel, effective_variables(board()), DATASOURCES, NOW)


PANELS = board().panels


def test_identity() -> None:
    dashboard = board()
    raw: dict[str, Any] = json.loads(BOARD.read_text())
    assert (dashboard.uid, raw["schemaVersion"]) == ("agent-firewall", 39)
    ids = [p["id"] for p in raw["panels"]]
    assert len(ids) == len(set(ids))
    assert [v.name for v in dashboard.variables] == ["domain", "owner"]


def test_every_panel_has_an_expectation() -> None:
    assert sorted(expectations()) == sorted(p.id for p in PANELS)


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: str(p.id))
def test_a_panel_asks_what_its_path_needs(panel: Panel) -> None:
    asked = request(panel)
    assert (asked.state, asked.notes) == ("ready", ())
    (query,) = asked.queries
    (target,) = panel.targets
    path = expectations()[panel.id].path
    assert query.datasource.kind == ("prometheus" if path == "metrics" else "loki")
    assert not shows_zero_for_nothing(target.text)
    selector = {"A": '{job="boundary"}', "B": '{namespace="coder"} |= `boundary_request`', "metrics": "agent_boundary"}
    assert selector[path] in target.text


@pytest.mark.parametrize("panel", [p for p in PANELS if p.type == "logs"], ids=lambda p: str(p.id))
def test_log_panels_ask_for_as_many_lines_as_they_expect(panel: Panel) -> None:
    assert panel.targets[0].query["maxLines"] == expectations()[panel.id].limit


def event(n: int, decision: Decision, host: str) -> Event:
    return Event("run1", n, decision, "GET", f"https://{host}/p?obs=run1-{n}-{decision}", host, n)


EVENTS = [event(1, "allow", "a.example"), event(2, "deny", "b.invalid"), event(3, "deny", "b.invalid")]


def series(labels: dict[str, str], value: float, shown: str = "") -> dict[str, Any]:
    config = {"displayNameFromDS": shown} if shown else {}
    fields = [{"name": "Time", "type": "time"}, {"name": "Value", "type": "number", "labels": labels, "config": config}]
    return {"schema": {"refId": "A", "fields": fields}, "data": {"values": [[NOW // 1_000_000], [value]]}}


def lines(*texts: str) -> dict[str, Any]:
    fields = [{"name": "labels", "type": "other"}, {"name": "Time", "type": "time"}, {"name": "Line", "type": "string"}]
    values = [[{} for _ in texts], [NOW // 1_000_000] * len(texts), list(texts)]
    return {"schema": {"refId": "A", "fields": fields}, "data": {"values": values}}


BY_DECISION = [
    series({"decision": "allow"}, 1, '{decision="allow"}'),
    series({"decision": "deny"}, 2, '{decision="deny"}'),
]
ANSWERS: dict[int, list[dict[str, Any]]] = {
    1: BY_DECISION,
    2: [series({"domain": "a.example"}, 1)],
    3: [series({"domain": "b.invalid"}, 2)],
    4: [lines("joe GET https://a.example/p?obs=run1-1-allow")],
    5: [lines("joe GET https://b.invalid/p?obs=run1-3-deny", "joe GET https://b.invalid/p?obs=run1-2-deny")],
    6: BY_DECISION,
    7: [series({"owner": "joe"}, 2)],
    8: [lines(*(f'level=WARN url="{e.url}"' for e in EVENTS))],
    9: [series({"msg": "ALLOW"}, 1, "ALLOW"), series({"msg": "DENY"}, 2, "DENY")],
    10: [series({}, 4, "Batches")],
    11: [],
    12: [],
}


@pytest.mark.parametrize("panel", PANELS, ids=lambda p: str(p.id))
def test_a_right_answer_meets_the_expectation_and_silence_does_not(panel: Panel) -> None:
    expectation = expectations()[panel.id]
    asked = request(panel)
    right = read_panel(panel, decode_results({"results": {"A": {"frames": ANSWERS[panel.id]}}}), asked)
    assert expectation.check(right, EVENTS) is None
    silent = read_panel(panel, decode_results({"results": {"A": {"frames": []}}}), asked)
    assert silent.state == "no_series"
    assert (expectation.check(silent, EVENTS) is None) == (expectation.kind == "quiet")


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_a_stored_query_says_what_it_answers(path: Path) -> None:
    text = path.read_text()
    header = dict(re.findall(r"^# (id|path|answers): (.+)$", text, re.MULTILINE))
    assert header.keys() == {"id", "path", "answers"}
    assert header["id"] == path.stem
    assert header["path"] in {"A", "B"}


def test_queries_of_both_paths_are_stored() -> None:
    assert len(QUERIES) >= 10


def test_the_dashboard_of_watch_asks_for_metrics_that_there_are() -> None:
    text = (ROOT / "dashboards/obs-check-watch.json").read_text("utf-8")
    documented = set(re.findall(r"`(obs_check_\w+)`", (ROOT / "docs/watch.md").read_text("utf-8")))
    assert {
        name.removesuffix("_sum").removesuffix("_count") for name in re.findall(r"obs_check_\w+", text)
    } <= documented
    tested = main(["test", str(ROOT / "dashboards/obs-check-watch.test.yaml"), "--mutate"])
    assert tested == 0
