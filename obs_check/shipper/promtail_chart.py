"""promtail's configuration out of the values of its Helm chart (6.x), which puts it together from snippets."""

import re
from dataclasses import replace
from typing import Any

import yaml

from obs_check.documents.embedded import Embedded, embedded
from obs_check.documents.yaml_tree import YamlValue
from obs_check.model.tree import Json

_INSERTION = re.compile(r"^(?P<indent> *)\{\{.*\.snippets\.(?P<name>\w+)\b.*\}\}\s*$")
_CONDITION = re.compile(r"^\s*\{\{-?\s*if\b.*\.snippets\.(?P<name>\w+)\s*-?\}\}\s*$")
_END = re.compile(r"^\s*\{\{-?\s*end\s*-?\}\}\s*$")
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
_NESTED = re.compile(r"nindent\s+(\d+)")
_PATH = "/var/log/pods/*$1/*.log"
_FIRST = "^;*([^;]+)(;.*)?$"


def _label(name: str) -> str:
    return f"__meta_kubernetes_pod_label_{name}"


def _first_of(target: str, *sources: str) -> dict[str, Json]:
    return {"action": "replace", "source_labels": list(sources), "regex": _FIRST, "target_label": target}


_COMMON: list[dict[str, Any]] = [
    {"source_labels": ["__meta_kubernetes_pod_node_name"], "target_label": "node_name"},
    {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
    {"source_labels": ["namespace", "app"], "separator": "/", "replacement": "$1", "target_label": "job"},
    {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
    {"source_labels": ["__meta_kubernetes_pod_container_name"], "target_label": "container"},
    {
        "source_labels": ["__meta_kubernetes_pod_uid", "__meta_kubernetes_pod_container_name"],
        "separator": "/",
        "replacement": _PATH,
        "target_label": "__path__",
    },
    {
        "source_labels": [
            "__meta_kubernetes_pod_annotationpresent_kubernetes_io_config_hash",
            "__meta_kubernetes_pod_annotation_kubernetes_io_config_hash",
            "__meta_kubernetes_pod_container_name",
        ],
        "regex": "true/(.*)",
        "separator": "/",
        "replacement": _PATH,
        "target_label": "__path__",
    },
]
_OF_PODS: list[dict[str, Any]] = [
    {
        "source_labels": ["__meta_kubernetes_pod_controller_name"],
        "regex": "([0-9a-z-.]+?)(-[0-9a-f]{8,10})?",
        "action": "replace",
        "target_label": "__tmp_controller_name",
    },
    _first_of(
        "app",
        _label("app_kubernetes_io_name"),
        _label("app"),
        "__tmp_controller_name",
        "__meta_kubernetes_pod_name",
    ),
    _first_of("instance", _label("app_kubernetes_io_instance"), _label("instance")),
    _first_of("component", _label("app_kubernetes_io_component"), _label("component")),
]
DEFAULTS: dict[str, Any] = {"pipelineStages": [{"cri": {}}], "common": _COMMON, "extraRelabelConfigs": []}
"""What the chart's own values say where a deployment's values say nothing (chart 6.16)."""


def chart_configurations(config: YamlValue) -> list[Embedded]:
    """The chart's `config`: a text, a whole `file`, or `clients` and `snippets` that the chart puts together."""
    if not config.is_map():
        return [embedded(config)]
    file, snippets, notes = config.get("file"), config.get("snippets"), list[str]()
    if file and "{{" not in file.text():
        return [embedded(file)]
    if file and re.search("^scrape_configs:", file.text(), re.MULTILINE) and not snippets:
        inner = embedded(file)
        text = _filled(file.text(), snippets, inner.first_line, config.file, notes)
        return [replace(inner, text=text, notes=tuple(notes))]
    if not snippets or not snippets.is_map():
        return []
    body = ""
    for name in ("scrapeConfigs", "extraScrapeConfigs"):
        if jobs := snippets.get(name):
            body += _filled(jobs.text(), snippets, embedded(jobs).first_line, config.file, notes) + "\n"
        elif name == "scrapeConfigs":
            body += _default_job(snippets)
    clients = config.get("clients")
    head = yaml.safe_dump({"clients": clients.plain()}) if clients else ""
    # The text is put together, so its lines are counted from the first line of `snippets`.
    return [Embedded(f"{head}scrape_configs:\n{body}", config.file, max(1, snippets.line), notes=tuple(notes))]


def _snippet(snippets: YamlValue | None, name: str) -> Any:
    value = snippets.get(name) if snippets else None
    return DEFAULTS.get(name) if value is None else value.plain()


def _default_job(snippets: YamlValue) -> str:
    rules = [*_OF_PODS, *_snippet(snippets, "common"), *_snippet(snippets, "extraRelabelConfigs")]
    job = {
        "job_name": "kubernetes-pods",
        "pipeline_stages": _snippet(snippets, "pipelineStages"),
        "kubernetes_sd_configs": [{"role": "pod"}],
        "relabel_configs": rules,
    }
    return yaml.safe_dump([job], sort_keys=False)


def _filled(text: str, snippets: YamlValue | None, first_line: int, file: str, notes: list[str]) -> str:
    """Template lines that insert a snippet are replaced by it, what hangs on one that is not there is left out; other
    template lines are left out, and noted."""
    lines: list[str] = []
    shown: list[bool] = []
    for number, line in enumerate(text.splitlines(), first_line):
        if found := _CONDITION.match(line):
            shown.append(bool(_snippet(snippets, found["name"])))
        elif shown and _END.match(line):
            shown.pop()
        elif not all(shown):
            continue
        elif found := _INSERTION.match(line):
            value = _snippet(snippets, found["name"])
            nested = _NESTED.search(line)
            indent = int(nested[1]) if nested else len(found["indent"])
            if value:
                lines += [" " * indent + row for row in yaml.safe_dump(value, sort_keys=False).splitlines()]
        elif _TEMPLATE.search(line) and not _TEMPLATE.sub("", line).strip():
            if not re.search(r"\{\{-?\s*(end|/\*)", line):
                notes.append(f"{file}:{number}: a line of the chart's template is left out: {line.strip()}")
        else:
            lines.append(line)
    return "\n".join(lines)
