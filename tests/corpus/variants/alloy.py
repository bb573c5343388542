"""Alloy in place of promtail: the same jobs as `alloy convert --source-format=promtail` writes them."""

import json
from pathlib import Path
from typing import Any

import yaml

from obs_check.lab.settings import LabSettings

_FORWARDED = "[loki.write.default.receiver]"
_VALUES = ("labels", "static_labels", "structured_metadata")


def with_alloy(settings: LabSettings) -> None:
    """The shipper is Alloy, and obs-check is told so."""

    def prepare(directory: Path) -> None:
        promtail = yaml.safe_load((directory / "promtail.yaml").read_text())
        (directory / "config.alloy").write_text(converted(promtail))
        (directory / "promtail.yaml").unlink()

    settings.shipper_config = "config.alloy"
    settings.prepare.append(prepare)


def converted(promtail: dict[str, Any]) -> str:
    """promtail's configuration in Alloy's syntax."""
    parts = []
    for job in promtail["scrape_configs"]:
        name = job["job_name"].replace("-", "_")
        targets = [
            {"__address__": "localhost", **labels}
            for static in job.get("static_configs", [])
            for labels in [static["labels"]]
        ]
        patterns = f"[{', '.join(_object(one) for one in targets)}]"
        if rules := job.get("relabel_configs"):
            inside = "".join(_block("rule", rule) for rule in rules)
            parts.append(f'discovery.relabel "{name}" {{\ntargets = {patterns}\n{inside}}}\n')
            patterns = f"discovery.relabel.{name}.output"
        stages = "".join(
            _stage(kind, arguments) for one in job.get("pipeline_stages", []) for kind, arguments in one.items()
        )
        parts += [
            f'local.file_match "{name}" {{\npath_targets = {patterns}\n}}\n',
            f'loki.process "{name}" {{\nforward_to = {_FORWARDED}\n{stages}}}\n',
            f'loki.source.file "{name}" {{\ntargets = local.file_match.{name}.targets\n'
            f"forward_to = [loki.process.{name}.receiver]\n}}\n",
        ]
    (client,) = promtail["clients"]
    endpoint = {("batch_wait" if key == "batchwait" else key): value for key, value in client.items()}
    return "\n".join([*parts, f'loki.write "default" {{\n{_block("endpoint", endpoint)}}}\n'])


def _stage(kind: str, arguments: dict[str, Any]) -> str:
    if kind in _VALUES:
        return _block(f"stage.{kind}", {"values": arguments})
    return _block(f"stage.{kind}", arguments)


def _block(name: str, values: dict[str, Any]) -> str:
    return f"{name} {{\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items()) + "}\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps("" if value is None else value)


def _object(values: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{json.dumps(key)} = {_value(value)}" for key, value in values.items()) + "}"
