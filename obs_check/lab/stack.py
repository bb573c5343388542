"""The lab as a whole: every system started on loopback, the files they share, and the obs-check.yaml that reaches them.

obs-check never gets this object's insides: it reads `config_path` and talks to the systems through files and HTTP.
"""

import os
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import yaml

from obs_check.client.files.text_files import replace_file
from obs_check.errors import NO_ROOM, InputError, with_room
from obs_check.lab import settings as lab_settings
from obs_check.lab.egress import LabEgress
from obs_check.lab.faults.registry import break_with
from obs_check.lab.kubernetes import on_kubernetes
from obs_check.lab.native.parts import TIMEOUTS, fit, parts_with
from obs_check.lab.origin import reserved_port
from obs_check.lab.own_folder import OwnFolder, held
from obs_check.lab.parts import BOUNDARY_STDERR, SHIPPER_LOG, TOKEN_FILE, Stack, Stop, audit_socket
from obs_check.model.tree import Json
from obs_check.standin.loki.served import Served


@dataclass(frozen=True, slots=True)
class LabShape:
    """What a lab consists of: the healthy configuration that is `made` for a folder and the proxy's port; `native`
    programs of PATH in the place of its own; with `kubernetes` it is a node of a cluster."""

    made: Callable[[Path, int], lab_settings.LabSettings] = lab_settings.healthy
    native: Sequence[str] = ()
    kubernetes: bool = False


class Lab:
    """`with Lab(...) as lab:` runs the stack until the block ends.

    `directory` None makes a temporary one that is removed at the end; `data` keeps Loki's lines and coderd's rows over
    a restart, and `say` gets a sentence when it cannot; `fault_ids` are applied to the configuration of its shape
    before anything starts.
    """

    def __init__(
        self,
        directory: Path | None = None,
        fault_ids: tuple[str, ...] = (),
        data: Path | None = None,
        env: Mapping[str, str] | None = None,
        say: Callable[[str], None] = lambda _text: None,
        shape: LabShape | None = None,
    ) -> None:
        self._shape = shape or LabShape()
        self._say = say
        self._own = OwnFolder("lab-") if directory is None else None
        self.directory = self._own.path if self._own is not None else directory or Path()
        self.fault_ids = fault_ids
        self._data = data
        self._env = dict(env or {})
        self._running = ExitStack()
        self._stack: Stack
        self.addresses: dict[str, str] = {}
        """Where each system listens (one that a fault stops: listened), and the file of Grafana's token."""

    @property
    def proxy_url(self) -> str:
        """Where boundary's proxy listens."""
        return f"http://127.0.0.1:{self._stack.proxy_port}"

    @property
    def wraps(self) -> bool:
        """See Boundary.wraps."""
        return self._stack.boundary.wraps

    @property
    def served(self) -> Served | None:
        """What Loki was asked so far, as it counts itself; None where it does not."""
        return self._stack.loki.served

    @property
    def config_path(self) -> Path:
        """The obs-check.yaml that the lab wrote for itself."""
        return self.directory / "obs-check.yaml"

    def __enter__(self) -> Self:
        """Start everything. Raises InputError where the lab's files cannot be written."""
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                place = error.filename or self.directory
                raise InputError(
                    f"{place}: {error.strerror}", with_room(error, "give the lab another folder")
                ) from error
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        if self._own is None:
            self._running.enter_context(held(self.directory))
        lab_settings.boundary_logs(self.directory).mkdir(exist_ok=True)
        proxy_port = int(self._running.enter_context(reserved_port()).getsockname()[1])
        chosen = self._shape.made(self.directory, proxy_port)
        break_with(chosen, self.fault_ids)
        parts = parts_with(self._shape.native)
        if self._shape.kubernetes:
            on_kubernetes(chosen)
        fit(chosen, self._shape.native)
        self._stack = Stack(self.directory, chosen, proxy_port, self._data, self._env, self._say)
        stops: dict[str, Stop] = {}
        for part in parts:
            stops[part.name] = part.start(self._stack)
            self._running.callback(stops[part.name])
        self._write_config(chosen)
        self.addresses = self._listening()
        for name in sorted(chosen.absent):
            stops[name]()
        if chosen.agent_dies:
            stops["agent"]()
        for step in chosen.finish:
            step(self.directory)

    def another_boundary(self) -> LabEgress:
        """boundary as another command of the workspace runs it, not started: files, port and session are its own."""
        return self._stack.boundary.invocation((os.getpid() + 2, os.getpid() + 3), 0, self._running)

    def reload(self) -> None:
        """Start boundary again and let the shipper read its configuration again, as after an edit of their files."""
        self._stack.boundary.stop()
        self._stack.boundary.start()
        self._stack.shipper.reload()

    def stop(self) -> None:
        """Stop everything in reverse order; a temporary directory is removed."""
        try:
            self._running.close()
        finally:
            if self._own is not None:
                self._own.remove()

    def _listening(self) -> dict[str, str]:
        stack = self._stack
        return {
            "grafana": stack.grafana.url,
            "token": str(self.directory / TOKEN_FILE),
            "loki": stack.loki.url,
            "prometheus": stack.prometheus.url,
            "shipper": stack.shipper.url,
            "boundary": self.proxy_url,
        }

    def _write_config(self, chosen: lab_settings.LabSettings) -> None:
        ca = shutil.copy(self._stack.boundary.ca, self.directory / "ca-cert.pem")
        proxies = {"": self.proxy_url, "origin": f"http://127.0.0.1:{self._stack.origin[1]}"}
        loki = {"url": self._stack.loki.url} if chosen.loki_direct else {}
        document: dict[str, Json] = {
            "grafana": {"url": self._stack.grafana.url, "token": {"file": TOKEN_FILE}},
            "dashboard": "agent-firewall",
            "source": "source/agent-firewall.json",
            "expect": "dashboards/agent-firewall.expect.yaml",
            "loki": {"datasource": lab_settings.LOKI_UID, **loki},
            "boundary": {
                "logs": "boundary_logs/*.log",
                "config": "boundary.yaml",
                "stderr": BOUNDARY_STDERR,
                "proxy": proxies.get(chosen.proxy, chosen.proxy),
                **({"ca": Path(ca).name} if chosen.ca else {}),
            },
            "coderd": {"logs": "var/log/pods/*/*/*.log"},
            "shipper": {
                "kind": "alloy" if self._stack.shipper.alloy else "promtail",
                "url": self._stack.shipper.url,
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
            "executors": {
                "boundary": {
                    "program": str(self._stack.boundary.install(str(ca) if chosen.ca else "")),
                    "config": "boundary.yaml",
                    "jail_type": "landjail",
                }
            },
            "checks": [{"name": "the agent listens", "run": f"test -S {shlex.quote(str(audit_socket(self._stack)))}"}],
            "timeouts": {"hop_s": 4, "metrics_s": 8},
        }
        for change in chosen.reached:
            change(document)
        if self._shape.native:
            document["timeouts"] = dict(TIMEOUTS)
        with replace_file(self.config_path, "give the lab another folder") as part:
            part.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
