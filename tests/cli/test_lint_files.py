"""What a file may hold for `obs-check lint`: several things beside each other, each looked at by itself."""

import base64
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main

BOARD: dict[str, Any] = {
    "uid": "d",
    "title": "d",
    "panels": [
        {
            "id": 1,
            "type": "logs",
            "datasource": {"type": "loki", "uid": "loki"},
            "targets": [{"refId": "A", "expr": '{job="a"} |= '}],
        }
    ],
}
PROMTAIL = """\
clients: [{url: http://loki.example/loki/api/v1/push}]
scrape_configs:
- job_name: boundary
  static_configs: [{labels: {job: boundary, __path__: /tmp/boundary_logs/*.log}}]
"""
ALLOY = """\
loki.source.file "f" {
  targets    = [{"__path__" = "/tmp/a.log", "job" = "a"}]
  forward_to = [loki.write.default.receiver]
}
loki.write "default" {
  endpoint { url = "http://loki.example/loki/api/v1/push" }
}
"""
PROMETHEUS = """\
global: {scrape_interval: 1m}
rule_files: [/etc/rules/*.yaml]
scrape_configs:
- job_name: pods
  kubernetes_sd_configs: [{role: pod}]
  relabel_configs:
  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}
"""


def config_map(name: str, quoted: bool = False, **data: str) -> str:
    keys = "".join(
        f"  {key.replace('_', '.')}: {json.dumps(text)}\n"
        if quoted
        else f"  {key.replace('_', '.')}: |\n{textwrap.indent(text, '    ')}\n"
        for key, text in data.items()
    )
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata:\n{keys}"


def lint(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], str]:
    code = main(["lint", str(path), "-o", "json", "-v"])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else {}, shown.err


