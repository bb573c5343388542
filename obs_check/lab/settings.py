"""The configuration that the lab starts with: the files a real deployment has, as values that a fault can change."""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from obs_check.errors import ConfigError

ALLOWED_HOST = "allowed.example"
DENIED_HOST = "denied.invalid"
LOKI_UID = "loki"
PROMETHEUS_UID = "prometheus"


@dataclass(slots=True)
class LabSettings:
    """`boundary`, `promtail` and `dashboard` are written as files into the lab's directory before anything starts."""

    boundary: dict[str, Any]
    promtail: dict[str, Any]
    dashboard: dict[str, Any]
    expect: str
    audit_socket: bool = True


def boundary_logs(directory: Path) -> Path:
    """Where boundary writes its files in a lab at `directory`."""
    return directory / "boundary_logs"


def _dashboards() -> Path:
    package = Path(str(resources.files("obs_check")))
    for place in (package.parent / "dashboards", package / "dashboards"):
        if (place / "agent-firewall.json").is_file():
            return place
    raise ConfigError("dashboards/agent-firewall.json is not beside the obs_check package", "run from a checkout")


def healthy(directory: Path, push_url: str) -> LabSettings:
    """A pipeline in which every panel reads what happens; `push_url` is Loki's push endpoint."""
    dashboards = _dashboards()
    return LabSettings(
        boundary={
            "allowlist": [f"domain={ALLOWED_HOST}"],
            "log_level": "info",
            "log_dir": str(boundary_logs(directory)),
            "proxy_port": 8087,
        },
        promtail={
            "positions": {"filename": str(directory / "positions.yaml")},
            "clients": [{"url": push_url, "batchwait": "300ms"}],
            "scrape_configs": [
                {
                    "job_name": "kubernetes-pods",
                    "pipeline_stages": [{"cri": {}}],
                    "static_configs": [
                        {
                            "targets": ["localhost"],
                            "labels": {
                                "app": "coder",
                                "namespace": "coder",
                                "pod": "coder-0",
                                "container": "coder",
                                "__path__": str(directory / "var/log/pods/*/*/*.log"),
                            },
                        }
                    ],
                },
                {
                    "job_name": "boundary",
                    "pipeline_stages": [
                        {"logfmt": {"mapping": {"time": None}}},
                        {"timestamp": {"source": "time", "format": "RFC3339Nano"}},
                    ],
                    "static_configs": [
                        {
                            "targets": ["localhost"],
                            "labels": {"job": "boundary", "__path__": str(boundary_logs(directory) / "*.log")},
                        }
                    ],
                },
            ],
        },
        dashboard=json.loads((dashboards / "agent-firewall.json").read_text()),
        expect=(dashboards / "agent-firewall.expect.yaml").read_text(),
    )


def write(settings: LabSettings, directory: Path) -> None:
    """Write boundary.yaml, promtail.yaml, dashboards/ and the expectations below `directory`."""
    (directory / "dashboards").mkdir(parents=True, exist_ok=True)
    (directory / "boundary.yaml").write_text(yaml.safe_dump(settings.boundary, sort_keys=False))
    (directory / "promtail.yaml").write_text(yaml.safe_dump(settings.promtail, sort_keys=False))
    dashboard = json.dumps(settings.dashboard, indent=2, ensure_ascii=False)
    (directory / "dashboards/agent-firewall.json").write_text(dashboard + "\n")
    (directory / "dashboards/agent-firewall.expect.yaml").write_text(settings.expect)
