"""Finds promtail's configuration where it is wrapped: a Kubernetes ConfigMap or Secret, or Helm values."""

import base64
import binascii
import re
from dataclasses import dataclass

import yaml

from obs_check.errors import ConfigError
from obs_check.shipper.yamltree import Value, load

_PIPELINE = re.compile(r"^(?P<indent> *)\{\{.*\.snippets\.(?P<name>\w+)\b.*\}\}\s*$")
_TEMPLATE_LINE = re.compile(r"^\s*\{\{.*\}\}\s*$")
_NESTED = re.compile(r"nindent\s+(\d+)")


@dataclass(frozen=True)
class Inner:
    """A configuration text and the line of `file` at which it starts."""

    text: str
    file: str
    first_line: int


def unwrap(text: str, file: str) -> tuple[Inner, list[Value]]:
    """The promtail configuration in a text, with its YAML document; raises ConfigError when there is none."""
    documents = load(text, file)
    for document in documents:
        if document.is_map() and "scrape_configs" in document.mapping():
            return Inner(text, file, 1), [document]
    for document in documents:
        for inner in _candidates(document):
            found = load(inner.text, inner.file, inner.first_line)
            if found and found[0].is_map() and "scrape_configs" in found[0].mapping():
                return inner, [found[0]]
    if documents and documents[0].is_map() and documents[0].mapping().keys() & {"clients", "server", "positions"}:
        return Inner(text, file, 1), [documents[0]]
    raise ConfigError(f"{file}: no promtail configuration in it", "a document with scrape_configs is needed")


def _candidates(document: Value) -> list[Inner]:
    if not document.is_map():
        return []
    top = document.mapping()
    kind = top["kind"].data if "kind" in top else None
    if kind == "List" and "items" in top:
        return [inner for item in top["items"].items() for inner in _candidates(item)]
    if kind in {"ConfigMap", "Secret"}:
        found = [_block(v) for name in ("data", "stringData") if name in top for v in top[name].mapping().values()]
        if kind == "Secret" and "data" in top:
            found += [i for v in top["data"].mapping().values() if (i := _decoded(v))]
        return found
    for name in ("promtail", "config"):
        if name in top and top[name].is_map():
            inner = top[name] if name == "promtail" else document
            if name == "promtail" and "config" not in inner.mapping():
                continue
            return _helm(inner.mapping()["config"])
    return []


def _block(value: Value) -> Inner:
    first = value.line + 1 if value.style in {"|", ">"} else value.line
    return Inner(value.text(), value.file, first)


def _decoded(value: Value) -> Inner | None:
    try:
        return Inner(base64.b64decode(value.text(), validate=True).decode(), value.file, value.line)
    except (binascii.Error, UnicodeDecodeError):
        return None


def _helm(config: Value) -> list[Inner]:
    """The chart's `config`: a whole `file`, or `clients` and `snippets` that the chart's template puts together."""
    if not config.is_map():
        return [_block(config)]
    file = config.get("file")
    if file and not any("{{" in line for line in file.text().splitlines()):
        return [_block(file)]
    snippets = config.get("snippets")
    if not snippets or not snippets.is_map():
        return []
    jobs = snippets.get("scrapeConfigs")
    body = _filled(jobs.text(), snippets) if jobs else _default_job(snippets)
    extra = snippets.get("extraScrapeConfigs")
    body += "\n" + (_filled(extra.text(), snippets) if extra else "")
    clients = config.get("clients")
    head = yaml.safe_dump({"clients": clients.plain()}) if clients else ""
    text = f"{head}scrape_configs:\n{body}"
    # The text is put together, so its lines are counted from the first line of `snippets`.
    return [Inner(text, config.file, max(1, snippets.line))]


def _default_job(snippets: Value) -> str:
    stages = snippets.get("pipelineStages")
    job = {"job_name": "kubernetes-pods", "pipeline_stages": stages.plain() if stages else [{"cri": {}}]}
    return yaml.safe_dump([job | {"kubernetes_sd_configs": [{"role": "pod"}]}])


def _filled(text: str, snippets: Value) -> str:
    """Template lines that insert another snippet are replaced by it, other template lines are left out."""
    lines: list[str] = []
    for line in text.splitlines():
        if found := _PIPELINE.match(line):
            value = snippets.get(found["name"])
            nested = _NESTED.search(line)
            indent = int(nested[1]) if nested else len(found["indent"])
            if value is not None:
                lines += [" " * indent + row for row in yaml.safe_dump(value.plain()).splitlines()]
        elif not _TEMPLATE_LINE.match(line):
            lines.append(line)
    return "\n".join(lines)
