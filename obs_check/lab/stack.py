"""The lab as a whole: every system started on loopback, the files they share, and the obs-check.yaml that reaches them.

obs-check never gets this object's insides: it reads `config_path` and talks to the systems through files and HTTP.
"""

import contextlib
import os
import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import yaml

from obs_check.boundary.coderd import Workspace
from obs_check.errors import Unavailable
from obs_check.lab import settings as lab_settings
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.audit_agent import Agent
from obs_check.lab.coderd import Coderd, pod_log_path
from obs_check.lab.egress import Egress
from obs_check.lab.faults.registry import break_with
from obs_check.lab.grafana import LabGrafana
from obs_check.lab.loki import LabLoki
from obs_check.lab.origin import Origin, reserved_port
from obs_check.lab.prometheus import LabPrometheus
from obs_check.lab.shipper import LabShipper
from obs_check.lab.tls.certificate import CA
from obs_check.model.window import NS
from obs_check.standin.loki.served import Served
from obs_check.standin.sql import LabDatabase

TOKEN_FILE = "grafana.token"  # the name of a file, not a secret
DATABASE = "coder.duckdb"
SHIPPER_LOG = "promtail.log"
BOUNDARY_STDERR = "boundary.stderr"


class Lab:
    """`with Lab(...) as lab:` runs the stack until the block ends.

    `directory` None makes a temporary one that is removed at the end; `data` keeps Loki's lines and coderd's rows over
    a restart, and `say` gets a sentence when it cannot; `fault_ids` are applied to the configuration of `made`, a
    healthy one, before anything starts.
    """

    def __init__(
        self,
        directory: Path | None = None,
        fault_ids: tuple[str, ...] = (),
        data: Path | None = None,
        env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _text: None,
        made: Callable[[Path, int], lab_settings.LabSettings] = lab_settings.healthy,
    ) -> None:
        self._made = made
        self._say = say
        self._own = directory is None
        self.directory = Path(tempfile.mkdtemp(prefix="obs-check-lab-")) if directory is None else directory
        self.fault_ids = fault_ids
        self._data = data
        self._env = dict(env or {})
        self._stack = ExitStack()
        self._egress: Egress | None = None
        self.served = Served()
        """What Loki was asked so far, as it counts itself."""
        self._firewall = lab_settings.Firewall()
        self._proxy_port = 0
        self._socket = self.directory / "boundary-audit.sock"

    @property
    def proxy_url(self) -> str:
        """Where boundary's proxy listens."""
        return f"http://127.0.0.1:{self._proxy_port}"

    @property
    def config_path(self) -> Path:
        """The obs-check.yaml that the lab wrote for itself."""
        return self.directory / "obs-check.yaml"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        lab_settings.boundary_logs(self.directory).mkdir(exist_ok=True)
        held = self._stack.enter_context(reserved_port())
        self._proxy_port = int(held.getsockname()[1])
        chosen = self._made(self.directory, self._proxy_port)
        break_with(chosen, self.fault_ids)
        origin = Origin()
        origin.start()
        self._stack.callback(origin.stop)
        loki = LabLoki(self._data, chosen.loki, say=lambda text: self._say(f"lab Loki: {text}"))
        self.served = loki.served
        loki.start()
        self._stack.callback(loki.stop)
        self._loki_url = loki.url
        lab_settings.write(chosen, self.directory, loki.url)
        database = LabDatabase(time.time_ns, chosen.sql_grants, self._data / DATABASE if self._data else None)
        database.register(Workspace().agent)
        database.start()
        self._stack.callback(database.stop)
        coderd = Coderd(
            pod_log_path(self.directory),
            chosen.coderd_format,
            collect_agent_stats=chosen.agent_stats,
            refuses=chosen.coderd_refuses,
            spaced=chosen.coderd_spaced,
            stats_kept_ns=round(chosen.agent_kept_s * NS),
            database=database if chosen.coderd_persists else None,
        )
        coderd.start()
        self._stack.callback(coderd.stop)
        agent = Agent(self._socket, coderd, stats_interval_s=chosen.agent_reports_s)
        if "agent" not in chosen.absent:
            agent.start()
            self._stack.callback(agent.stop)
        prometheus = LabPrometheus([("coderd", f"{coderd.url}{chosen.metrics_path}")], interval_s=1.0)
        prometheus.start()
        self._stack.callback(prometheus.stop)
        self._origin = (origin.url.split("//")[1].split(":")[0], int(origin.url.rsplit(":", 1)[1].strip("/")))
        self._firewall = chosen.firewall
        self._sends_session = chosen.sends_session
        if not chosen.firewall.origin_up:
            origin.stop()
        if chosen.firewall.port_taken:
            other = Origin(self._proxy_port)
            other.start()
            self._stack.callback(other.stop)
        self._umask = chosen.boundary_umask
        self._zone = chosen.zone
        self._start_boundary()
        self._stack.callback(self._stop_boundary)
        config, positions = self.directory / chosen.shipper_config, self.directory / "positions.yaml"
        other_user = chosen.shipper_user == "another"
        self._shipper = LabShipper(config, positions, self._env, self.directory / SHIPPER_LOG, other_user, chosen.pods)
        self._shipper.start()
        self._stack.callback(self._shipper.stop)
        token = secrets.token_hex(16)
        token_file = self.directory / TOKEN_FILE
        token_file.touch(mode=0o600)
        token_file.write_text(token, "utf-8")
        grafana = LabGrafana(
            self.directory / "dashboards",
            lab_settings.datasources(chosen, loki.url, prometheus.url),
            token,
            database=database,
        )
        grafana.start()
        self._stack.callback(grafana.stop)
        stops = {
            "boundary": self._stop_boundary,
            "shipper": self._shipper.stop,
            "loki": loki.stop,
            "prometheus": prometheus.stop,
        }
        self._write_config(grafana.url, chosen)
        for name in sorted(chosen.absent & stops.keys()):
            stops[name]()
        if chosen.agent_dies:
            agent.stop()
        for step in chosen.finish:
            step(self.directory)

    def another_boundary(self) -> Egress:
        """boundary as another command of the workspace runs it, not started: files, port and session are its own."""
        return self._boundary((os.getpid() + 2, os.getpid() + 3), 0)

    def _boundary(self, pids: tuple[int, int], port: int) -> Egress:
        session_id = str(uuid.uuid4()) if self._sends_session else ""
        auditor = SocketAuditor(self._socket, session_id=session_id)
        hosts = {lab_settings.ALLOWED_HOST: self._origin, lab_settings.DENIED_HOST: self._origin}
        stderr = self._stack.enter_context((self.directory / BOUNDARY_STDERR).open("a", encoding="utf-8"))
        return Egress(
            self.directory / "boundary.yaml" if self._firewall.config_named else None,
            auditor,
            resolve=hosts,
            stderr=stderr,
            zone=self._zone,
            pids=pids,
            port=port,
            json_lines=self._firewall.json_lines,
            ends_after=self._firewall.ends_after,
            session_id=session_id,
        )

    def _start_boundary(self) -> None:
        self._egress = self._boundary((os.getpid(), os.getpid() + 1), self._proxy_port)
        before = os.umask(self._umask)
        try:
            with contextlib.suppress(*([Unavailable] if self._firewall.port_taken else [])):
                self._egress.start()
        finally:
            os.umask(before)

    def _stop_boundary(self) -> None:
        if self._egress is not None:
            self._egress.stop()
            self._egress = None

    def reload(self) -> None:
        """Start boundary again and let the shipper read its configuration again, as after an edit of their files."""
        self._stop_boundary()
        self._start_boundary()
        self._shipper.reload()

    def stop(self) -> None:
        """Stop everything in reverse order; a temporary directory is removed."""
        self._stack.close()
        if self._own:
            shutil.rmtree(self.directory, ignore_errors=True)

    def _write_config(self, grafana_url: str, chosen: lab_settings.LabSettings) -> None:
        ca = shutil.copy(CA, self.directory / "ca-cert.pem")
        proxies = {"": self.proxy_url, "origin": f"http://127.0.0.1:{self._origin[1]}"}
        document = {
            "grafana": {"url": grafana_url, "token": {"file": TOKEN_FILE}},
            "dashboard": "agent-firewall",
            "source": "source/agent-firewall.json",
            "expect": "dashboards/agent-firewall.expect.yaml",
            "loki": {"datasource": lab_settings.LOKI_UID, **({"url": self._loki_url} if chosen.loki_direct else {})},
            "boundary": {
                "logs": "boundary_logs/*.log",
                "config": "boundary.yaml",
                "stderr": BOUNDARY_STDERR,
                "proxy": proxies.get(chosen.proxy, chosen.proxy),
                **({"ca": Path(ca).name} if chosen.ca else {}),
            },
            "coderd": {"logs": "var/log/pods/*/*/*.log"},
            "shipper": {
                "kind": "alloy" if self._shipper.alloy else "promtail",
                "url": self._shipper.url,
                "config": chosen.shipper_config,
                "positions": "positions.yaml",
                "log": SHIPPER_LOG,
            },
            "inject": {
                "allow_url": f"http://{lab_settings.ALLOWED_HOST}/ok",
                "deny_url": f"http://{lab_settings.DENIED_HOST}/exfil",
                "settle_s": 6,
                **chosen.inject,
            },
            "timeouts": {"hop_s": 4, "metrics_s": 8},
        }
        for change in chosen.reached:
            change(document)
        self.config_path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
