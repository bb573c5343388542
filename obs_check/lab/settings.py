"""The configuration that the lab starts with: the files a real deployment has, as values that a fault can change."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Literal

import yaml

from obs_check.client.files.text_files import replace_file
from obs_check.data import DASHBOARDS
from obs_check.lab.coderd import CoderdSettings
from obs_check.standin.loki.limits import Limits
from obs_check.standin.sql import TABLES

ALLOWED_HOST = "allowed.example"
DENIED_HOST = "denied.invalid"
LOKI_UID = "loki"
PROMETHEUS_UID = "prometheus"
SQL_UID = "postgres"
SESSIONS = "agent-firewall-sessions"
"""The dashboard over coderd's database."""
LOKI_URL = "http://loki.invalid"
"""Stands for the lab Loki's URL in settings, which are made before its port is known."""
PROMETHEUS_URL = "http://prometheus.invalid"
"""As LOKI_URL, for Prometheus."""


@dataclass(slots=True)
class FirewallSettings:
    """How boundary is run. `config_named`: BOUNDARY_CONFIG is set; `port_taken`: another program has its port;
    `origin_up`: what allowed requests reach is there; `json_lines`: its log has another format; `ends_after`: its
    command ends after so many requests (0: never)."""

    config_named: bool = True
    port_taken: bool = False
    origin_up: bool = True
    json_lines: bool = False
    ends_after: int = 0


@dataclass(slots=True)
class LabSettings:
    """`boundary`, `promtail` and `dashboard` are written as files into the lab's directory before anything starts.

    `loki` are its limits, and obs-check asks it through Grafana unless `loki_direct`;
    an agent reports its counters to `coderd` every `agent_reports_s`; Prometheus scrapes `metrics_path` of coderd.
    boundary writes `audit_frames` and `sends_session`, without which coderd writes no rows, and coderd
    `coderd_persists` them. The dashboards' role may read the tables of `sql_grants`; `sessions` is the dashboard
    over them. `source` is the file that the first dashboard was made from;
    `datasources` are Grafana's, with LOKI_URL and PROMETHEUS_URL for the lab's own. `absent` names systems
    that are not there: the `agent` is never started, `boundary`, `shipper`, `loki` and `prometheus` are stopped once
    everything is up. `boundary_umask` decides who may read boundary's files, `shipper_user` as whom the shipper reads
    them. `prepare` is run on the lab's directory before anything starts, `finish` when everything is up.

    `inject` replaces keys of obs-check.yaml's section of that name; `proxy` its `boundary.proxy` (`origin` stands for
    the origin server's address); without `ca` it does not name boundary's CA; each of `reached` changes the whole
    document that obs-check.yaml is made of. The agent that `agent_dies` stops once boundary is connected. `zone` is
    the one that boundary writes its times in.
    `shipper_config` is the name of the file that the shipper reads: promtail's, or Alloy's where it ends in .alloy;
    `pods` are those that a Kubernetes discovery finds, as the API has them; `unmounted` are directories that the
    shipper's pod does not have; `positions` are promtail's from before the start, by files below the lab's directory.
    """

    boundary: dict[str, Any]
    promtail: dict[str, Any]
    dashboard: dict[str, Any]
    expect: str
    datasources: list[dict[str, Any]]
    loki: Limits = field(default_factory=Limits)
    loki_direct: bool = False
    coderd: CoderdSettings = field(default_factory=CoderdSettings)
    agent_reports_s: float = 1.0
    metrics_path: str = "/metrics"
    sends_session: bool = True
    audit_frames: Literal["json", "protobuf"] = "json"
    coderd_persists: bool = True
    sql_grants: tuple[str, ...] = TABLES
    sessions: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    absent: set[str] = field(default_factory=set)
    boundary_umask: int = 0o022
    shipper_user: Literal["boundary's", "another"] = "boundary's"
    prepare: list[Callable[[Path], None]] = field(default_factory=list)
    finish: list[Callable[[Path], None]] = field(default_factory=list)
    firewall: FirewallSettings = field(default_factory=FirewallSettings)
    inject: dict[str, str] = field(default_factory=dict)
    proxy: str = ""
    ca: bool = True
    agent_dies: bool = False
    reached: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)
    zone: tzinfo = UTC
    shipper_config: str = "promtail.yaml"
    pods: list[dict[str, Any]] = field(default_factory=list)
    unmounted: list[str] = field(default_factory=list)
    positions: dict[Path, int] = field(default_factory=dict)


