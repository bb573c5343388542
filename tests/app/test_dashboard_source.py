"""Changing a dashboard where it is kept: in Grafana, in a file of any form, and not where Grafana provisions it."""

import base64
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.app.systems.dashboard_source import open_dashboard
from obs_check.client.files.local_files import read_document
from obs_check.client.files.text_files import read_exact, write_exact
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.http import Access
from obs_check.config import host_port
from obs_check.config.section import Secret
from obs_check.errors import ConfigError
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.lab.grafana import LabGrafana
from obs_check.model.finding import PanelEdit, TargetEdit
from obs_check.panel.dashboard import load_dashboard, load_dashboards

BEFORE, AFTER = '{job="é"} | logfmt | a="b"', '{job="é"} | json | a="b"'
EDITS = (TargetEdit(1, "A", BEFORE, AFTER),)


def model(uid: str) -> dict[str, Any]:
    target = {"refId": "A", "expr": BEFORE}
    return {"uid": uid, "title": uid, "version": 4, "panels": [{"id": 1, "type": "stat", "targets": [target]}]}


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[GrafanaClient]:
    folder = tmp_path / "grafana"
    (folder / "provisioned").mkdir(parents=True)
    (folder / "own.json").write_text(json.dumps(model("own")))
    (folder / "provisioned/kept.json").write_text(json.dumps(model("kept")))
    (folder / "library").mkdir()
    (folder / "library/lib.json").write_text(json.dumps(model("own")["panels"][0]))
    own = {**model("own")["panels"][0], "id": 2}
    shared = {"uid": "shared", "title": "s", "panels": [{"id": 1, "libraryPanel": {"uid": "lib", "name": "L"}}, own]}
    (folder / "shared.json").write_text(json.dumps(shared))
    lost = {"uid": "lost", "title": "l", "panels": [{"id": 1, "libraryPanel": {"uid": "gone", "name": "L"}}]}
    (folder / "lost.json").write_text(json.dumps(lost))
    with LabGrafana(folder, [], "t") as lab:
        client = GrafanaClient(lab.url, time.time_ns, {host_port(lab.url)}, Access(Secret("token", lambda: "t")))
        yield client
        client.close()


def apply(grafana: GrafanaClient, wanted: str, edits: tuple[TargetEdit, ...] = EDITS) -> str:
    source = open_dashboard(wanted, grafana)
    read = load_dashboard(source.document, source.name)
    return source.apply(edits, read.document, "obs-check: test", grafana)[0]


def query_of(document: Any) -> str:
    return load_dashboard(document, "test").panels[0].targets[0].text


def test_a_dashboard_of_grafana_gets_a_new_version_and_the_way_back_is_said(grafana: GrafanaClient) -> None:
    said = apply(grafana, "own")
    assert "saved as version 5" in said
    assert 'restore {"version": 4}' in said
    assert query_of(grafana.dashboard("own").value) == AFTER


def test_a_provisioned_dashboard_is_left_alone_and_its_file_is_named(grafana: GrafanaClient) -> None:
    said = apply(grafana, "kept")
    assert "NOT changed" in said
    assert "kept.json" in said
    assert query_of(grafana.dashboard("kept").value) == BEFORE


def config_map(style: str, end: str) -> str:
    """A ConfigMap as people and programs write it: dashboards in keys of one style, comments and what is none of
    ours."""
    inner = {uid: json.dumps(model(uid), indent=2, ensure_ascii=False) for uid in ("other", "kept")}
    if style == "|":
        rows = {
            uid: "|-  # ours\n" + "\n".join(f"      {row}" for row in text.split("\n")) for uid, text in inner.items()
        }
    elif style == "'":
        rows = {
            uid: "'" + json.dumps(model(uid)).replace("'", "''").replace(", ", ",\n\n    \n        ", 1) + "'"
            for uid in inner
        }
    elif style == "folded":
        rows = {uid: yaml.safe_dump(text, default_style='"', width=40).rstrip("\n") for uid, text in inner.items()}
    else:
        rows = {uid: json.dumps(text, ensure_ascii=False).replace("/", "\\/") for uid, text in inner.items()}
    listed = "".join(f"    {uid}.json: {text}\n" for uid, text in rows.items())
    start = "# mine\nkind: Secret\n---\nkind: ConfigMapList\nitems:\n- kind: ConfigMap  # kept\n  data:\n"
    return (start + "    note: 'a: #b'\n" + listed + "    z.txt: >\n      {\n      }\n").replace("\n", end)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("style", ["|", "'", '"', "folded"], ids=["block", "single", "double", "folded"])
