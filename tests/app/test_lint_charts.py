"""Helm charts through a `helm` on PATH, which is a stand-in: it checks how it is called and prints what is recorded."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main
from obs_check.errors import UsageError
from obs_check.lint.charts import RenderedTemplate
from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

TARGET = {"refId": "A", "expr": "{", "datasource": {"type": "loki", "uid": "l"}}
BAD = {"uid": "bad", "title": "bad", "panels": [{"id": 1, "type": "stat", "targets": [TARGET]}]}
INSERTED = {**BAD, "uid": "inserted"}
TEMPLATE = """{{- if .Values.enabled }}
kind: ConfigMap
metadata:
  name: {{ include "boards.name" . }}
data:
  p.yaml: |
    scrape_configs:
      - job_name: {{ .Values.job }}
        # obs-check:disable match-never -- other lines come later
        pipeline_stages:
          - match:
              selector: '{level="{{ .Values.level }}"}'
              action: drop
        static_configs:
          - labels: {level: warn, __path__: /var/log/x.log}
{{- end }}
"""
INSERTS = 'kind: ConfigMap\ndata: {{- (.Files.Glob "d/*").AsConfig | nindent 2 }}\n'
RENDERED = """---
# Source: boards/templates/p.yaml
kind: ConfigMap
metadata:
  name: release-boards-with-a-long-name
  labels:
    app.kubernetes.io/name: boards
    app.kubernetes.io/managed-by: Helm
data:
  p.yaml: |
    scrape_configs:
      - job_name: shop
        # obs-check:disable match-never -- other lines come later
        pipeline_stages:
          - match:
              selector: '{level="debug"}'
              action: drop
        static_configs:
          - labels: {level: warn, __path__: /var/log/x.log}
---
# Source: boards/charts/packed/templates/d.yaml
kind: ConfigMap
data:
  d.json: %s
---
# Source: boards/templates/inserted.yaml
kind: ConfigMap
data:
  d.json: %s
"""
HELM = """import os, sys
told = [len(sys.argv), *sys.argv[1:3], *sys.argv[4:], os.environ["HTTPS_PROXY"], os.environ["NO_PROXY"]]
wanted = [6, "template", "release", "--namespace=default", "--skip-tests", "http://127.0.0.1:1", ""]
if told != wanted or not os.path.isfile(os.path.join(sys.argv[3], "Chart.yaml")):
    sys.exit(f"Error: called as {told}")
sys.stdout.write(open(os.path.join(sys.argv[3], "recorded")).read())
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart whose templates need Helm, one of them inserting a file of the chart."""
    folder = tmp_path / "some-folder"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: boards\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("enabled: true\njob: shop\nlevel: debug\n")
    (folder / "templates/p.yaml").write_text(TEMPLATE)
    (folder / "templates/inserted.yaml").write_text(INSERTS)
    (folder / "d").mkdir()
    (folder / "d/inserted.json").write_text(json.dumps(INSERTED))
    (folder / "recorded").write_text(RENDERED % tuple(json.dumps(json.dumps(one)) for one in (BAD, INSERTED)))
    return folder


@pytest.fixture
def helm(tmp_path: Path) -> Callable[[str], Mapping[str, str]]:
    """Puts a `helm` on a PATH that has no other."""

    def put(code: str) -> Mapping[str, str]:
        path = tmp_path / "bin/helm"
        path.parent.mkdir()
        path.write_text(f"#!{sys.executable}\n{code}")
        path.chmod(0o755)
        return {"PATH": str(path.parent)}

    return put


def found(path: Path, env: Mapping[str, str]) -> tuple[list[tuple[str, int, str]], tuple[str, ...], list[UsageError]]:
    """Places (below the chart) and rules, notes, and broken files."""
    material, _, broken = read_material([path], [], None, None, env, SETTINGS)
    result = lint(material)
    assert not result.unused
    home = next(one for one in (path, *path.parents) if (one / "Chart.yaml").exists())
    rows = [(str(Path(i.spot.path).relative_to(home)), i.spot.line, i.rule) for i in result.issues]
    return rows, material.notes, broken


def test_a_chart_is_read_as_helm_renders_it(chart: Path, helm: Callable[[str], Mapping[str, str]]) -> None:
    env = helm(HELM)
    rows, notes, broken = found(chart, env)
    # The inserted dashboard is said of its file alone, what the packed chart has of where it would be.
    assert rows == [
        ("charts/packed/templates/d.yaml", 3, "query-syntax"),
        ("d/inserted.json", 1, "query-syntax"),
    ]
    assert (notes, broken) == ((), [])
    (chart / "templates/p.yaml").write_text(TEMPLATE.replace("# obs-check:disable match-never", "# "))
    recorded = (chart / "recorded").read_text()
    (chart / "recorded").write_text(recorded.replace("# obs-check:disable match-never", "# "))
    row = 1 + next(n for n, line in enumerate(TEMPLATE.split("\n")) if "match:" in line)
    for given in (chart, chart / "templates/p.yaml", chart / "templates"):
        rows, notes, broken = found(given, env)
        assert [one for one in rows if one[2] != "query-syntax"] == [("templates/p.yaml", row, "match-never")]
    # The folder is read as its chart is rendered, with nothing of the chart's other folders.
    assert [one[0] for one in rows] == ["templates/inserted.yaml", "templates/p.yaml"]


LISTED = """kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  d.json: |
    {"panels": [
    {{- range $name, $cost := .Values.costs }}
      {"title": {{ $name | quote }}},
    {{- end }}
    ]}
