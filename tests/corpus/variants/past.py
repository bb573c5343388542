"""A log directory with a past: nobody removes what earlier boundary processes left in it."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from obs_check.boundary.log import Level, Value, format_line
from obs_check.lab.settings import DENIED_HOST, LabSettings, boundary_logs
from obs_check.model.window import NS

_YEARS_AGO_NS = int(datetime(2020, 3, 1, 10, tzinfo=UTC).timestamp()) * NS
_AN_HOUR_NS = 3600 * NS
_DENIED: dict[str, Value] = {"method": "GET", "url": f"http://{DENIED_HOST}/old", "host": DENIED_HOST}
_LINES: tuple[tuple[Level, str, dict[str, Value]], ...] = (
    (Level.WARN, "No allow rules specified; all network traffic will be denied by default", {}),
    (
        Level.WARN,
        "Audit logs are disabled; workspace agent has not created log proxy socket",
        {"socket": "/tmp/boundary-audit.sock"},
    ),
    (Level.ERROR, "failed to connect to audit socket", {"error": "dial unix: connect: connection refused"}),
    (Level.WARN, "audit log dropped, channel full", {}),
    (Level.ERROR, "Failed to create HTTP listener", {"error": "listen tcp :8087: bind: address already in use"}),
    (Level.ERROR, "TLS handshake failed in CONNECT tunnel", {"error": "local error: tls: bad record MAC"}),
    (Level.WARN, "DENY", _DENIED),
    (Level.INFO, "Command completed, shutting down...", {}),
)


def _left(directory: Path, started_ns: int, pid: int) -> None:
    """The two files of one invocation, last written when it ended."""
    logs = boundary_logs(directory)
    logs.mkdir(exist_ok=True)
    lines = [format_line(started_ns + n * NS, UTC, *line) for n, line in enumerate(_LINES)]
    name = f"boundary-{datetime.fromtimestamp(started_ns // NS, UTC):%Y-%m-%d_%H-%M-%S}"
    for number, text in ((pid, "\n".join(lines) + "\n"), (pid + 1, "")):
        path = logs / f"{name}-{number}.log"
        path.write_text(text)
        os.utime(path, ns=(started_ns, started_ns))


def with_a_past(settings: LabSettings) -> None:
    """Files of 2020 and of an hour ago, full of warnings that are none of this run's."""

    def prepare(directory: Path) -> None:
        _left(directory, _YEARS_AGO_NS, 4711)
        _left(directory, time.time_ns() - _AN_HOUR_NS, 4801)

    settings.prepare.append(prepare)
