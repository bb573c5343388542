"""`obs-check lint`: what is shipped is clean, exit codes, and the three forms of output."""

import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main
from obs_check.lab import settings

ROOT = Path(__file__).parents[2]
BAD = "sum(\n"


def test_what_is_shipped_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The dashboards, the queries, and the lab's promtail configuration on the lab's files."""
    settings.write(settings.healthy(tmp_path), tmp_path, "http://127.0.0.1:1")
    args = [
        "lint",
        str(ROOT / "dashboards"),
        str(ROOT / "queries"),
        str(tmp_path / "promtail.yaml"),
        "-v",
        "-o",
        "json",
    ]
    assert main(args) == 0
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert (document["schema"], document["command"], document["verdict"]) == ("obs-check/1", "lint", "ok")
    assert document["findings"] == document["disabled"] == document["unused_disables"] == []
    assert document["files"] > 15
    configuration, *rest = shown.err.splitlines()
    assert configuration == "configuration: none"
    left_out = [Path(line.split()[2]) for line in rest]
    assert {"".join(path.suffixes[-2:]) for path in left_out} == {".expect.yaml", ".test.yaml"}


def test_a_version_of_loki_says_which_lines_of_a_sample_a_query_keeps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "q.logql").write_text('{job="b"} | logfmt | msg="last" | json\n')
    (tmp_path / "s.log").write_text("msg=first msg=last\n")
    args = ["lint", str(tmp_path / "q.logql"), "--sample", str(tmp_path / "s.log")]
    assert main(args) == 1
    assert "parser-contradicts-lines" in capsys.readouterr().out
    assert main([*args, "--loki-version", "3.7"]) == 0


def test_an_error_fails_and_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "q.logql").write_text(BAD)
    assert main(["lint", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "error query-syntax: not LogQL: parse error" in out
    assert out.splitlines()[-1] == "1 file: 1 error, 0 warnings, 0 info"


def test_sarif(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.logql").write_text(f"# one\n{BAD}")
    Path("quiet.logql").write_text(f"# obs-check:disable query-syntax -- a template\n{BAD}")
    assert main(["lint", "bad.logql", "quiet.logql", "-o", "sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    loud, quiet = run["results"]
    place = loud["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "bad.logql"
    assert place["region"] == {"startLine": 3}
    assert "suppressions" not in loud
    assert quiet["suppressions"] == [{"kind": "inSource", "justification": "a template"}]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "query-syntax"
        assert result["level"] == "error"


def test_sarif_has_what_a_code_host_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub's code scanning: three texts a rule, a place with a URI that is relative to the repository, a fingerprint
    that stays when the line moves."""
    (tmp_path / "repo" / "a b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repo")
    inside, outside = Path("a b/\u00fc#1.logql"), tmp_path / "other.logql"

    def linted(text: str) -> dict[str, Any]:
        inside.write_text(text)
        outside.write_text(BAD)
        # As a script names files: by absolute paths.
        assert main(["lint", str(inside.absolute()), str(outside), "-o", "sarif"]) == 1
        [run] = json.loads(capsys.readouterr().out)["runs"]
        return dict(run)

    run, moved = linted("{a=b}"), linted("\n\n  {a=b}")
    for rule in run["tool"]["driver"]["rules"]:
        texts = [rule[name]["text"] for name in ("shortDescription", "fullDescription", "help")]
        assert all(texts)
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    assert sorted(uris) == ["a%20b/%C3%BC%231.logql", outside.as_uri()]
    prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]]
    assert prints == [r["partialFingerprints"]["primaryLocationLineHash"] for r in moved["results"]]
    assert len(set(prints)) == 2
    regions = [r["locations"][0]["physicalLocation"]["region"] for r in moved["results"]]
    assert {"startLine": 3, "startColumn": 3, "endLine": 3, "endColumn": 8} in regions


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.json", "{", "x.json: not JSON"),
        ("x.json", "{}", "x.json: neither a dashboard, a query nor a shipper configuration"),
        ("x.yaml", "a: [", "x.yaml:1: not YAML"),
        ("x.yaml", "scrape_configs:\n- pipeline_stages: [{jsn: {}}]\n  job_name: a\n", "unknown key 'jsn'"),
        ("x.json", '{"panels": [1]}', "panels is not a list of objects"),
        ("x.txt", "hello", "x.txt: neither a dashboard"),
    ],
)
def test_broken_files(
    name: str, text: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)
    assert main(["lint", name]) == 2
    shown = capsys.readouterr()
    assert says in shown.err
    assert shown.out == ""