"""
SNIPPETS = """promtail:
  config:
    clients: [{url: http://loki.example/loki/api/v1/push}]
    snippets:
      # The list of scrape_configs.
      scrapeConfigs: |
        {{- range $k, $v := .Values.extraPorts }}
        - job_name: {{ $v.name }}
          syslog: {listen_address: 0.0.0.0:1514}
        {{- end }}
"""


SCRIPTS = """kind: ConfigMap
data:
  archive-rows: |
{{ include (include "path" (tuple . "archive-rows")) . | indent 4 }}
"""


def test_what_only_helm_fills_in_is_left_out(chart: Path, tmp_path: Path) -> None:
    (chart / "templates/scripts.yaml").write_text(SCRIPTS)
    (chart / "templates/listed.yaml").write_text(LISTED)
    (chart / "values.yaml").write_text(SNIPPETS)
    (chart / "q.logql").write_text('{job="a"}\n')
    material, skipped, broken = read_material([chart], [], None, None, {"PATH": str(tmp_path)}, SETTINGS)
    assert not broken
    assert [one for one in skipped if "listed.yaml:5: " in one or "values.yaml:" in one]
    assert any("values.yaml" in one for one in material.other_lines)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            'import sys\nsys.exit("Error: found in Chart.yaml, but missing in charts/ directory: promtail, loki")',
            "dependencies are missing: promtail, loki (get them with helm dependency build)",
        ),
        (
            'import sys\nsys.exit("Error: execution error at (boards/templates/p.yaml:3:2): x\\n\\nUse --debug flag")',
            "Helm says: execution error at (boards/templates/p.yaml:3:2): x (give what `helm template` prints",
        ),
        (
            "import sys\nsys.exit('Error: no schema:\\n- at /a: no text')",
            "Helm says: no schema: - at /a: no text",
        ),
        ("import sys\nsys.exit('killed')", "ended with 1: killed"),
    ],
    ids=["dependencies", "value", "schema", "another error"],
)
def test_a_chart_that_helm_does_not_render_is_read_without_it(
    code: str, said: str, chart: Path, helm: Callable[[str], Mapping[str, str]]
) -> None:
    without = found(chart, {})
    rows, notes, broken = found(chart, helm(code))
    assert (rows, broken) == (without[0], without[2])
    assert len(notes) == 1
    assert notes[0].startswith(f"read without Helm: {chart}: ")
    assert said in notes[0]
    assert without[1] == ()


PANEL = {"kind": "Panel", "spec": {"plugin": {"kind": "TimeSeriesChart", "spec": {}}}}
PERSES: dict[str, Any] = {
    "kind": "Dashboard",
    "metadata": {"name": "d", "project": "p"},
    "spec": {"panels": {"one": PANEL}, "layouts": []},
}
RESOURCE = {"apiVersion": "perses.dev/v1alpha2", "kind": "PersesDashboard", "spec": {"config": PERSES["spec"]}}
MAP = {"kind": "ConfigMap", "metadata": {"name": "d"}, "data": {"d.json": json.dumps(PERSES)}}


@pytest.mark.parametrize("document", [PERSES, RESOURCE, MAP], ids=["api", "resource", "config map"])
@pytest.mark.parametrize("name", ["d.json", "d.yaml"])
def test_a_dashboard_of_perses_is_named_as_such(
    name: str, document: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_text(json.dumps(document))
    assert main(["lint", str(file)]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error == f"obs-check: error: {file}: a dashboard of Perses"
    assert hint == "hint: obs-check reads dashboards of Grafana: give that one"
    (tmp_path / "q.logql").write_text('{job="a"}')
    assert main(["lint", str(tmp_path), "-v"]) == 0
    left = [row for row in capsys.readouterr().err.splitlines() if row.startswith("left out: ")]
    assert left
    assert [row for row in left if not row.endswith("is a dashboard of Perses")] == []


OF_HELM = """{{- $secret := lookup "v1" "Secret" "a" "b" }}
kind: ConfigMap
apiVersion: v1
metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}
data:
  d.json: {{ tpl (.Files.Get "bad.txt") . | quote }}
"""


@pytest.mark.real
@pytest.mark.skipif(shutil.which("helm") is None, reason="no helm on PATH")
def test_a_real_helm_renders_a_chart(chart: Path) -> None:
    (chart / "templates/_names.tpl").write_text('{{ define "boards.name" }}{{ .Release.Name }}-x{{ end }}')
    rows, notes, _ = found(chart, os.environ)
    assert notes == ()
    assert rows == [("d/inserted.json", 1, "query-syntax")]
    # A hook, a vendored dependency, tpl, lookup; notes and definitions of resources are no templates.
    (chart / "templates/more").mkdir()
    (chart / "templates/more/of.yaml").write_text(OF_HELM)
    (chart / "bad.txt").write_text(json.dumps({**BAD, "title": "{{ .Release.Name }}"}))
    (chart / "templates/NOTES.txt").write_text("{{ .Release.Name }}")
    (chart / "crds").mkdir()
    (chart / "crds/c.yaml").write_text("kind: CustomResourceDefinition\n")
    own = chart / "charts/own"
    (own / "templates").mkdir(parents=True)
    (own / "Chart.yaml").write_text("apiVersion: v2\nname: own\nversion: 1.0.0\n")
    (own / "templates/d.yaml").write_text(f"kind: ConfigMap\ndata:\n  d.json: {json.dumps(json.dumps(BAD))}\n")
    of, dependency = (("templates/more/of.yaml", 5, "query-syntax"), ("charts/own/templates/d.yaml", 3, "query-syntax"))
    rows, notes, _ = found(chart, os.environ)
    assert notes == ()
    assert rows == [dependency, ("d/inserted.json", 1, "query-syntax"), of]
    for part, wanted in (("templates/more", [of]), ("charts/own/templates", [dependency])):
        assert found(chart / part, os.environ)[0] == [(row[0].removeprefix("charts/own/"), *row[1:]) for row in wanted]
    # By itself the dependency lacks a name of the chart around it.
    named = 'kind: ConfigMap\nmetadata: {name: {{ include "boards.name" . }}}\ndata:\n'
    (own / "templates/d.yaml").write_text(f"{named}  d.json: {json.dumps(json.dumps(BAD))}\n")
    assert found(own / "templates", os.environ) == ([("templates/d.yaml", 4, "query-syntax")], (), [])
    (chart / "templates/more/of.yaml").write_text('{{ required "a level is required" .Values.none }}\n')
    rows, notes, _ = found(chart, os.environ)
    assert notes[0].startswith(
        f"read without Helm: {chart}: Helm says: execution error at (boards/templates/more/of.yaml"
    )
    assert "a level is required (give what `helm template` prints with the values that it needs)" in notes[0]


def test_a_document_that_helm_sorts_to_another_place_is_found_in_its_template(tmp_path: Path) -> None:
    first = "kind: ConfigMap\ndata:\n  d.json: {{ x | quote }}\n  e.txt: a\n"
    source = f"{first}{{{{- if y }}}}\n---\nkind: Secret\nstringData:\n  p.yaml: b\n{{{{- end }}}}\n"
    rendered = '---\nkind: Secret\nstringData:\n  p.yaml: b\n---\nkind: ConfigMap\ndata:\n  d.json: "{}"\n  e.txt: a\n'
    template = RenderedTemplate(tmp_path / "t.yaml", source, rendered)
    rows = source.split("\n")
    shown = [rows[template.line(number) - 1] for number in range(2, 10) if number != 5]
    assert shown == ["kind: Secret", "stringData:", "  p.yaml: b", "kind: ConfigMap", "data:", "data:", "  e.txt: a"]
