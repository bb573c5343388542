"""The parts of the lab, in the order in which they start: each names the parts that have to be up before it."""

import contextlib
import os
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from obs_check.boundary.coderd import Workspace
from obs_check.errors import Unavailable
from obs_check.lab import settings as lab_settings
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.audit_agent import Agent, Frames
from obs_check.lab.boundary_program import Around, install
from obs_check.lab.coderd import Coderd, pod_log_path
from obs_check.lab.egress import Invocation, LabEgress
from obs_check.lab.grafana import LabGrafana
from obs_check.lab.kubernetes import KUBECONFIG
from obs_check.lab.kubernetes_api import LabKubernetes
from obs_check.lab.loki import LabLoki
from obs_check.lab.native import boundary_frames
from obs_check.lab.origin import Origin
from obs_check.lab.own_folder import OwnFolder
from obs_check.lab.prometheus import LabPrometheus
from obs_check.lab.shipper import LabShipper, Meets
from obs_check.lab.tls.certificate import CA
from obs_check.shipper.pod_objects import discovered_targets, read_pods
from obs_check.standin.loki.served import Served
from obs_check.standin.sql import LabDatabase

TOKEN_FILE = "grafana.token"  # the name of a file, not a secret
DATABASE = "coder.duckdb"
SHIPPER_LOG = "promtail.log"
BOUNDARY_STDERR = "boundary.stderr"
BOUNDARY_PROGRAM = "bin/boundary"


Address = tuple[str, int]
"""Host and port."""


