"""The lab's shipper as Alloy 1.x shows itself: its metrics, and the components of its interface."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from obs_check.lab.shipper_metrics import Key, exposition
from obs_check.lab.shipper_targets import LabTarget
from obs_check.model.entry import Labels
from obs_check.model.tree import Json

COMPONENTS = "/api/v0/web/components"
_SOURCE, _MATCH, _PROCESS = "loki.source.file.", "local.file_match.", "loki.process."
_WRITE = "loki.write.default"
_OF_FILES = {
    f"promtail_{name}": f"loki_source_file_{name}"
    for name in ("read_lines_total", "read_bytes_total", "file_bytes_total")
}
_OF_PUSHES = "promtail_sent_", "promtail_dropped_", "promtail_encoded_", "promtail_batch_", "promtail_request_"


def alloy_metrics(values: Mapping[Key, float], targets: Sequence[LabTarget], loaded_s: float) -> str:
    """`/metrics`: promtail's counters under the names that Alloy's components give them, with `component_id`.

    `loaded_s` is when the configuration was loaded, seconds since the epoch.
    """
    reader = {path: target.job for target in targets for path in target.tails}
    found: dict[Key, float] = {("alloy_config_last_load_success_timestamp_seconds", ()): loaded_s}
    for (name, labels), value in values.items():
        if name in _OF_FILES:
            component = reader.get(dict(labels)["path"])
            if component is not None:
                found[_OF_FILES[name], _of(component, labels)] = value
        elif name.startswith(_OF_PUSHES):
            found[name.replace("promtail_", "loki_write_", 1), _of(_WRITE, labels)] = value
        elif name == "logentry_dropped_lines_total":
            found["loki_process_dropped_lines_total", labels] = value
        elif name == "process_start_time_seconds":
            found[name, labels] = value
    return exposition(found)


def _of(component: str, labels: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return (("component_id", component), ("component_path", "/"), *labels)


def components(targets: Sequence[LabTarget], jobs: Sequence[str]) -> list[dict[str, Any]]:
    """Every component with its health, arguments, exports and debug info; `jobs` are the sources' names."""
    found = [_component(_WRITE)]
    for job in jobs:
        own = [target for target in targets if target.job == job and not target.dropped]
        files = [{**t.labels, "__path__": path} for t in own for path in sorted(t.tails)]
        offsets = [(path, tail.offset) for t in own for path, tail in sorted(t.tails.items())]
        name = job.removeprefix(_SOURCE)
        patterns = [{**t.labels, "__path__": t.path} for t in own]
        found += [
            _component(
                _MATCH + name,
                arguments=[_attribute("path_targets", _targets(patterns))],
                exports=[_attribute("targets", _targets(files))],
            ),
            _component(
                _SOURCE + name,
                arguments=[_attribute("targets", _targets(files))],
                debugInfo=[_block("targets_info", path=path, read_offset=offset) for path, offset in offsets],
            ),
            _component(_PROCESS + name),
        ]
    return found


def component_page(found: Sequence[Mapping[str, object]], path: str) -> tuple[int, str]:
    """Status and JSON of the list, or of one component behind it."""
    name = path.removeprefix(COMPONENTS).strip("/")
    if not name:
        heads = ("name", "type", "localID", "moduleID", "label", "health")
        return 200, json.dumps([{key: one[key] for key in heads} for one in found])
    one = next((one for one in found if one["localID"] == name), None)
    return (200, json.dumps(one)) if one else (404, "component not found")


def _component(local_id: str, **parts: Sequence[Mapping[str, object]]) -> dict[str, object]:
    kind, _, label = local_id.rpartition(".")
    health = {"state": "healthy", "message": "started component"}
    known = {"name": kind, "type": "block", "localID": local_id, "moduleID": "", "label": label, "health": health}
    return {**known, "arguments": [], **parts}


def _attribute(name: str, value: Mapping[str, object]) -> dict[str, Any]:
    return {"name": name, "type": "attr", "value": value}


def _plain(value: str | int) -> dict[str, Any]:
    return {"type": "number" if isinstance(value, int) else "string", "value": value}


def _block(name: str, **values: str | int) -> dict[str, Json]:
    body = [_attribute(key, _plain(value)) for key, value in values.items()]
    return {"name": name, "type": "block", "body": body}


def _targets(many: Sequence[Labels]) -> dict[str, object]:
    objects = [{"type": "object", "value": [{"key": k, "value": _plain(v)} for k, v in one.items()]} for one in many]
    return {"type": "array", "value": objects}
