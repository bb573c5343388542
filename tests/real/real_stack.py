"""A pipeline of real programs behind the lab's firewall and coderd: promtail, Loki, Prometheus and Grafana."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import yaml

from obs_check.lab import settings as lab_settings
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.audit_agent import Agent
from obs_check.lab.coderd import Coderd, pod_log_path
from obs_check.lab.egress import Invocation, LabEgress
from obs_check.lab.native.grafana import MISSING, NativeGrafana, home
from obs_check.lab.origin import Origin, reserved_port
from tests.real.loki_process import RealLoki
from tests.real.prometheus_process import RealPrometheus
from tests.real.promtail_process import RealPromtail

PROGRAMS = ("loki", "promtail", "prometheus", "grafana")
HOP_S = 20
"""Real promtail looks for targets every 5 s, and Prometheus begins some seconds after it is ready."""


def missing() -> str:
    """Why the stack cannot run here; empty when it can."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{', '.join(absent)} not on PATH" if absent else "" if home() else MISSING


class RealStack:
    """`with RealStack(directory, change) as stack:` runs it; `change` edits the healthy settings before the start.
    `config_path` is the obs-check.yaml that reaches it, with the token of a service account of `role`."""

    def __init__(
        self,
        directory: Path,
        change: Callable[[lab_settings.LabSettings], None] = lambda _: None,
        role: str = "Editor",
        sub_path: str = "",
    ) -> None:
        self.directory = directory
        self._change = change
        self._role = role
        self._sub_path = sub_path
        self._stack = ExitStack()

    @property
    def config_path(self) -> Path:
        """The obs-check.yaml of this stack."""
        return self.directory / "obs-check.yaml"

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._stack = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        directory = self.directory
        lab_settings.boundary_logs(directory).mkdir(parents=True)
        proxy_port = int(stack.enter_context(reserved_port()).getsockname()[1])
        chosen = lab_settings.healthy(directory, proxy_port)
        self._change(chosen)
        origin = stack.enter_context(Origin())
        self.loki = stack.enter_context(RealLoki(directory / "loki"))
        lab_settings.write(chosen, directory, self.loki.url)
        coderd = Coderd(pod_log_path(directory), chosen.coderd)
        coderd.start()
        stack.callback(coderd.stop)
        agent = Agent(directory / "audit.sock", coderd, stats_interval_s=1.0)
        agent.start()
        stack.callback(agent.stop)
        targets = [("coderd", coderd.url.split("//")[1])]
        prometheus = stack.enter_context(RealPrometheus(directory / "prometheus", targets, "1s"))
        hosts = dict.fromkeys((lab_settings.ALLOWED_HOST, lab_settings.DENIED_HOST), ("127.0.0.1", origin.port))
        egress = LabEgress(
            directory / "boundary.yaml",
            SocketAuditor(directory / "audit.sock"),
            Invocation(resolve=hosts, port=proxy_port),
        )
        egress.start()
        stack.callback(egress.stop)
        (directory / "promtail").mkdir()
        config = yaml.safe_load((directory / "promtail.yaml").read_text())
        promtail = stack.enter_context(RealPromtail(directory / "promtail", config))
        sources = lab_settings.datasources(chosen, self.loki.url, prometheus.url)
        kept = [one for one in sources if one["uid"] != lab_settings.SQL_UID]
        self.grafana = stack.enter_context(NativeGrafana(directory / "grafana", kept, sub_path=self._sub_path))
        self.grafana.save(chosen.dashboard)
        self.write_config(self._role, proxy_port, promtail.url)

    def write_config(self, role: str, proxy_port: int, shipper: str) -> None:
        """Write obs-check.yaml with a token of its own."""
        (self.directory / "grafana.token").write_text(self.grafana.token(role))
        document: dict[str, Any] = {
            "grafana": {"url": self.grafana.url, "token": {"file": "grafana.token"}},
            "dashboard": "agent-firewall",
            "source": "source/agent-firewall.json",
            "expect": "dashboards/agent-firewall.expect.yaml",
            "loki": {"datasource": lab_settings.LOKI_UID},
            "boundary": {
                "logs": "boundary_logs/*.log",
                "config": "boundary.yaml",
                "proxy": f"http://127.0.0.1:{proxy_port}",
            },
            "coderd": {"logs": "var/log/pods/*/*/*.log"},
            "shipper": {"kind": "promtail", "url": shipper, "config": "promtail.yaml", "positions": "positions.yaml"},
            "inject": {
                "allow_url": f"http://{lab_settings.ALLOWED_HOST}/ok",
                "deny_url": f"http://{lab_settings.DENIED_HOST}/exfil",
                "settle_s": 6,
            },
            "timeouts": {"hop_s": HOP_S},
        }
        self.config_path.write_text(yaml.safe_dump(document, sort_keys=False))