@pytest.mark.parametrize("quoted", [False, True])
def test_each_key_of_a_rendered_chart_is_looked_at_by_itself(
    quoted: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two Alloy configurations with components of one name, promtail's, Prometheus', a dashboard and a script."""
    secret = base64.b64encode(PROMTAIL.encode()).decode()
    file = tmp_path / "rendered.yaml"
    text = "---\n".join(
        [
            config_map("one", quoted, config_alloy=ALLOY),
            config_map("two", quoted, config_alloy=ALLOY, run_sh="#!/bin/sh\nexec true\n"),
            config_map("three", quoted, promtail_yaml=PROMTAIL, prometheus_yml=PROMETHEUS),
            f"kind: Secret\nmetadata: {{name: four, namespace: logs}}\ndata: {{promtail.yaml: {secret}}}\n",
            config_map("five", quoted, d_json=json.dumps(BOARD, indent=1)),
            "kind: Service\nmetadata: {name: six}\n",
        ]
    )
    file.write_text(text)
    code, document, notes = lint(file, capsys)
    assert code == 1
    # The selector's job is set by both of Alloy's: only the query is wrong.
    assert [found["rule"] for found in document["findings"]] == ["query-syntax"]
    row = next(number for number, row in enumerate(text.split("\n"), 1) if "d.json" in row)
    target = 0 if quoted else json.dumps(BOARD, indent=1).split('"refId"')[0].count("\n")
    assert document["findings"][0]["line"] == row + target
    assert "ConfigMap two, key run.sh" in notes


@pytest.mark.parametrize("folder", [False, True])
def test_a_key_that_is_broken_does_not_hide_the_others(
    folder: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = PROMTAIL.replace("job_name", "jobname")
    file = tmp_path / "all.yaml"
    file.write_text(
        "---\n".join(
            [
                config_map("one", promtail_yaml=wrong, d_json=json.dumps(BOARD)),
                config_map("two", quoted=True, config_alloy=ALLOY.replace("{ url =", "{ urls =")),
                config_map("three", promtail_yaml=f"{PROMTAIL}- [", prometheus_yml=PROMETHEUS),
                config_map("four", e_json='{"panels": ['),
            ]
        )
    )
    code, document, said = lint(tmp_path if folder else file, capsys)
    assert code == 2
    assert [found["rule"] for found in document["findings"]] == ["query-syntax"]
    for told in ("'jobname'", "'urls' is not an attribute", "not YAML", "all.yaml:e.json: not JSON"):
        assert told in said
    assert "key prometheus.yml is neither" in said


def test_what_is_in_base64_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A ConfigMap has bytes in `binaryData`, and base64 may stand on several lines; a dashboard's sidecar reads it."""
    coded = base64.encodebytes(json.dumps(BOARD).encode()).decode()
    head = "kind: ConfigMap\nmetadata: {name: one}\nbinaryData:\n  logo.png: /w==\n  d.json: |\n"
    file = tmp_path / "all.yaml"
    file.write_text(head + textwrap.indent(coded, "    "))
    code, document, said = lint(file, capsys)
    assert (code, [found["rule"] for found in document["findings"]]) == (1, ["query-syntax"])
    assert "key logo.png is neither" in said


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_kubectl_lists_is_read(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = [
        {"kind": "ConfigMap", "metadata": {"name": "p"}, "data": {"promtail.yaml": PROMTAIL}},
        {"kind": "ConfigMap", "metadata": {"name": "d"}, "data": {"d.json": json.dumps(BOARD)}},
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1)
    file = tmp_path / f"all.{form}"
    file.write_text(text)
    code, document, _ = lint(file, capsys)
    assert code == 1
    assert {f["rule"] for f in document["findings"]} == {"query-syntax"}


OF_ALL_JOBS = (
    "global: {scrape_interval: 15s}\nscrape_configs: [{job_name: a, static_configs: [{targets: [a.example]}]}]\n"
)


OTHERS = [
    "{job_name: a, tls_config: {insecure_skip_verify: true}, static_configs: [{targets: [a]}]}",
    "{job_name: a, params: {module: [http_2xx]}, static_configs: [{targets: [a]}]}",
    '{job_name: a, http_sd_configs: [{url: "http://x.example"}]}',
    "{job_name: a, static_configs: [{targets: [a]}]}",
]


@pytest.mark.parametrize("job", OTHERS)
def test_a_shippers_configuration_shows_that_it_is_one(
    job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prometheus.yml").write_text(f"scrape_configs: [{job}]\n")
    (tmp_path / "map.yaml").write_text(config_map("prometheus", prometheus_yml=f"scrape_configs: [{job}]\n"))
    (tmp_path / "q.logql").write_text('{container="web"}')
    code, document, _ = lint(tmp_path, capsys)
    assert (code, document["findings"]) == (0, [])


@pytest.mark.parametrize("text", [PROMETHEUS, OF_ALL_JOBS])
@pytest.mark.parametrize("named", [True, False])
def test_prometheus_is_no_shipper(named: bool, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(text)
    (tmp_path / "q.logql").write_text('{job="a"}')
    code, _, notes = lint(file if named else tmp_path, capsys)
    assert code == (2 if named else 0)
    assert "unknown key" not in notes
    assert main(["shipper", "targets", "--shipper-config", str(file)]) == 2
    assert "a configuration of Prometheus, which ships no logs" in capsys.readouterr().err


def test_a_shipper_command_wants_one_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rendered.yaml"
    file.write_text("---\n".join([config_map("one", config_alloy=ALLOY), config_map("two", config_alloy=ALLOY)]))
    assert main(["shipper", "targets", "--shipper-config", str(file)]) == 2
    assert "2 configurations of shippers: ConfigMap one, key config.alloy; ConfigMap two" in capsys.readouterr().err


def test_named_templates_are_read_as_far_as_they_are_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Chart.yaml").write_text("name: x\nversion: 1.0.0\n")
    (tmp_path / "templates").mkdir()
    file = tmp_path / "templates" / "_dashboards.json.tpl"
    board = json.dumps({**BOARD, "title": "{{ .Release.Name }}"}, indent=1)
    file.write_text(
        f'{{{{- define "a" -}}}}\n{board}\n{{{{- end }}}}\n'
        '{{ define "b" }}{"panels": [{{ range .Values.x }}{{ . }}{{ end }}]}{{ end }}\n'
    )
    code, document, notes = lint(file, capsys)
    assert code == 1
    assert [f["rule"] for f in document["findings"]] == ["query-syntax"]
    assert "template b" in notes


def test_a_pair_of_escapes_is_one_character(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = "\N{LOCK WITH INK PEN}"
    board = {**BOARD, "title": lock, "panels": [{**BOARD["panels"][0], "title": lock}]}
    for name in ("d.json", "d.yaml"):
        (tmp_path / name).write_text(json.dumps(board, ensure_ascii=True))
    code, document, _ = lint(tmp_path, capsys)
    assert code == 1
    assert [len(one["copies"]) for one in document["findings"]] == [1]


def test_a_habit_is_one_finding_with_its_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = [{"refId": "A", "expr": 'sum(count_over_time({job="a"} [5m])) or vector(0)'}]
    panels = [{**BOARD["panels"][0], "id": n, "type": "stat", "targets": targets} for n in (1, 2, 3)]
    (tmp_path / "d.json").write_text(json.dumps({**BOARD, "panels": panels}, indent=1))
    code, document, _ = lint(tmp_path, capsys)
    assert code == 0
    [masked] = [one for one in document["findings"] if one["rule"] == "masked-zero"]
    assert [place["subject"]["panel"] for place in masked["places"]] == [1, 2, 3]
    main(["lint", str(tmp_path)])
    assert "in 3 places: panels 1, 2, 3" in capsys.readouterr().out


def test_errors_of_one_habit_are_one_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panel, wrong = BOARD["panels"][0], [{"refId": name, "expr": '{job="a"} |'} for name in "AB"]
    in_three = [{**panel, "id": n, "targets": wrong[:1]} for n in (1, 2, 3)]
    for panels in (in_three, in_three[:2], [{**panel, "targets": wrong}]):
        (tmp_path / "d.json").write_text(json.dumps({**BOARD, "panels": panels}, indent=1))
        code, document, _ = lint(tmp_path, capsys)
        main(["lint", str(tmp_path)])
        out = capsys.readouterr().out
        found = [len(one["places"]) for one in document["findings"]]
        assert (code, found) == (1, {3: [3], 2: [1, 1], 1: [2]}[len(panels)])
        assert ("in 3 places: panels 1, 2, 3" in out) == (len(panels) == 3)
        assert ("panel 1, queries A, B: " in out) == (len(panels) == 1)
        main(["lint", str(tmp_path), "-o", "sarif"])
        assert len(json.loads(capsys.readouterr().out)["runs"][0]["results"]) == sum(found)


def test_copies_of_a_dashboard_are_spoken_of_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panel = {**BOARD["panels"][0], "targets": [{"refId": "A", "expr": '{job="a"} |'}]}
    board = {**BOARD, "panels": [panel]}
    (tmp_path / "a.json").write_text(json.dumps(board, indent=1))
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.json").write_text(json.dumps(board))
    (tmp_path / "other.json").write_text(json.dumps({**board, "refresh": "5s"}))
    manifest = json.dumps({"kind": "ConfigMap", "data": {"d.json": json.dumps(board)}})
    (tmp_path / "c.yaml").write_text(manifest)
    (tmp_path / "d.yaml").write_text(f"{manifest}# obs-check:disable-file missing-unit -- a copy\n")
    code, document, _ = lint(tmp_path, capsys)
    told = {Path(one["path"]).name: [Path(path).name for path in one["copies"]] for one in document["findings"]}
    assert (code, told) == (1, {"a.json": ["c.yaml", "b.json"], "d.yaml": [], "other.json": []})
    main(["lint", str(tmp_path)])
    assert f"and 2 copies: {tmp_path}/c.yaml, {tmp_path}/a/b.json" in capsys.readouterr().out
    main(["lint", str(tmp_path), "-o", "sarif"])
    assert len(json.loads(capsys.readouterr().out)["runs"][0]["results"]) == 5


def test_one_of_the_dashboards_of_a_file_is_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = {**BOARD["panels"][0], "$$hashKey": "object:1", "targets": [{"refId": "A", "expr": '{job="a"} |'}]}
    first, second = ({**BOARD, "uid": uid, "title": uid, "panels": [broken]} for uid in ("first", "second"))
    (tmp_path / "all").mkdir()
    data = {f"{one['uid']}.json": json.dumps(one) for one in (first, second)}
    (tmp_path / "all/map.yaml").write_text(json.dumps({"kind": "ConfigMap", "data": data}))
    (tmp_path / "first.json").write_text(json.dumps(first))
    _, document, _ = lint(tmp_path, capsys)
    told = [(Path(one["path"]).name, one["subject"]["dashboard"], one["copies"]) for one in document["findings"]]
    assert sorted(told) == [("first.json", "first", [str(tmp_path / "all/map.yaml")]), ("map.yaml", "second", [])]


@pytest.mark.parametrize(
    ("datasource", "says"),
    [
        ({"type": "victoriametrics-logs-datasource", "uid": "x"}, False),
        ({"uid": "x"}, False),
        ({"type": "loki", "uid": "x"}, True),
        ({"type": "prometheus", "uid": "x"}, True),
    ],
)
def test_a_language_that_is_not_read_is_not_judged(
    datasource: dict[str, str], says: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    panel = {**BOARD["panels"][0], "datasource": datasource, "targets": [{"refId": "A", "expr": "_time:5m | stats x"}]}
    (tmp_path / "d.json").write_text(json.dumps({**BOARD, "panels": [panel]}))
    _, document, _ = lint(tmp_path, capsys)
    assert bool(document["findings"]) == says


@pytest.mark.parametrize(
    ("kind", "expr", "refused"),
    [
        ("loki", '{job="a", $more, b=~"(x|$more)"} |= "x"', False),
        ("loki", '{job="a"} $more', False),
        ("loki", '{job="$more"} |= ', True),
        ("loki", '{job="a"} |= `{{.x}}` |', True),
        ("loki", "{ {{selector}} }", False),
        ("prometheus", "x $op 5", False),
        ("prometheus", "$agg by (a) (x)", False),
        ("prometheus", 'sum(x{a="$b"}', True),
        ("prometheus", "rate(x[$$w])", False),
        ("prometheus", "rate(x{%(selector)s}[5m])", False),
        ("prometheus", "rate(x[@@w@@])", False),
        ("prometheus", "rate(x[[[__interval]]])", False),
        ("prometheus", "rate(x[__WINDOW__])", False),
        ("prometheus", 'rate(x{a="{{b}}"}[5])]', True),
    ],
)
def test_what_is_filled_in_later_is_not_refused(
    kind: str, expr: str, refused: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    panel = {**BOARD["panels"][0], "datasource": {"type": kind}, "targets": [{"refId": "A", "expr": expr}]}
    (tmp_path / "d.json").write_text(json.dumps({**BOARD, "panels": [panel]}))
    assert ("query-syntax" in {one["rule"] for one in lint(tmp_path, capsys)[1]["findings"]}) is refused


def test_a_manifest_is_read_as_flux_applies_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expr = 'rate(x{cluster="${name:=home}", job=~"$${job}"}[$$__rate_interval])'
    panel = {**BOARD["panels"][0], "datasource": {"type": "prometheus"}, "targets": [{"refId": "A", "expr": expr}]}
    text = json.dumps({**BOARD, "panels": [panel]})
    map_ = {"kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"d.json": text}}
    resource = {"kind": "GrafanaDashboard", "metadata": {"name": "g"}, "spec": {"json": text}}
    for number, document in enumerate((map_, resource)):
        (tmp_path / f"{number}.yaml").write_text(json.dumps(document))
    code, document, _ = lint(tmp_path, capsys)
    assert (code, document["findings"]) == (0, [])


def test_a_folder_may_hold_what_is_nobodys_dashboard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tsconfig.json").write_text('{"a": 1 /* of the compiler */}')
    (tmp_path / "list.json").write_text('{"panels": ["one", "two"]}')
    (tmp_path / "rows.json").write_text('{"a": "12 rows"}\n{"a": "13 rows"}')
    of_others = [
        '[{"from": [0, 0, 0]}], "textures": {}',
        '17, "rows": 3',
        '{"nodes": [], "edges": []}, "layout": {}',
        "{}",
    ]
    for number, elements in enumerate(of_others):
        (tmp_path / f"e{number}.json").write_text(f'{{"elements": {elements}}}')
    (tmp_path / "spec.yaml").write_text('title: "12"\ntemplating: []\npanels: [{targets: [{expr: up}]}]\n')
    (tmp_path / "fixture.yaml").write_text("a: - b\nrows: x\n")
    (tmp_path / "compose.yaml").write_text("services: {a: {depends_on: !override {b: c}, rows: 2024-13-45}}\n")
    (tmp_path / "mkdocs.yml").write_text("a: [!!python/name:x, !Sub {b: c}, =, !reset []]\nrows: x\n")
    (tmp_path / "prometheus.yml").write_text("scrape_configs:\nscrape_interval: 1m\njob_name: a\njob_name: b\n")
    (tmp_path / "promtail-template.yaml").write_text("scrape_configs:\n  __labels__\n  positions: x\n")
    (tmp_path / "map.ftl.yaml").write_text("kind: ConfigMap\n<#noparse>\ndata:\n  d.json: rows\n")
    (tmp_path / "chart.json").write_text('{"panels": [{"targets": "{{ include "a.name" . }}"}]}')
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules/d.json").write_text('{"panels": [')
    (tmp_path / "q.logql").write_text('{job="a"}')
    (tmp_path / "report.json").write_text('{"results": []}', "utf-16")
    (tmp_path / "compose.yml").write_bytes(b"# caf\xe9\nservices: {}\n")
    (tmp_path / "scan.json").write_text('{"a": 1}\n{"a": 2}')
    code, _, notes = lint(tmp_path, capsys)
    assert code == 0
    assert notes.count("neither a dashboard") == 18
    assert main(["lint", str(tmp_path / "tsconfig.json")]) == 2
    assert main(["lint", str(tmp_path / "report.json")]) == 2


@pytest.mark.parametrize(
    ("name", "coding", "says"),
    [
        ("d.json", "utf-16", "d.json: not UTF-8 text"),
        ("d.json", "utf-8-sig", "hint: save it without the byte order mark"),
        ("c.alloy", "utf-16", "c.alloy: not UTF-8 text"),
    ],
)
def test_what_is_ours_in_another_coding_is_broken(
    name: str, coding: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "q.logql").write_text('{job="a"}')
    (tmp_path / name).write_text(json.dumps(BOARD), coding)
    assert main(["lint", str(tmp_path)]) == 2
    assert says in capsys.readouterr().err


def test_an_empty_variable_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [{"refId": "A", "expr": "x * $rate"}, {"refId": "B", "expr": "x * $rate )"}]
    panel = {**BOARD["panels"][0], "datasource": {"type": "prometheus"}, "targets": wrong}
    variables = {"list": [{"name": "rate", "type": "constant", "current": {"value": "2"}}]}
    file = tmp_path / "d.json"
    file.write_text(json.dumps({**BOARD, "panels": [panel], "templating": variables}))
    _, document, _ = lint(file, capsys)
    assert [one["fix"]["summary"] for one in document["findings"]] == [
        "give the variable rate a value (a constant has it in `query`): it is empty",
        "correct the query; try it with obs-check query",
    ]


def test_a_panel_without_an_id_has_a_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = {key: value for key, value in BOARD["panels"][0].items() if key != "id"}
    panels = [{"type": "row", "panels": [{**BOARD["panels"][0], "targets": []}]}, own]
    file = tmp_path / "d.json"
    file.write_text(json.dumps({**BOARD, "panels": panels}, indent=1))
    _, document, _ = lint(file, capsys)
    rows = file.read_text().split("\n")
    assert [rows[one["line"]].strip() for one in document["findings"]] == ['"refId": "A",']
    for title, name in (("Decisions", 'panel "Decisions", query A: '), ("", "panel without a title, query A: ")):
        file.write_text(json.dumps({**BOARD, "panels": [{**own, "id": None, "title": title}]}, indent=1))
        main(["lint", str(file)])
        assert name in capsys.readouterr().out
        main(["lint", str(file), "-o", "sarif"])
        assert f'"{name[:-2]}"' in capsys.readouterr().out.replace("\\", "")


def test_the_unit_of_an_old_graph_is_on_its_axis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    targets = [{"refId": "A", "expr": 'rate({job="a"} [5m])'}]
    for name, axes in (("good", [{"format": "s"}, {"format": "short"}]), ("bad", [])):
        panel = {**BOARD["panels"][0], "type": "graph", "yaxes": axes, "targets": targets}
        (tmp_path / f"{name}.json").write_text(json.dumps({**BOARD, "panels": [panel]}))
    _, document, _ = lint(tmp_path, capsys)
    assert [Path(one["path"]).name for one in document["findings"] if one["rule"] == "missing-unit"] == ["bad.json"]


@pytest.mark.parametrize(
    ("kind", "queries", "says"),
    [
        ("loki", ['sum by (a) (count_over_time({job="a"} [5m]))'], False),
        ("loki", ['topk(3, sum(count_over_time({job="a"} [5m]))) > 2'], False),
        ("loki", ['count(rate({job="a"} [5m]))'], False),
        ("loki", ['sum(count_over_time({job="a"} [5m])) / 60'], False),
        ("loki", ['sum(bytes_over_time({job="a"} [5m])) / 1024'], True),
        ("loki", ['sum(count_over_time({job="a"} |= "x" [5m])) / sum(count_over_time({job="a"} [5m]))'], True),
        ("loki", ['sum(sum_over_time({job="a"} | logfmt | unwrap x [5m]))'], False),
        ("loki", ['sum(bytes_over_time({job="a"} [5m]))'], True),
        ("loki", ['count(rate({job="a"} [5m]))', 'rate({job="a"} [5m])'], False),
        ("loki", ['bytes_rate({job="a"} [5m])', 'rate({job="a"} [5m])'], True),
        ("prometheus", ["count(x > 1) - count(y)"], False),
        ("prometheus", ["go_goroutines"], False),
        ("prometheus", ["sum(increase(x_total[5m]))"], False),
        ("prometheus", ["sum(increase(x_seconds_total[5m]))"], True),
        ("prometheus", ["x_seconds > bool 2"], False),
        ("prometheus", ["x_seconds_count"], False),
        ("prometheus", ["x_seconds > 2"], True),
        ("prometheus", ["time() - x_timestamp_seconds"], True),
        ("prometheus", ["sum(rate(x_total[5m])) * 100"], True),
        ("prometheus", ["histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[5m])))"], True),
        ("prometheus", ["histogram_quantile(0.9, sum by (le) (rate(batch_size_bucket[5m])))"], False),
        ("prometheus", ["count(up == 1) / count(up)"], True),
        ("prometheus", ["sum(kube_pod_info) / count(kube_node_info)"], False),
        ("prometheus", ["rate(batch_size_sum[5m]) / rate(batch_size_count[5m])"], False),
        ("prometheus", ["rate(x_seconds_sum[5m]) / rate(x_seconds_count[5m])"], True),
        ("prometheus", ["sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))"], True),
        ("prometheus", ["x / 2"], False),
        ("prometheus", ["sgn(x_seconds)"], False),
        ("prometheus", ["avg(up)"], False),
        ("postgres", ["SELECT avg(a) FROM t"], False),
    ],
)
def test_a_unit_is_missed_where_there_is_one(
    kind: str, queries: list[str], says: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "rawSql" if kind == "postgres" else "expr"
    targets = [{"refId": name, key: query} for name, query in zip("AB", queries, strict=False)]
    panel = {**BOARD["panels"][0], "type": "timeseries", "datasource": {"type": kind, "uid": "x"}, "targets": targets}
    (tmp_path / "d.json").write_text(json.dumps({**BOARD, "panels": [panel]}))
    _, document, _ = lint(tmp_path, capsys)
    assert [one["rule"] for one in document["findings"]] == ["missing-unit"] * says


def test_a_dashboard_without_panels_beside_others_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = '  e.json: |\n    {"title": "e", "schemaVersion": 39, "panels": []}\n'
    full = f"  d.json: |\n    {json.dumps(BOARD)}\n"
    path = tmp_path / "c.yaml"
    for data, code, says in ((empty + full, 1, "without panels"), (empty, 2, "neither a dashboard")):
        path.write_text(f"kind: ConfigMap\nmetadata: {{name: one}}\ndata:\n{data}")
        assert main(["lint", "-v", str(path)]) == code
        assert says in capsys.readouterr().err


def test_datasources_in_a_config_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    provisioned = "datasources:\n- {name: Loki, uid: loki, type: loki, url: http://loki.example}\n"
    (tmp_path / "datasources.yaml").write_text(
        config_map("other", run_sh="exit 0\n") + "---\n" + config_map("grafana", datasources_yaml=provisioned)
    )
    for name, uid in (("good", "loki"), ("bad", "gone")):
        panel = {
            **BOARD["panels"][0],
            "datasource": {"type": "loki", "uid": uid},
            "targets": [{"refId": "A", "expr": '{job="a"}'}],
        }
        (tmp_path / f"{name}.json").write_text(json.dumps({**BOARD, "panels": [panel]}))
    args = ["lint", str(tmp_path / "good.json"), str(tmp_path / "bad.json"), "-o", "json"]
    main([*args, "--datasources", str(tmp_path / "datasources.yaml")])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(Path(one["path"]).name, one["rule"]) for one in found] == [("bad.json", "unknown-datasource")]


@pytest.mark.parametrize("before", ["", "\n", "// ours\n", "\t"], ids=["nothing", "break", "comment", "tab"])
def test_alloy_in_quotes_is_read_whatever_stands_before_its_first_component(
    before: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cm.yaml"
    path.write_text("kind: ConfigMap\nmetadata: {name: c}\ndata:\n  config.river: " + json.dumps(before + ALLOY) + "\n")
    assert main(["lint", str(path)]) == 0
    assert "1 file" in capsys.readouterr().out


OF_ENVIRONMENT = {
    "c.alloy": """loki.source.file "a" {
  targets    = [{__path__ = "/var/log/a.log", job = "a", host = constants.hostname}]
  forward_to = [loki.relabel.r.receiver]
}
loki.relabel "r" {
  rule {
    target_label = "env"
    replacement  = sys.env("OBS_CHECK_NOT_SET")
  }
  forward_to = [loki.process.p.receiver]
}
loki.process "p" {
  stage.static_labels {
    values = { zone = "z-" + sys.env("OBS_CHECK_NOT_SET"), fixed = "f" }
  }
  forward_to = [loki.write.w.receiver]
}
loki.write "w" {
  endpoint {
    url = "http://loki.example/loki/api/v1/push"
  }
  external_labels = { region = sys.env("OBS_CHECK_NOT_SET") }
}
""",
    "p.yaml": """
clients: [{url: "${OBS_CHECK_NOT_SET}/loki/api/v1/push", external_labels: {region: "${OBS_CHECK_NOT_SET}"}}]
scrape_configs:
- job_name: a
  static_configs: [{labels: {job: a, env: "${OBS_CHECK_NOT_SET}", __path__: "${OBS_CHECK_NOT_SET}/*.log"}}]
  pipeline_stages: [{static_labels: {zone: "z-${OBS_CHECK_NOT_SET}", fixed: f, host: "${OBS_CHECK_NOT_SET}"}}]
""",
}


@pytest.mark.parametrize("name", OF_ENVIRONMENT)
def test_what_the_environment_says_may_be_anything(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OBS_CHECK_NOT_SET", raising=False)
    (tmp_path / name).write_text(OF_ENVIRONMENT[name])
    (tmp_path / "q.logql").write_text('{job="a", env="dev", host="h", zone="z-1", region="eu"}')
    assert lint(tmp_path, capsys)[1]["findings"] == []
    (tmp_path / "q.logql").write_text('{job="a", fixed="other"}')
    assert [one["rule"] for one in lint(tmp_path, capsys)[1]["findings"]] == ["label-not-set"]


def test_options_of_a_wrong_kind_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {"type": "query", "includeAll": True, "current": {"value": "$__all"}, "query": "label_values(x)"}
    variables = [{"name": "one", "options": True, **wrong}, {"name": "f", "type": "adhoc", "filters": True}]
    targets = [{"refId": "A", "expr": '{job=~"$one"}'}, {"refId": "B", "expr": "{", "hide": True}]
    older = {"fieldOptions": {"defaults": {"unit": "percent"}}}
    panels = [
        {**BOARD["panels"][0], "targets": targets},
        {"id": 2, "type": "stat", "datasource": {"type": "prometheus"}, "targets": [{"expr": "up"}], "options": older},
    ]
    file = tmp_path / "d.json"
    file.write_text(json.dumps({**BOARD, "panels": panels, "templating": {"list": variables}}))
    assert lint(file, capsys)[1]["findings"] == []