def test_a_provisioned_dashboard_is_changed_in_the_config_map_that_it_comes_from(
    grafana: GrafanaClient, tmp_path: Path, style: str, end: str
) -> None:
    path = tmp_path / "dashboards.yaml"
    text = config_map(style, end)
    write_exact(path, text)
    source = open_dashboard("kept", grafana, path)
    said, file = source.apply(EDITS, source.document, "obs-check: test", grafana)
    assert file == path
    assert f"{path}, key kept.json, changed in 1 query" in said
    assert f"kubectl apply -f {path}" in said
    changed = read_exact(path)
    assert {d.uid: d.panels[0].targets[0].text for d in load_dashboards(read_document(path), "test")} == {
        "kept": AFTER,
        "other": BEFORE,
    }
    assert changed[: text.index("kept.json")] == text[: text.index("kept.json")]
    assert changed[text.index("z.txt") - len(text) :] == text[text.index("z.txt") :]
    if style != "folded":
        assert len(changed.splitlines()) == len(text.splitlines())
        assert sum(a != b for a, b in zip(changed.splitlines(), text.splitlines(), strict=True)) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kind: ConfigMap\ndata:\n  kept.json: >\n    MODEL\n", "its form is none that can be changed"),
        ("kind: ConfigMap\ndata:\n  kept.json: |\n    MODEL\n  two.json: |\n    MODEL\n", "holds 2 dashboards"),
        ("kind: ConfigMap\ndata:\n  kept.json: |\n    OTHER\n", "panel 1, target A, is not written there as"),
        ("kind: ConfigMap\ndata:\n  kept.json: &one |\n    MODEL\n  a.txt: *one\n", "cannot be changed there alone"),
        ("kind: ConfigMap\ndata:\n  kept.json: |\n    AFTER\n", "it has these changes already"),
        ("kind: ConfigMap\ndata:\n  {{- if .a }}\n  kept.json: |\n    MODEL\n", "not plain YAML"),
        ("kind: ConfigMap\ndata:\n  other.json: |\n    {}\n", "holds no dashboard"),
        (None, "No such file"),
    ],
    ids=["folded", "twice", "another-query", "alias", "done", "template", "none", "no-file"],
)
def test_a_config_map_that_cannot_be_changed_safely_is_left_alone(
    grafana: GrafanaClient, tmp_path: Path, text: str | None, why: str
) -> None:
    path = tmp_path / "dashboards.yaml"
    kept = json.dumps(model("kept"))
    if text is not None:
        text = text.replace("MODEL", kept).replace("OTHER", kept.replace("logfmt", "unpack"))
        path.write_text(text := text.replace("AFTER", kept.replace("logfmt", "json")))
    source = open_dashboard("kept", grafana, path)
    said, file = source.apply(EDITS, source.document, "obs-check: test", grafana)
    assert file is None
    assert said.startswith("dashboard kept was NOT changed: ")
    assert why in said
    assert (path.read_text() if path.exists() else None) == text


def resource(spec: str, more: str = "") -> str:
    return f"kind: GrafanaDashboard\nmetadata: {{name: own}}\nspec:\n  resyncPeriod: 30s\n  {spec}\n{more}"


REFERRED = "configMapRef: {name: held, key: json}"
HELD = "---\nkind: ConfigMap\nmetadata: {name: held}\ndata:\n  json: |\n    MODEL\n  other: x\n"


