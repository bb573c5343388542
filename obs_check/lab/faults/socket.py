"""Faults between boundary's audit socket and coderd's log line."""

from obs_check.lab.faults.fault import Fault
from obs_check.lab.settings import LabSettings

_LONG = "x" * 3400
"""A path that makes ten events larger than one frame of the socket."""


def _audit_off(settings: LabSettings) -> None:
    settings.boundary["disable_audit_logs"] = True


def _no_agent(settings: LabSettings) -> None:
    settings.absent.add("agent")


def _agent_dies(settings: LabSettings) -> None:
    settings.agent_dies = True


def _command_ends(settings: LabSettings) -> None:
    settings.firewall.ends_after = 12


def _long_urls(settings: LabSettings) -> None:
    settings.inject |= {
        "allow_url": f"http://allowed.example/{_LONG}",
        "deny_url": f"http://denied.invalid/{_LONG}",
    }


def _coderd_refuses(settings: LabSettings) -> None:
    settings.coderd.refuses = True


def _no_sink(settings: LabSettings) -> None:
    settings.coderd.format = "off"


def _two_sinks(settings: LabSettings) -> None:
    settings.coderd.format = "both"


SOCKET_FAULTS: tuple[Fault, ...] = (
    Fault("audit-off", "socket.audit-disabled", "boundary's audit socket is disabled", _audit_off),
    Fault("no-agent", "socket.audit-socket-missing", "the agent made no audit socket", _no_agent),
    Fault("long-urls", "socket.oversized-batch", "a batch is larger than the socket's frame", _long_urls),
    Fault("agent-dies", "socket.channel-full", "the agent is gone and boundary has no more room", _agent_dies),
    Fault("agent-gone", "socket.agent-unreachable", "the agent is gone", _agent_dies, events=(2, 2)),
    Fault("short-run", "socket.last-batch-lost", "boundary's command ends at once", _command_ends, events=(6, 6)),
    Fault("coderd-refuses", "socket.agent-dropped", "coderd takes no batches from the agent", _coderd_refuses),
    Fault("no-sink", "socket.coderd-log-sink-off", "coderd has no log sink", _no_sink),
    Fault("two-sinks", "socket.coderd-double-sink", "coderd logs as JSON and for people", _two_sinks),
)
