"""A pipeline with a real firewall: boundary, promtail, Loki and Grafana; the agent and coderd are the lab's."""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from obs_check.lab import settings as lab_settings
from obs_check.lab.audit_agent import Agent, Frames
from obs_check.lab.coderd import Coderd, pod_log_path
from obs_check.lab.native.boundary_frames import decode
from obs_check.lab.native.grafana import MISSING, NativeGrafana, home
from obs_check.lab.origin import Origin
from obs_check.panel.macros import without_auto
from tests.real.boundary_process import RealBoundary
from tests.real.loki_process import RealLoki
from tests.real.promtail_process import RealPromtail

PROGRAMS = ("boundary", "promtail", "loki", "grafana")
RULE = "method=GET domain=127.0.0.1"
METRICS = (10, 11, 12)
"""Panels of the agents' counters: no Prometheus runs here."""


def missing() -> str:
    """Why the pipeline cannot run here; empty when it can."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{', '.join(absent)} not on PATH" if absent else "" if home() else MISSING


class RealPipeline:
    """`with RealPipeline(directory) as pipeline:` runs it, healthy; `config_path` is its obs-check.yaml."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.config_path = directory / "obs-check.yaml"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._stack = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        directory = self.directory
        origin = stack.enter_context(Origin())
        self.loki = stack.enter_context(RealLoki(directory / "loki"))
        coderd = stack.enter_context(Coderd(pod_log_path(directory)))
        boundary = directory / "boundary"
        boundary.mkdir(parents=True)
        stack.enter_context(Agent(boundary / "audit.sock", coderd, stats_interval_s=1.0, frames=Frames(decode=decode)))
        self.boundary = RealBoundary(boundary, [RULE], logs=lab_settings.boundary_logs(directory))
        stack.enter_context(self.boundary)
        config = yaml.safe_load(
            yaml.safe_dump(lab_settings.healthy(directory).promtail).replace(lab_settings.LOKI_URL, self.loki.url)
        )
        self.promtail = stack.enter_context(
            RealPromtail(directory / "promtail", config, {"enable_runtime_reload": True})
        )
        source = {"uid": lab_settings.LOKI_UID, "name": "Loki", "type": "loki", "url": self.loki.url, "isDefault": True}
        self.grafana = stack.enter_context(NativeGrafana(directory / "grafana", [source]))
        self.dashboard = _dashboard()
        self.grafana.save(self.dashboard)
        self._write_config(f"http://127.0.0.1:{origin.port}/ok")

    def restart_boundary(self) -> None:
        """Start boundary again with its file as it is now."""
        self.boundary.stop()
        for file in self.boundary.logs.iterdir():
            file.unlink()
        self.boundary.start()

    def reload_promtail(self) -> None:
        """Let promtail read its file as it is now, and wait until it reads as many files as before."""
        httpx.post(f"{self.promtail.url}/reload", trust_env=False, timeout=30).raise_for_status()
        self.promtail.until(lambda: self._active() > 0, "promtail reads no file")

    def _active(self) -> float:
        text = httpx.get(f"{self.promtail.url}/metrics", trust_env=False).text
        found = [line for line in text.splitlines() if line.startswith("promtail_files_active_total")]
        return float(found[0].split()[1]) if found else 0

    def _write_config(self, allow_url: str) -> None:
        lines = lab_settings.healthy(self.directory).expect.splitlines()
        gone = tuple(f"  {panel}:" for panel in (*METRICS, 21, 22))
        (self.directory / "expect.yaml").write_text("\n".join(one for one in lines if not one.startswith(gone)) + "\n")
        (self.directory / "grafana.token").write_text(self.grafana.token("Editor"))
        document: dict[str, Any] = {
            "grafana": {"url": self.grafana.url, "token": {"file": "grafana.token"}},
            "dashboard": "agent-firewall",
            "expect": "expect.yaml",
            "loki": {"datasource": lab_settings.LOKI_UID},
            "boundary": {"logs": "boundary_logs/*.log", "config": "boundary/config.yaml", "proxy": self.boundary.url},
            "coderd": {"logs": "var/log/pods/*/*/*.log"},
            "shipper": {"kind": "promtail", "url": self.promtail.url, "config": "promtail/promtail.yaml"},
            "inject": {"allow_url": allow_url, "deny_url": f"http://{lab_settings.DENIED_HOST}/exfil", "settle_s": 6},
            "timeouts": {"hop_s": 8},
        }
        self.config_path.write_text(yaml.safe_dump(document, sort_keys=False))


def _dashboard() -> dict[str, Any]:
    """The lab's, without the panels of counters."""
    model = without_auto(lab_settings.healthy(Path()).dashboard)
    model["panels"] = [panel for panel in model["panels"] if panel["id"] not in METRICS]
    return model
