"""Reading dashboards: classic, old rows, API answers, schema v2, ConfigMaps, and what is none of them."""

import base64
import gzip
import json
from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.evidence import dashboard_edit
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.model.finding import DashboardEdit, PanelEdit, TargetEdit
from obs_check.panel.dashboard import changed_dashboard, load_dashboard, load_dashboards

STAT: dict[str, Any] = {
    "id": 3,
    "type": "stat",
    "title": "Totals",
    "gridPos": {"w": 6},
    "targets": [{"refId": "A", "expr": '{a="b"}', "datasource": {"type": "loki", "uid": "loki"}}],
    "transformations": [{"id": "limit", "options": {"limitField": 3}}],
}
CLASSIC: dict[str, Any] = {"uid": "u", "title": "T", "schemaVersion": 39, "panels": [STAT]}


def resource(**spec: Any) -> dict[str, Any]:
    """A dashboard as grafana-operator has it."""
    return {"kind": "GrafanaDashboard", "metadata": {"name": "d"}, "spec": spec}


V2: dict[str, Any] = {
    "apiVersion": "dashboard.grafana.app/v2",
    "kind": "Dashboard",
    "metadata": {"name": "u2"},
    "spec": {
        "title": "T2",
        "elements": {
            "panel-3": {
                "kind": "Panel",
                "spec": {
                    "id": 3,
                    "title": "Totals",
                    "data": {
                        "spec": {
                            "queries": [
                                {
                                    "spec": {
                                        "refId": "A",
                                        "hidden": False,
                                        "query": {
                                            "group": "loki",
                                            "datasource": {"name": "loki"},
                                            "spec": {"expr": '{a="b"}'},
                                        },
                                    }
                                }
                            ],
                            "transformations": [{"group": "limit", "spec": {"options": {"limitField": 3}}}],
                            "queryOptions": {"interval": "1m", "maxDataPoints": 50},
                        }
                    },
                    "vizConfig": {"group": "stat", "spec": {"options": {}, "fieldConfig": {}}},
                },
            }
        },
        "layout": {
            "kind": "RowsLayout",
            "spec": {
                "rows": [
                    {
                        "spec": {
                            "collapse": True,
                            "layout": {
                                "kind": "GridLayout",
                                "spec": {"items": [{"spec": {"width": 6, "element": {"name": "panel-3"}}}]},
                            },
                        }
                    }
                ]
            },
        },
        "timeSettings": {"from": "now-7d", "to": "now", "timezone": "utc"},
        "variables": [{"kind": "TextVariable", "spec": {"name": "domain", "query": "x"}}],
    },
}