def test_other_files_in_a_directory_are_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "chart.yaml").write_text("{{- if .Values.x }}\na: b\n{{- end }}\n")
    (tmp_path / "q.logql").write_text('{job="a"}')
    assert main(["lint", str(tmp_path), "-v"]) == 0
    assert capsys.readouterr().err.count("left out: ") == 2


IN_A_TEMPLATE = """{{- if .Values.enabled }}
{{/* two
  lines */}}
kind: ConfigMap
metadata:
  namespace: {{ .Values.namespace }}
data:
  %s: |-
    %s
{{- end }}
"""
BAD_BOARD = """{"title": "d", "panels": [
      {"id": 1, "type": "stat", "targets": [
        {"refId": "A", "expr": "{", "datasource": {"type": "loki"}, "legendFormat": "{{ "{{" }}job{{ "}}" }}"}
      ]}
    ]}"""


def chart(folder: Path) -> Path:
    """A chart with an empty folder for templates, which is returned."""
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("name: boards\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("enabled: true\nnamespace: monitoring\n")
    return folder / "templates"


def test_a_dashboard_in_a_template_of_a_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = chart(tmp_path) / "boards.yaml"
    path.write_text(IN_A_TEMPLATE % ("d.json", BAD_BOARD))
    expected = path.read_text().split("\n").index(BAD_BOARD.split("\n")[2]) + 1
    for given in (path, tmp_path):
        assert main(["lint", str(given), "-o", "json"]) == 1
        (finding,) = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["severity"] == "error"]
        assert (finding["path"], finding["line"], finding["rule"]) == (str(path), expected, "query-syntax")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        (IN_A_TEMPLATE % ("d.json", '{{ tpl "x" . }}'), "boards.yaml:9: {{ tpl"),
        (IN_A_TEMPLATE % ("p.yaml", "scrape_configs: []\n    clients: {{ tpl `x` . }}"), "boards.yaml:10: {{ tpl"),
    ],
)
def test_a_template_that_is_not_followed(
    template: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = chart(tmp_path) / "boards.yaml"
    path.write_text(template)
    (tmp_path / "q.logql").write_text('{job="a"}')
    assert main(["lint", str(tmp_path), "-v"]) == 0
    assert f"left out: {path}" in capsys.readouterr().err
    assert main(["lint", str(path)]) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert "helm template" in shown


def test_a_shipper_in_a_template_is_read_where_that_needs_no_helm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = chart(tmp_path) / "p.yaml"
    body = (
        "scrape_configs:\n    - job_name: {{ .Values.namespace }}\n      pipeline_stages:\n"
        "      - match: {selector: '{a=\"b\"}', action: drop}\n      static_configs: [{labels: {__path__: /x}}]"
    )
    path.write_text(IN_A_TEMPLATE % ("p.yaml", body))
    row = path.read_text().split("\n").index(body.split("\n")[3]) + 1
    for given in (path, tmp_path):
        assert main(["lint", str(given), "-o", "json"]) == 1
        (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert (finding["path"], finding["line"], finding["rule"]) == (str(path), row, "match-never")
    path.write_text(IN_A_TEMPLATE % ("prometheus.yml", "scrape_configs: {{ tpl `x` . }}\n    rule_files: []"))
    assert main(["lint", str(path)]) == 2
    assert "neither a dashboard, a query nor a shipper configuration" in capsys.readouterr().err


def test_a_broken_file_in_a_directory_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text('{"panels":')
    (tmp_path / "b.logql").write_text(BAD)
    (tmp_path / "c.yaml").write_text("scrape_configs: []\nclients: []\nrelabel_configs: []\n")
    assert main(["lint", str(tmp_path), "-o", "json"]) == 2
    shown = capsys.readouterr()
    assert [finding["rule"] for finding in json.loads(shown.out)["findings"]] == ["query-syntax"]
    first, last, _ = shown.err.splitlines()
    assert first.startswith(f"obs-check: error: {tmp_path / 'a.json'}: not JSON")
    assert last.endswith("unknown key 'relabel_configs'")


@pytest.mark.parametrize(("query", "verdict"), [(BAD, "fail"), ('{job="a"}', "unknown")])
def test_what_could_not_be_read_is_not_ok(
    query: str, verdict: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text('{"panels":')
    (tmp_path / "b.logql").write_text(query)
    assert main(["lint", str(tmp_path), "-o", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["verdict"] == verdict


def test_datasources_from_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ds.json").write_text('[{"name": "Other", "uid": "other", "type": "loki"}]')
    dashboard = str(ROOT / "dashboards/agent-firewall.json")
    assert main(["lint", dashboard]) == 0
    Path("obs-check.yaml").write_text("lint: {datasources: ds.json}\n")
    assert main(["lint", dashboard]) == 1