class Serves(Protocol):
    """What is reached at a URL."""

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`."""


class LokiPart(Serves, Protocol):
    """The lab's Loki, or one from PATH."""

    @property
    def served(self) -> Served | None:
        """What it was asked so far, as it counts itself; None where it does not."""


class ShipperPart(Serves, Protocol):
    """`alloy`: it is one, and no promtail."""

    alloy: bool

    def reload(self) -> None:
        """Have it read its configuration again."""


class FirewallPart(Protocol):
    """boundary as it can be started again; see BoundaryPart."""

    port: int

    @property
    def wraps(self) -> bool: ...
    @property
    def ca(self) -> Path: ...
    def start(self) -> object: ...
    def stop(self) -> None: ...
    def install(self, ca: str) -> Path: ...
    def invocation(self, pids: tuple[int, int], port: int, until: ExitStack) -> LabEgress: ...


class BoundaryPart:
    """boundary as it can be started again. `origin` is what allowed requests reach, `audit` its socket's path."""

    def __init__(self, chosen: lab_settings.LabSettings, directory: Path, port: int, origin: Address, audit: Path):
        self.port = port
        self._chosen = chosen
        self._directory = directory
        self._origin = origin
        self._audit = audit
        self._running = ExitStack()
        self.ca = CA
        """What its clients have to trust."""

    def start(self) -> None:
        """Run it with the files as they are now, its log with the mode that its umask gives."""
        egress = self.invocation((os.getpid(), os.getpid() + 1), self.port, self._running)
        before = os.umask(self._chosen.boundary_umask)
        try:
            with contextlib.suppress(*([Unavailable] if self._chosen.firewall.port_taken else [])):
                egress.start()
        finally:
            os.umask(before)
        self._running.callback(egress.stop)

    def stop(self) -> None:
        """End it, as with the end of its command."""
        self._running.close()

    @property
    def wraps(self) -> bool:
        """Whether one of its own around the probe shows what is broken."""
        return around_shows(self._chosen)

    def install(self, ca: str) -> Path:
        """Write it as a program around a command, which is told to trust the CA ("": none); returns its path."""
        chosen = self._chosen
        offset = chosen.zone.utcoffset(datetime.now(UTC))
        around = Around(
            str(self._audit),
            dict.fromkeys((lab_settings.ALLOWED_HOST, lab_settings.DENIED_HOST), self._origin),
            ca,
            round(offset.total_seconds()) if offset else 0,
            chosen.boundary_umask,
            chosen.sends_session,
        )
        path = self._directory / BOUNDARY_PROGRAM
        install(path, around)
        return path

    def invocation(self, pids: tuple[int, int], port: int, until: ExitStack) -> LabEgress:
        """One that was not started; its stderr is open as long as `until`."""
        firewall = self._chosen.firewall
        session_id = str(uuid.uuid4()) if self._chosen.sends_session else ""
        return LabEgress(
            self._directory / "boundary.yaml" if firewall.config_named else None,
            SocketAuditor(self._audit, session_id=session_id),
            Invocation(
                resolve={lab_settings.ALLOWED_HOST: self._origin, lab_settings.DENIED_HOST: self._origin},
                stderr=until.enter_context((self._directory / BOUNDARY_STDERR).open("a", encoding="utf-8")),
                zone=self._chosen.zone,
                pids=pids,
                port=port,
                json_lines=firewall.json_lines,
                ends_after=firewall.ends_after,
                session_id=session_id,
            ),
        )


def around_shows(chosen: lab_settings.LabSettings) -> bool:
    """Whether a boundary around the probe shows what is broken: not where that is how the long-lived one is run, or
    what of it a client sees."""
    long_lived = chosen.firewall != lab_settings.FirewallSettings() or chosen.agent_dies or "boundary" in chosen.absent
    return not (long_lived or chosen.proxy)


class Stack:
    """What the parts share: each leaves here what those behind it reach it by. `proxy_port` is boundary's."""

    origin: Address
    loki: LokiPart
    database: LabDatabase
    coderd: Coderd
    sockets: Path
    agent: Agent
    prometheus: Serves
    boundary: FirewallPart
    shipper: ShipperPart
    grafana: Serves

    def __init__(
        self,
        directory: Path,
        chosen: lab_settings.LabSettings,
        proxy_port: int,
        data: Path | None,
        env: Mapping[str, str],
        say: Callable[[str], None],
    ) -> None:
        self.directory = directory
        self.chosen = chosen
        self.proxy_port = proxy_port
        self.data = data
        self.env = env
        self.say = say


Stop = Callable[[], object]


Start = Callable[[Stack], Stop]


@dataclass(frozen=True, slots=True)
class LabPart:
    """`start` says how the part is stopped."""

    name: str
    needs: tuple[str, ...]
    start: Start


def _origin(stack: Stack) -> Stop:
    origin = Origin().start()
    stack.origin = ("127.0.0.1", origin.port)
    if not stack.chosen.firewall.origin_up:
        origin.stop()
    return origin.stop


def _loki(stack: Stack) -> Stop:
    running = LabLoki(stack.data, stack.chosen.loki, say=lambda text: stack.say(f"lab Loki: {text}"))
    stack.loki = running.start()
    return running.stop


def _files(stack: Stack) -> Stop:
    lab_settings.write(stack.chosen, stack.directory, stack.loki.url)
    return lambda: None


def _database(stack: Stack) -> Stop:
    kept = stack.data / DATABASE if stack.data else None
    stack.database = LabDatabase(time.time_ns, stack.chosen.sql_grants, kept)
    stack.database.register(Workspace().agent)
    stack.database.start()
    return stack.database.stop


def _coderd(stack: Stack) -> Stop:
    rows = stack.database if stack.chosen.coderd_persists else None
    stack.coderd = Coderd(pod_log_path(stack.directory), stack.chosen.coderd, database=rows)
    stack.coderd.start()
    return stack.coderd.stop


def _sockets(stack: Stack) -> Stop:
    # The path of a unix socket has at most 107 bytes (Linux: sun_path), which a lab's own directory may exceed.
    held = OwnFolder()
    stack.sockets = held.path
    return held.remove


def audit_socket(stack: Stack) -> Path:
    """Where the agent listens for boundary."""
    return stack.sockets / "boundary-audit.sock"


def _agent(stack: Stack) -> Stop:
    frames = {"json": Frames(), "protobuf": Frames(decode=boundary_frames.decode)}[stack.chosen.audit_frames]
    stack.agent = Agent(audit_socket(stack), stack.coderd, stack.chosen.agent_reports_s, frames)
    if "agent" in stack.chosen.absent:
        return lambda: None
    stack.agent.start()
    return stack.agent.stop


def scraped(stack: Stack) -> list[tuple[str, str]]:
    """What Prometheus scrapes: jobs and the URLs of their metrics."""
    return [("coderd", f"{stack.coderd.url}{stack.chosen.metrics_path}")]


def _prometheus(stack: Stack) -> Stop:
    running = LabPrometheus(scraped(stack), interval_s=1.0)
    stack.prometheus = running
    running.start()
    # A lab that is up has been scraped once: what moves behind that has moved.
    running.scrape_once()
    return running.stop


def _another_program(stack: Stack) -> Stop:
    if not stack.chosen.firewall.port_taken:
        return lambda: None
    return Origin(stack.proxy_port).start().stop


def _boundary(stack: Stack) -> Stop:
    stack.boundary = BoundaryPart(stack.chosen, stack.directory, stack.proxy_port, stack.origin, audit_socket(stack))
    stack.boundary.start()
    return stack.boundary.stop


def _kubernetes(stack: Stack) -> Stop:
    if not stack.chosen.pods:
        return lambda: None
    api = LabKubernetes(stack.chosen.pods)
    api.start()
    api.write_kubeconfig(stack.directory / KUBECONFIG)
    return api.stop


def _shipper(stack: Stack) -> Stop:
    directory, chosen = stack.directory, stack.chosen
    config, positions = directory / chosen.shipper_config, directory / "positions.yaml"
    other_user = chosen.shipper_user == "another"
    pods = discovered_targets(read_pods({"kind": "PodList", "items": chosen.pods}, "the lab"))
    meets = Meets(other_user, pods, tuple(chosen.unmounted))
    running = LabShipper(config, positions, stack.env, directory / SHIPPER_LOG, meets)
    stack.shipper = running
    running.start()
    return running.stop


def sources(stack: Stack) -> list[dict[str, Any]]:
    """Grafana's datasources as they are reached."""
    return lab_settings.datasources(stack.chosen, stack.loki.url, stack.prometheus.url)


def keep_token(stack: Stack, token: str) -> None:
    """Write the file of Grafana's token, for the lab's user alone."""
    token_file = stack.directory / TOKEN_FILE
    token_file.touch(mode=0o600)
    token_file.write_text(token, "utf-8")


def _grafana(stack: Stack) -> Stop:
    token = secrets.token_hex(16)
    keep_token(stack, token)
    running = LabGrafana(stack.directory / "dashboards", sources(stack), token, database=stack.database)
    stack.grafana = running.start()
    return running.stop


PARTS = (
    LabPart("origin", (), _origin),
    LabPart("loki", (), _loki),
    LabPart("files", ("loki",), _files),
    LabPart("database", (), _database),
    LabPart("coderd", ("database",), _coderd),
    LabPart("sockets", (), _sockets),
    LabPart("agent", ("sockets", "coderd"), _agent),
    LabPart("prometheus", ("coderd",), _prometheus),
    LabPart("another program", (), _another_program),
    LabPart("boundary", ("files", "origin", "sockets", "agent", "another program"), _boundary),
    LabPart("kubernetes", ("files",), _kubernetes),
    LabPart("shipper", ("files", "loki", "boundary"), _shipper),
    LabPart("grafana", ("files", "loki", "prometheus", "database"), _grafana),
)
"""They are stopped in the reverse order."""