def boundary_logs(directory: Path) -> Path:
    """Where boundary writes its files in a lab at `directory`."""
    return directory / "boundary_logs"


def healthy(directory: Path, proxy_port: int = 8087) -> LabSettings:
    """A pipeline in which every panel reads what happens."""
    # A panel of the sessions may stand in the first dashboard too.
    sessions = (DASHBOARDS / f"{SESSIONS}.expect.yaml").read_text("utf-8")
    return LabSettings(
        boundary={
            "allowlist": [f"domain={ALLOWED_HOST}"],
            "log_level": "info",
            "log_dir": str(boundary_logs(directory)),
            "proxy_port": proxy_port,
        },
        promtail={
            "positions": {"filename": str(directory / "positions.yaml")},
            "clients": [{"url": f"{LOKI_URL}/loki/api/v1/push", "batchwait": "300ms"}],
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
        dashboard=json.loads((DASHBOARDS / "agent-firewall.json").read_text("utf-8")),
        source=(DASHBOARDS / "agent-firewall.json").read_text("utf-8"),
        expect=(DASHBOARDS / "agent-firewall.expect.yaml").read_text("utf-8") + sessions.partition("panels:\n")[2],
        sessions=json.loads((DASHBOARDS / f"{SESSIONS}.json").read_text("utf-8")),
        datasources=[
            {"uid": LOKI_UID, "name": "Loki", "type": "loki", "url": LOKI_URL, "isDefault": True},
            {
                "uid": PROMETHEUS_UID,
                "name": "Prometheus",
                "type": "prometheus",
                "url": PROMETHEUS_URL,
                "jsonData": {"timeInterval": "1s"},
            },
            {
                "uid": SQL_UID,
                "name": "Coder database",
                "type": "grafana-postgresql-datasource",
                "url": "postgres.invalid:5432",
                "jsonData": {"database": "coder"},
            },
        ],
    )


def write(settings: LabSettings, directory: Path, loki_url: str) -> None:
    """Write boundary.yaml, promtail.yaml, dashboards/ and the expectations below `directory`; raises InputError."""
    (directory / "dashboards").mkdir(parents=True, exist_ok=True)
    _put(directory / "boundary.yaml", yaml.safe_dump(settings.boundary, sort_keys=False))
    promtail = yaml.safe_dump(settings.promtail, sort_keys=False).replace(LOKI_URL, loki_url)
    _put(directory / "promtail.yaml", promtail)
    dashboard = json.dumps(settings.dashboard, indent=2, ensure_ascii=False)
    _put(directory / "dashboards/agent-firewall.json", dashboard + "\n")
    _put(directory / "dashboards/agent-firewall.expect.yaml", settings.expect)
    (directory / "source").mkdir(exist_ok=True)
    _put(directory / "source/agent-firewall.json", settings.source)
    _put(directory / f"dashboards/{SESSIONS}.json", json.dumps(settings.sessions, indent=2) + "\n")
    expect = (DASHBOARDS / f"{SESSIONS}.expect.yaml").read_text("utf-8")
    _put(directory / f"dashboards/{SESSIONS}.expect.yaml", expect)
    if settings.positions:
        kept = {"positions": {str(directory / file): str(offset) for file, offset in settings.positions.items()}}
        _put(directory / "positions.yaml", yaml.safe_dump(kept))
    for step in settings.prepare:
        step(directory)


def datasources(settings: LabSettings, loki_url: str, prometheus_url: str) -> list[dict[str, Any]]:
    """Grafana's datasources with the lab's own URLs filled in."""
    known = {LOKI_URL: loki_url, PROMETHEUS_URL: prometheus_url}

    def filled(url: str) -> str:
        own = next((k for k in known if url.startswith(k)), None)
        return url if own is None else known[own].rstrip("/") + url.removeprefix(own)

    return [{**one, "url": filled(one.get("url", ""))} for one in settings.datasources]


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all; raises InputError."""
    with replace_file(path, "give the lab another folder") as part:
        part.write_text(text, "utf-8")
