"""Dashboards in the templates of a Helm chart."""

import json
from pathlib import Path

import pytest

from obs_check.client.files.local_files import read_document
from obs_check.errors import ConfigError
from obs_check.panel.dashboard import load_dashboard

MODEL = {
    "uid": "d",
    "title": "d",
    "panels": [{"id": 1, "type": "stat", "targets": [{"refId": "A", "expr": "up", "legendFormat": "{{job}}"}]}],
}


def chart(folder: Path, template: str) -> Path:
    (folder / "templates").mkdir()
    (folder / "dashboards").mkdir()
    (folder / "Chart.yaml").write_text("name: boards\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text("enabled: true\nnamespace: monitoring\ntitle: From values\n")
    (folder / "dashboards/d.json").write_text(json.dumps(MODEL, indent=2))
    path = folder / "templates/cm.yaml"
    path.write_text(template)
    return path


HEAD = """{{- if .Values.enabled }}
{{/* a comment */}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Chart.Name }}
  namespace: {{ .Values.namespace | default "default" | quote }}
  labels:
    {{- include "boards.labels" . | nindent 4 }}
data:
"""


@pytest.mark.parametrize(
    "body",
    [
        '  d.json: |-\n{{ .Files.Get "dashboards/d.json" | indent 4 }}\n{{- end }}\n',
        '  d.json: |-\n    {{- .Files.Get "dashboards/d.json" | nindent 4 }}\n{{- else }}\n  x: y\n{{- end }}\n',
        "  d.json: |\n    " + json.dumps(MODEL).replace("{{job}}", "{{`{{job}}`}}") + "\n{{- end }}\n",
        "  d.json: |\n    " + json.dumps(MODEL).replace("{{job}}", '{{ "{{" }}job{{ "}}" }}') + "\n{{- end }}\n",
    ],
    ids=["indent", "nindent", "raw", "braces"],
)
def test_a_template_is_read_as_helm_renders_it(tmp_path: Path, body: str) -> None:
    path = chart(tmp_path, HEAD + body)
    dashboard = load_dashboard(read_document(path), str(path))
    (target,) = dashboard.panels[0].targets
    assert (dashboard.uid, target.query["legendFormat"]) == ("d", "{{job}}")
    assert read_document(path)["metadata"]["namespace"] == "monitoring"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{{ range $p, $_ := .Files.Glob "d/*.json" }}', r"cm\.yaml:11: .*range .* is not followed here"),
        ('  d.json: {{ .Files.Get "../../etc/passwd" }}', r"cm\.yaml:11: the chart has no file"),
        ("  d.json: {{ .Values.title | b64enc }}", r"the function b64enc is not followed here"),
    ],
)
def test_what_is_not_followed_is_named_with_its_line(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_document(chart(tmp_path, HEAD + body))