@pytest.mark.parametrize(
    "text",
    [
        resource("json: |\n    MODEL"),
        resource("json: 'MODEL'"),
        resource(REFERRED, HELD),
        json.dumps(
            {"kind": "GrafanaDashboardList", "items": [{"kind": "GrafanaDashboard", "spec": {"json": "MODEL"}}]}
        ),
    ],
    ids=["block", "quoted", "referred", "json"],
)
def test_what_an_operator_saves_is_changed_in_its_resource(grafana: GrafanaClient, tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.yaml"
    kept = json.dumps(model("own"))
    path.write_text(text := text.replace("MODEL", json.dumps(kept)[1:-1] if text[0] == "{" else kept))
    source = open_dashboard("own", grafana, path)
    said, file = source.apply(EDITS, source.document, "obs-check: test", grafana)
    assert file == path
    assert f"Grafana shows it once grafana-operator has it (kubectl apply -f {path})" in said
    assert query_of(grafana.dashboard("own").value) == BEFORE
    assert path.read_text() == text.replace("logfmt", "json")
    assert query_of(read_document(path)) == AFTER


def packed(uid: str) -> str:
    return base64.b64encode(gzip.compress(json.dumps(model(uid)).encode())).decode()


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("json: >\n    MODEL", "its form is none that can be changed"),
        (f"gzipJson: {packed('own')}", "it is packed: change the JSON as the diff shows"),
        (REFERRED, "it is in the ConfigMap that configMapRef names"),
    ],
    ids=["folded", "packed", "elsewhere"],
)
def test_what_of_an_operators_resource_cannot_be_changed_is_said(
    grafana: GrafanaClient, tmp_path: Path, spec: str, why: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text := resource(spec.replace("MODEL", json.dumps(model("own")))))
    source = open_dashboard("own", grafana, path)
    said, file = source.apply(EDITS, source.document, "obs-check: test", grafana)
    assert (file, said.startswith("dashboard own was NOT changed: "), why in said) == (None, True, True)
    assert path.read_text() == text


def test_the_text_of_a_config_map_in_json_is_changed_in_place(grafana: GrafanaClient, tmp_path: Path) -> None:
    path = tmp_path / "dashboards.json"
    data = {"kept.json": json.dumps(model("kept")), "a.txt": "\U0001f512"}
    held = {"kind": "ConfigMap", "data": data}
    path.write_text(json.dumps({"kind": "List", "items": [held]}, indent=1))
    source = open_dashboard("kept", grafana, path)
    source.apply(EDITS, source.document, "obs-check: test", grafana)
    data["kept.json"] = data["kept.json"].replace("logfmt", "json")
    assert path.read_text() == json.dumps({"kind": "List", "items": [held]}, indent=1)


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("in_config_map", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_file_keeps_its_form(
    grafana: GrafanaClient, tmp_path: Path, ascii_only: bool, in_config_map: bool, end: str
) -> None:
    text = json.dumps(model("f"), indent=3, ensure_ascii=ascii_only)
    path = tmp_path / "f.yaml"
    if in_config_map:
        text = "kind: ConfigMap # kept\ndata:\n  f.json: |\n" + "\n".join("    " + line for line in text.splitlines())
    text = text.replace("\n", end)
    write_exact(path, text)
    said = apply(grafana, str(path))
    assert "f.yaml.before" in said
    assert read_exact(tmp_path / "f.yaml.before") == text
    changed = read_exact(path)
    assert query_of(yaml.safe_load(changed)) == AFTER
    assert changed.replace(" json |", " logfmt |") == text


def test_a_file_that_does_not_hold_the_query_as_it_was_read_is_not_touched(
    grafana: GrafanaClient, tmp_path: Path
) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps(model("f")))
    source = open_dashboard(str(path), grafana)
    text = json.dumps(model("f")).replace("logfmt", "unpack")
    path.write_text(text)
    with pytest.raises(ConfigError, match="panel 1, target A"):
        source.apply(EDITS, model("f"), "obs-check: test", grafana)
    assert path.read_text() == text


