"""Alloy's components and metrics, put together to one snapshot."""

from collections.abc import Mapping, Sequence
from typing import Any

from obs_check.client.exposition import Metrics
from obs_check.client.shipper.promtail_state import build_version, by_label, destinations, metric_refusals
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources, files_on_disk
from obs_check.model.entry import Labels
from obs_check.model.shipping import FileState, ShipperState, TargetState
from obs_check.model.tree import Json
from obs_check.shipper.glob import matches

FILE_SOURCE = "loki.source.file"
FILE_MATCH = "local.file_match"


def alloy_state(
    at_ns: int,
    metrics: Metrics,
    components: Sequence[Mapping[str, object]] = (),
    positions: Mapping[str, int] | None = None,
    sources: Sources = NOTHING_ELSE,
    missing: tuple[str, ...] = (),
) -> ShipperState:
    """A snapshot of Alloy 1.x. `components` are the documents of `/api/v0/web/components/ID` (those of the list will do
    where a detail could not be read); the metrics add `component_id` to every series."""
    targets = [state for component in components for state in _targets(component)]
    files, elsewhere = files_on_disk(_files(metrics, components, positions or {}), targets, sources, "Alloy")
    started = [value for _, value in metrics.get("process_start_time_seconds", [])]
    loaded = [value for _, value in metrics.get("alloy_config_last_load_success_timestamp_seconds", [])]
    return ShipperState(
        "alloy",
        at_ns,
        tuple(files[path] for path in sorted(files)),
        tuple(targets),
        destinations(metrics, "loki_write"),
        by_label(metrics, "loki_process_dropped_lines_total", "reason"),
        metric_refusals(metrics, "loki_write"),
        tuple(sick for component in components if (sick := _sickness(component))),
        started[0] if started else None,
        (*missing, *elsewhere),
        loaded_s=loaded[0] if loaded else None,
        version=build_version(metrics, "alloy_build_info"),
    )


def component_id(component: Mapping[str, object]) -> str:
    """The id as Alloy's metrics and URLs have it."""
    module, local = str(component.get("moduleID") or ""), str(component.get("localID") or "")
    return f"{module}/{local}" if module else local


def read_body(body: object) -> dict[str, Any]:
    """Alloy's JSON of a block (`arguments`, `exports`, `debugInfo`) as plain values; a block that stands several times
    is a list of mappings."""
    plain: dict[str, Any] = {}
    for statement in _mappings(body):
        name = str(statement.get("name"))
        if statement.get("type") == "block":
            plain.setdefault(name, []).append(read_body(statement.get("body")))
        else:
            plain[name] = _value(statement.get("value"))
    return plain


def _value(value: object) -> Json:
    if not isinstance(value, Mapping):
        return None
    kind, inner = value.get("type"), value.get("value")
    if kind == "array" and isinstance(inner, list):
        return [_value(item) for item in inner]
    if kind == "object" and isinstance(inner, list):
        return {str(field.get("key")): _value(field.get("value")) for field in _mappings(inner)}
    return inner


def _mappings(value: object) -> list[Mapping[str, Any]]:
    """The mappings of a list; what is not a list has none."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _labels(target: Mapping[str, object]) -> Labels:
    return {str(k): str(v) for k, v in target.items()}


def _targets(component: Mapping[str, object]) -> list[TargetState]:
    """The patterns of `local.file_match` (ready when one gave a file) and the targets of `loki.source.file`."""
    name, own = component.get("name"), component_id(component)
    arguments = read_body(component.get("arguments"))
    if name == FILE_MATCH:
        given = [_labels(t) for t in _mappings(arguments.get("path_targets"))]
        exports = read_body(component.get("exports"))
        found = [_labels(t).get("__path__", "") for t in _mappings(exports.get("targets"))]
        return [
            _state(own, labels, any(matches(labels.get("__path__", ""), path) for path in found)) for labels in given
        ]
    if name == FILE_SOURCE:
        return [_state(own, _labels(target), None) for target in _mappings(arguments.get("targets"))]
    return []


def _state(job: str, labels: Labels, ready: bool | None) -> TargetState:
    shown = {key: value for key, value in labels.items() if not key.startswith("__")}
    return TargetState(job, labels.get("__path__", ""), shown, labels, ready)


def _files(
    metrics: Metrics, components: Sequence[Mapping[str, object]], positions: Mapping[str, int]
) -> dict[str, FileState]:
    lines = by_label(metrics, "loki_source_file_read_lines_total", "path")
    read = by_label(metrics, "loki_source_file_read_bytes_total", "path")
    seen = by_label(metrics, "loki_source_file_file_bytes_total", "path")
    jobs = {
        labels.get("path", ""): labels.get("component_id", "")
        for name in ("loki_source_file_file_bytes_total", "loki_source_file_read_lines_total")
        for labels, _ in metrics.get(name, [])
    }
    told = dict(positions)
    for component in components:
        if component.get("name") != FILE_SOURCE:
            continue
        for info in _mappings(read_body(component.get("debugInfo")).get("targets_info")):
            path = str(info.get("path", ""))
            jobs.setdefault(path, component_id(component))
            if path not in positions and isinstance(info.get("read_offset"), int | float):
                told[path] = int(info["read_offset"])
    return {
        path: FileState(
            path, jobs.get(path, ""), lines.get(path), read.get(path), seen.get(path), told.get(path), lags=True
        )
        for path in {*lines, *read, *seen, *told}
        if path
    }


def _sickness(component: Mapping[str, object]) -> str:
    """`ID: state: message` of a component that is not healthy, "" of one that is."""
    health = component.get("health")
    state = str(health.get("state", "")) if isinstance(health, Mapping) else ""
    if not isinstance(health, Mapping) or state in ("", "healthy"):
        return ""
    return f"{component_id(component)}: {state}: {health.get('message') or 'no message'}"
