"""The lines of an event as boundary and coderd write them."""

from datetime import UTC

from obs_check.boundary.coderd import AgentLog, Format, Workspace, human_line, json_line, request_fields
from obs_check.boundary.log import DECIDED_AT, format_line
from obs_check.model.event import Event


def boundary_line(event: Event) -> str:
    """boundary's line in its file: logfmt, the time of the event in UTC, a rule that fits where it is allowed."""
    fields: dict[str, str | int | float] = {"method": event.method, "url": event.url, "host": event.host}
    if event.decision == "allow":
        fields["rule"] = f"domain={event.host}"
    return format_line(event.sent_ns, UTC, DECIDED_AT[event.decision], event.decision.upper(), fields)


def coderd_line(event: Event, at_ns: int, workspace: Workspace | None = None, shape: Format = "json") -> str:
    """coderd's line, written at a time (ns), without what the container runtime puts in front of it."""
    allowed = event.decision == "allow"
    log = AgentLog(allowed, event.sent_ns, event.method, event.url, f"domain={event.host}" if allowed else "")
    fields = request_fields(workspace or Workspace(), log)
    return human_line(at_ns, fields) if shape == "human" else json_line(at_ns, fields, shape == "spaced")
