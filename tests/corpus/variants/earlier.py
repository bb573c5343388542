"""A pipeline that ran before: files, positions and streams of earlier events."""

import copy
import time
from datetime import UTC, datetime
from pathlib import Path

from obs_check.boundary.coderd import AgentLog, Workspace, json_line, request_fields, rfc3339_nano
from obs_check.boundary.log import Level, format_line
from obs_check.lab.coderd import pod_log_path
from obs_check.lab.settings import ALLOWED_HOST, DENIED_HOST, LabSettings, boundary_logs
from obs_check.model.window import NS

_AGO_NS = 600 * NS
_RUN = "ear1er"
_EVENTS = 6
"""Events of the earlier run."""


def ran_before(settings: LabSettings) -> None:
    """promtail ran with a healthy configuration, on the events of an earlier run."""
    settings.shipper_before = copy.deepcopy(settings.promtail)
    settings.prepare.append(_earlier_events)


def _earlier_events(directory: Path) -> None:
    pod_log = pod_log_path(directory)
    pod_log.parent.mkdir(parents=True)
    logs = boundary_logs(directory)
    logs.mkdir(exist_ok=True)
    begin_ns = time.time_ns() - _AGO_NS
    coderd, boundary = [], [format_line(begin_ns, UTC, Level.INFO, "Start landjail manager", {})]
    for number in range(1, _EVENTS + 1):
        allowed, at_ns = number % 2 == 1, begin_ns + number * NS
        host = ALLOWED_HOST if allowed else DENIED_HOST
        url = f"http://{host}/?obs={_RUN}-{number}-{'allow' if allowed else 'deny'}"
        rule = f"domain={ALLOWED_HOST}" if allowed else ""
        line = json_line(at_ns, request_fields(Workspace(), AgentLog(allowed, at_ns, "GET", url, rule)))
        coderd.append(f"{rfc3339_nano(at_ns)} stderr F {line}")
        level, word = (Level.INFO, "ALLOW") if allowed else (Level.WARN, "DENY")
        boundary.append(format_line(at_ns, UTC, level, word, {"method": "GET", "url": url, "host": host}))
    pod_log.write_text("\n".join(coderd) + "\n")
    started = f"{datetime.fromtimestamp(begin_ns // NS, UTC):%Y-%m-%d_%H-%M-%S}"
    (logs / f"boundary-{started}-4901.log").write_text("\n".join(boundary) + "\n")
    (logs / f"boundary-{started}-4902.log").write_text("")