def test_a_query_that_is_escaped_otherwise_is_the_same_query(grafana: GrafanaClient, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text(json.dumps(model("f")).replace("logfmt", "log\\u0066mt"))
    apply(grafana, str(path))
    assert query_of(json.loads(path.read_text())) == AFTER


@pytest.mark.parametrize("in_config_map", [True, False])
@pytest.mark.parametrize(
    ("edit", "was", "becomes"),
    [
        (PanelEdit(2, ("timeFrom",), "5m", None), '"timeFrom": "5m"', '"timeFrom": null'),
        (PanelEdit(2, ("targets", 1, "hide"), True, False), '"hide": true', '"hide": false'),
        (PanelEdit(2, ("transformations", 0, "disabled"), None, True), '{"id": "x"}', '{"disabled": true, "id": "x"}'),
        (PanelEdit(2, ("options", "noValue"), None, ""), '"options": {}', '"options": {"noValue": ""}'),
        (PanelEdit(None, ("time", "from"), "now-5m", "now-7d"), '"from": "now-5m"', '"from": "now-7d"'),
    ],
    ids=["removed", "target", "added", "added-to-nothing", "dashboard"],
)
def test_one_value_of_a_file_changes_and_nothing_else(
    grafana: GrafanaClient, tmp_path: Path, in_config_map: bool, edit: PanelEdit, was: str, becomes: str
) -> None:
    text = (
        '{"uid": "f", "title": "é {", "time": {"from": "now-5m"},\n  "panels": [{"id": 9, "type": "row", '
        '"panels": [{"id": 2,  "timeFrom": "5m", "targets": [{}, {"hide": true}],\n'
        '   "transformations": [{"id": "x"}], "options": {}}]}]}'
    )
    document = json.loads(text)
    path = tmp_path / "f.yaml"
    if in_config_map:
        text = "kind: ConfigMap # {kept}\ndata:\n  f.json: |\n" + "\n".join("    " + x for x in text.splitlines())
    path.write_text(text)
    source = open_dashboard(str(path), grafana)
    said, _ = source.apply((edit,), document, "obs-check: test", grafana)
    assert "1 other place" in said
    assert path.read_text() == text.replace(was, becomes)
    with pytest.raises(ConfigError, match="is not written there as it was read"):
        source.apply((edit,), document, "obs-check: test", grafana)


def test_a_dashboard_of_schema_v2_is_read_where_grafana_says_and_not_written(
    grafana: GrafanaClient, tmp_path: Path
) -> None:
    query = {"kind": "DataQuery", "group": "loki", "datasource": {"name": "loki"}, "spec": {"expr": BEFORE}}
    data = {"kind": "QueryGroup", "spec": {"queries": [{"kind": "PanelQuery", "spec": {"refId": "A", "query": query}}]}}
    panel = {"kind": "Panel", "spec": {"id": 1, "title": "p", "data": data, "vizConfig": {"group": "stat", "spec": {}}}}
    item = {"kind": "GridLayoutItem", "spec": {"element": {"kind": "ElementReference", "name": "one"}}}
    document = {
        "uid": "new",
        "title": "v2",
        "elements": {"one": panel},
        "layout": {"kind": "GridLayout", "spec": {"items": [item]}},
        "variables": [],
        "timeSettings": {"from": "now-6h", "to": "now"},
    }
    (tmp_path / "grafana/new.json").write_text(json.dumps(document))
    source = open_dashboard("new", grafana)
    read = load_dashboard(source.document, source.name)
    assert (read.uid, read.schema, read.panels[0].targets[0].text) == ("new", "v2", BEFORE)
    assert "NOT changed" in apply(grafana, "new")
    changed = load_dashboard(apply_edits(read.document, EDITS), "edited")
    assert changed.panels[0].targets[0].text == AFTER


def test_a_library_panel_is_read_from_its_place_and_not_changed_in_the_dashboard(grafana: GrafanaClient) -> None:
    assert query_of(open_dashboard("shared", grafana).document) == BEFORE
    assert "NOT changed: panel 1 is a library panel" in apply(grafana, "shared")
    assert grafana.dashboard("shared").value["dashboard"]["version"] == 1
    said = apply(grafana, "shared", (*EDITS, TargetEdit(2, "A", BEFORE, AFTER)))
    assert "with 1 query" in said
    assert "NOT changed: panel 1 is a library panel" in said
    borrowed, own = grafana.dashboard("shared").value["dashboard"]["panels"]
    assert "targets" not in borrowed
    assert own["targets"][0]["expr"] == AFTER


def test_a_library_panel_that_is_gone_leaves_the_dashboard_readable(grafana: GrafanaClient) -> None:
    (panel,) = load_dashboard(open_dashboard("lost", grafana).document, "lost").panels
    assert (panel.library, panel.targets) == ("gone", ())
