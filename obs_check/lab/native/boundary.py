"""A boundary from PATH, v0.9.0: in its landjail, which needs no rights and changes no network of the machine."""

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack, suppress
from datetime import UTC
from pathlib import Path

from obs_check.errors import Unavailable, UsageError
from obs_check.lab.egress import LabEgress
from obs_check.lab.native.program import NativeProgram, on_path
from obs_check.lab.parts import BOUNDARY_PROGRAM, BOUNDARY_STDERR, Address, around_shows
from obs_check.lab.settings import LabSettings

_LISTENS = "0A"
"""TCP_LISTEN in /proc/net/tcp."""
_FREE_PORT = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"


class NativeBoundary(NativeProgram):
    """boundary around a command that ends with it. Allowed requests reach `origin`, as through a proxy of its own: no
    name is asked for. Its CA is below `directory`, its configuration and its stderr are the lab's files."""

    program = "boundary"
    stdin = subprocess.PIPE

    def __init__(self, chosen: LabSettings, directory: Path, port: int, origin: Address, audit: Path) -> None:
        super().__init__(directory / "boundary-home")
        self.port = self._port = port
        self._chosen = chosen
        self._lab = directory
        self._origin = origin
        self._audit = audit
        self.log = directory / BOUNDARY_STDERR
        self.ca = self._directory / "coder_boundary/ca-cert.pem"

    def arguments(self) -> list[str]:
        """A flag wins over the file."""
        named = [f"--config={self._lab / 'boundary.yaml'}"] if self._chosen.firewall.config_named else []
        return [*named, f"--proxy-port={self.port}", *self._always(), "--", "cat"]

    def environment(self) -> dict[str, str]:
        """Nothing of another boundary's."""
        kept = {name: value for name, value in super().environment().items() if not name.startswith("BOUNDARY")}
        return {**kept, **self._own_environment()}

    def start(self) -> "NativeBoundary":
        """Run it with the files as they are now, with its umask; one whose port is taken ends at once."""
        before = os.umask(self._chosen.boundary_umask)
        try:
            with suppress(*([Unavailable] if self._chosen.firewall.port_taken else [])):
                super().start()
        finally:
            os.umask(before)
        return self

    def ready(self) -> bool:
        """Whether it listens, seen from outside: each connection would be told in its log."""
        return not self._chosen.firewall.port_taken and _listening(self.port)

    def end(self) -> None:
        """End its command, and it with that."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    @property
    def wraps(self) -> bool:
        """As BoundaryPart's."""
        return around_shows(self._chosen)

    def install(self, _ca: str) -> Path:
        """Write the program that runs another one with this one's surroundings, at a free port; returns its path."""
        path = self._lab / BOUNDARY_PROGRAM
        path.parent.mkdir(parents=True, exist_ok=True)
        env = " ".join(f"{name}={shlex.quote(value)}" for name, value in self._own_environment().items())
        port = f'"--proxy-port=$({shlex.quote(sys.executable)} -c {shlex.quote(_FREE_PORT)})"'
        flags = " ".join(map(shlex.quote, self._always()))
        path.write_text(
            f"#!/bin/sh\numask {self._chosen.boundary_umask:03o}\n"
            f'exec env {env} {shlex.quote(on_path("boundary"))} {port} {flags} "$@"\n',
            "utf-8",
        )
        path.chmod(0o755)
        return path

    def invocation(self, _pids: tuple[int, int], _port: int, _until: ExitStack) -> LabEgress:
        """The lab has no second one that is not around a command: UsageError."""
        raise UsageError("a boundary from PATH runs around a command", "leave out --native boundary")

    def _always(self) -> list[str]:
        return ["--jail-type=landjail", f"--log-proxy-socket-path={self._audit}"]

    def _own_environment(self) -> dict[str, str]:
        # Go asks HTTP_PROXY for any host but this machine: https://pkg.go.dev/net/http#ProxyFromEnvironment
        origin = f"http://{self._origin[0]}:{self._origin[1]}"
        return {
            "XDG_CONFIG_HOME": str(self._directory),
            "TZ": "UTC",
            **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), origin),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
        }


def fit(settings: LabSettings) -> None:
    """Have the agent read boundary's own frames; UsageError for what boundary v0.9.0 cannot be told."""
    for is_asked, what in (
        (settings.firewall.json_lines, "writes no JSON lines"),
        (settings.firewall.ends_after > 0, "does not count its command's requests"),
        (settings.zone != UTC, "writes the machine's time"),
        (settings.sends_session and any("rawSql" in str(p) for p in settings.dashboard["panels"]), "sends no session"),
    ):
        if is_asked:
            raise UsageError(f"a boundary from PATH {what}", "leave out --native boundary")
    settings.sends_session = False
    settings.audit_frames = "protobuf"


def _listening(port: int) -> bool:
    wanted = re.compile(rf"^\s*\d+: [0-9A-F]+:{port:04X} [0-9A-F]+:0000 {_LISTENS} ", re.M)
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    return any(wanted.search(table.read_text("utf-8")) for table in tables if table.exists())
