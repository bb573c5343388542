"""Finds promtail's configuration where it is wrapped: a Kubernetes ConfigMap or Secret, or Helm values."""

import base64
import binascii

from obs_check.documents.yaml_tree import Value, load
from obs_check.errors import ConfigError
from obs_check.shipper.promtail_chart import Inner, block, chart_configurations


def unwrap(text: str, file: str) -> tuple[Inner, list[Value]]:
    """The promtail configuration in a text, with its YAML document; raises ConfigError when there is none."""
    documents = load(text, file)
    for document in documents:
        if document.is_map() and "scrape_configs" in document.mapping():
            return Inner(text, file, 1), [document]
    for document in documents:
        for inner in _candidates(document):
            if "scrape_configs" not in inner.text:
                continue
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
        found = [block(v) for name in ("data", "stringData") if name in top for v in top[name].mapping().values()]
        if kind == "Secret" and "data" in top:
            found += [i for v in top["data"].mapping().values() if (i := _decoded(v))]
        return found
    for name in ("promtail", "config"):
        if name in top and top[name].is_map():
            inner = top[name] if name == "promtail" else document
            if name == "promtail" and "config" not in inner.mapping():
                continue
            return chart_configurations(inner.mapping()["config"])
    return []


def _decoded(value: Value) -> Inner | None:
    try:
        return Inner(base64.b64decode(value.text(), validate=True).decode(), value.file, value.line)
    except (binascii.Error, UnicodeDecodeError):
        return None
