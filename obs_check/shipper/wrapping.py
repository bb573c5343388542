"""Finds promtail's configurations where they are wrapped: Kubernetes' ConfigMaps and Secrets, or Helm values."""

import re
from collections.abc import Mapping, Sequence

from obs_check.documents.embedded import Embedded, keys_of, objects
from obs_check.documents.yaml_tree import YamlValue, load
from obs_check.errors import ConfigError
from obs_check.shipper.promtail_chart import chart_configurations

_TOP = {"clients", "client", "positions", "target_config", "options", "wal"}
_OF_LOKI = {"server", "limits_config"}
"""Keys of promtail that Loki has too, and Prometheus not."""
_SHARED = {*_OF_LOKI, "tracing", "global", "common_labels"}
"""Keys of promtail that others have too."""
_JOB = {
    "pipeline_stages", "journal", "syslog", "loki_push_api", "gelf", "kafka", "gcplog", "cloudflare", "heroku_drain",
    "windows_events", "azure_event_hubs", "decompression",
}  # fmt: skip
_METRICS = {"metrics_path", "scrape_interval", "scrape_timeout", "honor_labels", "metric_relabel_configs", "scheme"}
"""Keys of a job of Prometheus that promtail does not know."""
_OF_ALL_JOBS = {"scrape_interval", "scrape_timeout", "evaluation_interval", "external_labels", "query_log_file"}
"""Keys of Prometheus' `global`; promtail has `file_watch_config` there."""
_KEY = re.compile(r"^[ \t]*(?:- +)?(\w+):", re.MULTILINE)
_OF_ALLOY = re.compile(r"\bloki\.(?:source|write|process)\b")
_PROMETHEUS = {"rule_files", "alerting", "remote_write", "remote_read", "storage", "scrape_config_files", "tsdb"}


def unwrap(text: str, file: str) -> tuple[Embedded, YamlValue]:
    """The one promtail configuration in a text, with its YAML document; raises ConfigError where there is none, or more
    than one."""
    documents = load(text, file)
    found = promtail_texts(documents, text, file)
    if len(found) > 1:
        raise ConfigError(several_configurations(file, [inner.name for inner, _ in found]), ONE)
    if found:
        return found[0]
    if any(is_prometheus(document) for document in documents):
        raise ConfigError(f"{file}: a configuration of Prometheus, which ships no logs", "give promtail's or Alloy's")
    raise ConfigError(f"{file}: no promtail configuration in it", "a document with scrape_configs is needed")


ONE = "write the one that is meant to a file of its own"


def several_configurations(file: str, names: Sequence[str]) -> str:
    """What to say of a file with several configurations where one is asked for."""
    return f"{file} holds {len(names)} configurations of shippers: {'; '.join(names)}"


def promtail_texts(
    documents: Sequence[YamlValue], text: str, file: str, failed: list[ConfigError] | None = None
) -> list[tuple[Embedded, YamlValue]]:
    """Every promtail configuration in the documents of a text, each with its own YAML document. Raises ConfigError for
    one that is not YAML; with `failed` the error is put there, and what nobody calls a shipper's has to show it."""
    found = []
    is_ours = is_promtail if failed is None else _shows_promtail
    for document in documents:
        if is_ours(document):
            found.append((Embedded(text, file, 1), document))
            continue
        for inner in _candidates(document):
            if "scrape_configs" not in inner.text:
                continue
            try:
                own = inner.documents()
            except ConfigError as error:
                if failed is None:
                    raise
                failed.append(error)
                continue
            if own and is_ours(own[0]):
                found.append((inner, own[0]))
    return found


def is_promtail(document: YamlValue) -> bool:
    """Whether a document is promtail's configuration. Prometheus' (and what reads the like) has `scrape_configs` too,
    but nothing that only promtail knows."""
    if not document.is_map() or "kind" in document.mapping():
        return False
    top = document.mapping()
    if "scrape_configs" not in top:
        return bool(top.keys() & {"clients", "positions"}) or ("server" in top and not top.keys() - _TOP - _SHARED)
    return not is_prometheus(document)


def _shows_promtail(document: YamlValue) -> bool:
    """As `is_promtail`, of what may be Prometheus': promtail reads and pushes nothing without a key of its own."""
    if not is_promtail(document) or "scrape_configs" not in (top := document.mapping()):
        return is_promtail(document)
    own = top.keys() & (_TOP | _OF_LOKI) | _keys_of_jobs(top) & _JOB
    return bool(own) or _names_a_path(top["scrape_configs"])


def _keys_of_jobs(top: Mapping[str, YamlValue]) -> set[str]:
    jobs = top["scrape_configs"].data
    return {key for job in (jobs if isinstance(jobs, list) else ()) if job.is_map() for key in job.mapping()}


def is_prometheus(document: YamlValue) -> bool:
    """Whether a document is a configuration of metrics: it scrapes, and nothing in it is promtail's alone."""
    if not document.is_map() or "scrape_configs" not in document.mapping():
        return False
    top = document.mapping()
    keys = _keys_of_jobs(top)
    if top.keys() & _TOP or keys & _JOB or _names_a_path(top["scrape_configs"]):
        return False
    shared = top["global"].mapping().keys() if "global" in top and top["global"].is_map() else set()
    return bool(top.keys() & _PROMETHEUS) or bool(keys & _METRICS) or bool(shared & _OF_ALL_JOBS)


def is_prometheus_text(text: str) -> bool:
    """As `is_prometheus`, of a template that is not YAML before it is rendered: by the keys that stand in its lines."""
    if "__path__" in text or _OF_ALLOY.search(text):
        return False
    return "scrape_configs" in text and not set(_KEY.findall(text)) & (_TOP | _OF_LOKI | _JOB)


def _names_a_path(value: YamlValue) -> bool:
    """Whether `__path__` is a label of a target, or the target of a rule."""
    if isinstance(value.data, dict):
        return any(key == "__path__" or _names_a_path(inner) for key, inner in value.data.items())
    if isinstance(value.data, list):
        return any(map(_names_a_path, value.data))
    return bool(value.data == "__path__")


def _candidates(document: YamlValue) -> list[Embedded]:
    if not document.is_map():
        return []
    found: list[Embedded] = []
    for item in objects(document):
        keys = keys_of(item)
        if keys is not None:
            found += keys
    if found or "kind" in document.mapping():
        return found
    top = document.mapping()
    for name in ("promtail", "config"):
        if name in top and top[name].is_map():
            inner = top[name] if name == "promtail" else document
            if name == "promtail" and "config" not in inner.mapping():
                continue
            return chart_configurations(inner.mapping()["config"])
    return []
