"""coderd as the pipeline sees it: `boundary_request` lines in a pod's log, and the agents' counters on /metrics."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal

from obs_check.boundary.coderd import AgentLog, Workspace, human_line, json_line, request_fields
from obs_check.boundary.cri import cri_prefix
from obs_check.client.exposition import sample_line
from obs_check.errors import Unavailable
from obs_check.lab.audit_agent import Counter
from obs_check.lab.origin import LoopbackServer
from obs_check.model.window import NS
from obs_check.standin.sql import LabDatabase

Format = Literal["json", "human", "both", "off"]
"""The log sinks that are set: `both` writes every event twice, `off` (human to /dev/null, no JSON) none."""

CRI_LINE_BYTES = 16 * 1024
"""The container runtime cuts longer lines into parts, all but the last marked P."""


def pod_log_path(root: Path, uid: str = "0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44") -> Path:
    """Where the kubelet keeps coderd's log, below `root` in place of the node's root."""
    return root / f"var/log/pods/coder_coder-0_{uid}/coder/0.log"


class CriLog:
    """A container's log file in CRI format: `<RFC3339Nano> stderr F <line>`; safe from any thread."""

    def __init__(self, path: Path, now_ns: Callable[[], int] = time.time_ns, stream: str = "stderr") -> None:
        self.path = path
        self._now_ns = now_ns
        self._stream = stream
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Append one line; Unavailable when the file cannot be written."""
        data = line.encode("utf-8", "replace")
        parts = [data[at : at + CRI_LINE_BYTES] for at in range(0, len(data), CRI_LINE_BYTES)] or [b""]
        now_ns = self._now_ns()
        begun, whole = (cri_prefix(now_ns, self._stream, partial=partial).encode() for partial in (True, False))
        out = b"".join((whole if part is parts[-1] else begun) + part + b"\n" for part in parts)
        try:
            with self._lock:
                try:
                    file = self.path.open("ab")
                except FileNotFoundError:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    file = self.path.open("ab")
                with file:
                    file.write(out)
        except OSError as error:
            raise Unavailable(f"{self.path}: cannot be written: {error}", "check the lab's directory") from error


@dataclass(slots=True)
class CoderdSettings:
    """How coderd is run. `format` are its log sinks, with blanks in its JSON where `spaced`. `agent_stats` stands for
    CODER_PROMETHEUS_COLLECT_AGENT_STATS: without it no agent series exists; one ends `stats_kept_s` after the agent's
    last report. With `refuses` it takes no batches."""

    format: Format = "json"
    spaced: bool = False
    agent_stats: bool = True
    stats_kept_s: float = 120.0
    refuses: bool = False


class Coderd(LoopbackServer):
    """Takes batches from the agent and writes one line an event; `/metrics` on a loopback port.

    While it is not running, and where it refuses them, it takes no batches, which the agent counts as `forward_failed`.
    """

    def __init__(
        self,
        pod_log: Path,
        how: CoderdSettings | None = None,
        workspace: Workspace | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        database: LabDatabase | None = None,
        port: int = 0,
    ) -> None:
        super().__init__("lab-coderd", partial(_MetricsHandler, self), port)
        self.pod_log = CriLog(pod_log, now_ns)
        self._how = how or CoderdSettings()
        self._workspace = workspace or Workspace()
        self._now_ns = now_ns
        self._database = database
        self._stats: tuple[int, tuple[Counter, ...]] = (0, ())

    def report_boundary_logs(self, batch: Sequence[AgentLog]) -> None:
        """Write the lines of one batch; Unavailable when coderd is not running."""
        if self._how.refuses or not self.running:
            raise Unavailable("coderd takes no batches", "start it first")
        for log in batch:
            fields = request_fields(self._workspace, log)
            if self._how.format in ("human", "both"):
                self.pod_log.write(human_line(self._now_ns(), fields))
            if self._how.format in ("json", "both"):
                self.pod_log.write(json_line(self._now_ns(), fields, self._how.spaced))
        if self._database is not None:
            self._database.record(self._workspace.agent, "python3", batch)

    def update_stats(self, counters: Sequence[Counter]) -> None:
        """Keep an agent's counters for a while; Unavailable when coderd is not running."""
        if not self.running:
            raise Unavailable("coderd is not running", "start it first")
        if self._how.agent_stats:
            self._stats = (self._now_ns(), tuple(counters))

    def metrics(self) -> str:
        """What /metrics answers: Prometheus's text format."""
        at, counters = self._stats
        lines = [
            "# TYPE coderd_api_active_users_duration_hour gauge",
            "coderd_api_active_users_duration_hour 1",
        ]
        if self._now_ns() - at > self._how.stats_kept_s * NS:
            counters = ()
        where = self._workspace
        for name in sorted({counter.name for counter in counters}):
            lines.append(f"# TYPE {name} counter")
            for counter in counters:
                if counter.name == name:
                    labels = {
                        **dict(counter.labels),
                        "agent_name": where.agent,
                        "template_name": where.template,
                        "username": where.owner,
                        "workspace_name": where.name,
                    }
                    lines.append(sample_line(name, sorted(labels.items()), counter.value))
        return "\n".join(lines) + "\n"


class _MetricsHandler(BaseHTTPRequestHandler):
    def __init__(self, coderd: Coderd, *args: Any) -> None:
        self._coderd = coderd
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer /metrics; everything else is 404."""
        found = self.path.partition("?")[0] == "/metrics"
        body = (self._coderd.metrics() if found else "404 page not found\n").encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The lab writes no access log."""