@pytest.mark.parametrize(
    "doc",
    [
        CLASSIC,
        {"dashboard": CLASSIC, "meta": {"slug": "t"}},
        {"kind": "ConfigMap", "data": {"d.json": json.dumps(CLASSIC), "readme.txt": "no"}},
        {"kind": "List", "items": [{"kind": "ConfigMap", "data": {"d.json": json.dumps(CLASSIC)}}]},
        resource(json=json.dumps(CLASSIC)),
        resource(gzipJson=base64.b64encode(gzip.compress(json.dumps(CLASSIC).encode())).decode()),
        {
            "kind": "List",
            "items": [
                resource(configMapRef={"name": "m", "key": "k"}),
                {"kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"k": json.dumps(CLASSIC), "other": "x"}},
            ],
        },
        {"kind": "Dashboard", "metadata": {"name": "u"}, "spec": CLASSIC},
        {**CLASSIC, "panels": [{"type": "row", "panels": [STAT]}]},
        {**CLASSIC, "panels": None, "rows": [{"panels": [STAT]}]},
        V2,
    ],
)
def test_every_shape_gives_the_same_panel(doc: Any) -> None:
    panel = load_dashboard(doc, "f").panel(3)
    assert panel is not None
    assert (panel.title, panel.type, panel.width) == ("Totals", "stat", 6)
    assert [(t.ref_id, t.text, t.datasource["uid"]) for t in panel.targets] == [("A", '{a="b"}', "loki")]
    assert [(t.id, t.options["limitField"]) for t in panel.transformations] == [("limit", 3)]


def test_v2_keeps_what_stands_outside_the_panel() -> None:
    dashboard = load_dashboard(V2, "f")
    assert (dashboard.uid, dashboard.time_from, dashboard.schema) == ("u2", "now-7d", "v2")
    assert [(v.name, v.type, v.query) for v in dashboard.variables] == [("domain", "textbox", "x")]
    assert dashboard.panels[0].collapsed
    assert dashboard.panels[0].max_data_points == 50


def test_children_of_a_closed_row_are_marked() -> None:
    doc = {**CLASSIC, "panels": [{"type": "row", "collapsed": True, "panels": [STAT]}, {**STAT, "id": 4}]}
    assert [(p.id, p.collapsed) for p in load_dashboard(doc, "f").panels] == [(3, True), (4, False)]


@pytest.mark.parametrize(
    ("doc", "says"),
    [
        ([], "not a dashboard"),
        ({"a": 1}, "neither panels nor elements"),
        ({**CLASSIC, "panels": []}, "without panels"),
        ({"schemaVersion": 39}, "without panels"),
        ({**CLASSIC, "panels": [1]}, "panels is not a list of objects"),
        ({"kind": "ConfigMap", "data": {"d.json": "{"}}, "d.json is not JSON"),
        ({**CLASSIC, "panels": [{**STAT, "maxDataPoints": "many"}]}, "not a well-formed dashboard"),
        ({**CLASSIC, "panels": [{**STAT, "gridPos": {"w": []}, "span": "x"}]}, "not a well-formed dashboard"),
        ({"elements": {"p": {"spec": {"data": [1]}}}}, "not a well-formed dashboard"),
        ({"elements": {"p": 1}}, "element p has no spec"),
        ({"kind": "ConfigMap", "data": {}}, "holds no dashboard"),
        (resource(configMapRef={"name": "m", "key": "k"}), "it is in the ConfigMap m, key k"),
        (resource(url="https://dashboards.example/1"), "the operator makes it of spec.url"),
        (resource(jsonnet="{}"), "the operator makes it of spec.jsonnet"),
        (resource(json="{"), "spec.json is not JSON"),
        (resource(gzipJson="none"), "holds no dashboard"),
        ({"kind": "ConfigMap", "data": {"a.json": json.dumps(CLASSIC), "b.json": json.dumps(CLASSIC)}}, "2 dashboards"),
    ],
)
def test_what_is_no_dashboard_is_refused(doc: Any, says: str) -> None:
    with pytest.raises(InputError) as refused:
        load_dashboard(doc, "f.json")
    assert says in f"{refused.value.message}; {refused.value.hint}"


def test_what_stands_beside_a_dashboard_is_passed_over() -> None:
    perses = {"kind": "Dashboard", "spec": {"panels": {"a": {"kind": "Panel"}}}}
    data = {
        "app.json": '{"a": 1}',
        "list.json": "[1]",
        "perses.json": json.dumps(perses),
        "d.json": json.dumps(CLASSIC),
    }
    doc = {"kind": "List", "items": [{"kind": "ConfigMap", "data": data}, {"kind": "Secret", "data": {"x": "eA=="}}]}
    assert [d.source for d in load_dashboards(doc, "cm.yaml")] == ["cm.yaml:d.json"]


def test_a_dashboard_in_bytes_of_a_config_map() -> None:
    coded = base64.b64encode(json.dumps(CLASSIC).encode()).decode()
    doc = {"kind": "ConfigMap", "binaryData": {"logo.png": "/w==", "d.json": coded}}
    assert [d.source for d in load_dashboards(doc, "cm.yaml")] == ["cm.yaml:d.json"]


def test_several_dashboards_of_one_document() -> None:
    doc = {"kind": "ConfigMap", "data": {"a.json": json.dumps(CLASSIC), "b.json": json.dumps(CLASSIC)}}
    assert [d.source for d in load_dashboards(doc, "cm.yaml")] == ["cm.yaml:a.json", "cm.yaml:b.json"]


def test_a_changed_dashboard_reads_only_what_was_changed() -> None:
    panels = [{"id": n, "type": "stat", "targets": [{"refId": "A", "expr": f'{{a="{n}"}}'}]} for n in range(1, 60)]
    row = {"id": 60, "type": "row", "collapsed": True, "panels": [{"id": 61, "type": "logs", "targets": []}]}
    whole = load_dashboard({"uid": "d", "panels": [*panels, row]}, "d.json")
    edits: list[DashboardEdit] = [
        TargetEdit(7, "A", '{a="7"}', '{a="x"}'),
        PanelEdit(61, ("options", "wrapLogMessage"), None, True),
    ]
    changed = changed_dashboard(whole, apply_edits(whole.document, edits))
    anew = load_dashboard(json.loads(json.dumps(changed.document)), "d.json")
    assert changed.panels == anew.panels
    assert [new.id for old, new in zip(whole.panels, changed.panels, strict=True) if new is not old] == [7, 61]
    assert whole == load_dashboard({"uid": "d", "panels": [*panels, row]}, "d.json")


@pytest.mark.parametrize("many", [10, 20])
def test_many_edits_are_made_in_one_walk(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    targets, steps = dashboard_edit._targets, []

    def counted(dashboard: Any, path: Any = ()) -> Any:
        for found in targets(dashboard, path):
            steps.append(found[0])
            yield found

    board = {"panels": [{**STAT, "id": n} for n in range(many)]}
    monkeypatch.setattr(dashboard_edit, "_targets", counted)
    edits = [TargetEdit(n, "A", '{a="b"}', f'{{a="{n}"}}') for n in range(many)]
    changed = apply_edits(board, edits)
    assert [panel["targets"][0]["expr"] for panel in changed["panels"]] == [edit.after for edit in edits]
    assert len(steps) == many


def test_panels_behind_a_closed_row_are_not_repeated_with_it() -> None:
    board = load_dashboard(
        {
            "title": "d",
            "panels": [
                {"id": 1, "type": "row", "repeat": "host", "collapsed": True, "panels": [{"id": 2, "type": "stat"}]},
                {"id": 3, "type": "stat"},
                {"id": 4, "type": "row", "repeat": "host", "collapsed": False, "panels": []},
                {"id": 5, "type": "stat"},
            ],
        },
        "d",
    )
    assert [(panel.id, panel.repeat) for panel in board.panels if panel.type != "row"] == [
        (2, "host"),
        (3, ""),
        (5, "host"),
    ]
