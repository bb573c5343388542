"""coderd's `boundary_request` lines, as its log sinks write them.

They are put together from coderd's source (version 2.34), not captured; `caller` has no line number for that reason.
They carry no host, no session id and no sequence number.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from obs_check.boundary.log import go_quote
from obs_check.model.times import rfc3339_nano
from obs_check.model.window import MS, NS

_ESCAPED = {"&": r"\u0026", "<": r"\u003c", ">": r"\u003e", "\u2028": r"\u2028", "\u2029": r"\u2029"}
_JSON_ESCAPES = str.maketrans(_ESCAPED)


Format = Literal["json", "spaced", "human"]
"""How coderd's lines are written; `spaced`: JSON that a program on the way has written again."""


@dataclass(frozen=True, slots=True)
class AgentLog:
    """One decision as it goes from the agent to coderd. `time_ns` is ns since the epoch, set by boundary;
    `session_id` is that of the batch, empty where boundary sends none."""

    allowed: bool
    time_ns: int
    method: str
    url: str
    matched_rule: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """What coderd knows of the agent's connection; the values are examples."""

    owner: str = "joe"
    name: str = "lab"
    agent: str = "main"
    template: str = "firewalled"
    workspace_id: str = "5d0c7a1e-0b43-4c0a-9a52-6f1d3a0f7c11"
    template_id: str = "9b1f4a5c-3a0e-4b56-8f0d-2d5f0f9f6a22"
    template_version_id: str = "c3e0d9b7-77a1-4f0d-8a8c-51a9f6a1be33"


def human_head(ts_ns: int, logger: str) -> str:
    """How a line of Coder's human log format begins; `ts_ns` is ns since the epoch, shown in UTC."""
    return f"{datetime.fromtimestamp(ts_ns // NS, UTC):%Y-%m-%d %H:%M:%S}.{ts_ns % NS // MS:03d} [info]  {logger}"


def request_fields(where: Workspace, log: AgentLog) -> dict[str, str]:
    """The fields of a line, in their order; a denial has no `matched_rule`."""
    fields = {
        "owner": where.owner,
        "workspace_name": where.name,
        "agent_name": where.agent,
        "decision": "allow" if log.allowed else "deny",
        "workspace_id": where.workspace_id,
        "template_id": where.template_id,
        "template_version_id": where.template_version_id,
        "http_method": log.method,
        "http_url": log.url,
        "event_time": rfc3339_nano(log.time_ns),
    }
    return {**fields, "matched_rule": log.matched_rule} if log.allowed else fields


def json_line(ts_ns: int, fields: dict[str, str], spaced: bool = False) -> str:
    """The line of CODER_LOGGING_JSON: compact, `&`, `<` and `>` escaped as Go's encoder does; `spaced`: as a program
    that writes it again may leave it, with blanks behind commas and colons."""
    document = {
        "ts": rfc3339_nano(ts_ns),
        "level": "INFO",
        "msg": "boundary_request",
        "caller": "coderd/agentapi/boundary_logs.go",
        "func": "github.com/coder/coder/v2/coderd/agentapi.(*BoundaryLogsAPI).ReportBoundaryLogs",
        "logger_names": ["coderd", "agentrpc"],
        "fields": fields,
    }
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(document, ensure_ascii=False, separators=separators).translate(_JSON_ESCAPES)


def format_of(line: str) -> Format:
    """The format of a line of coderd, without what the runtime put in front of it; JSON for an empty one."""
    if line and not line.startswith("{"):
        return "human"
    return "spaced" if '": ' in line else "json"


def human_line(ts_ns: int, fields: dict[str, str]) -> str:
    """The line of CODER_LOGGING_HUMAN; a value is quoted only for a blank, a quote or an unprintable character."""
    pairs = "  ".join(f"{key}={_human_value(value)}" for key, value in fields.items())
    return f"{human_head(ts_ns, 'coderd.agentrpc')}: boundary_request  {pairs}"


def _human_value(text: str) -> str:
    quoted = go_quote(text)
    plain = text and quoted[1:-1] == text and not any(map(str.isspace, text))
    return text if plain else quoted
