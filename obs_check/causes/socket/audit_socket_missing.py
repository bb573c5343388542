"""socket.audit-socket-missing: the workspace agent had no audit socket when boundary started, so path B is off.

boundary v0.9.0 looks for the socket once; an agent that comes later is not seen. Proved by boundary's own WARN line.
"""

from dataclasses import replace

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import boundary_lines, lost_before_coderd
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Nothing at coderd, and the line about the socket."""
    lost = lost_before_coderd(context)
    if lost is None or lost[0].seen:
        return None
    lines, probes = boundary_lines(context, "workspace agent has not created log proxy socket", "start")
    if not lines:
        return None
    hop, missing = lost
    path = lines[-1].partition("socket=")[2].strip('"') or "the socket"
    found = CAUSE.finding(
        claim=f"coderd logged 0 of {count_noun(len(missing), 'decision')}: {path} was not there when boundary "
        "started, and "
        "boundary looks for it only then",
        evidence=Observation((*hop.probes, *probes)),
        fix=Fix(
            "start the workspace agent first, then boundary; both need the same "
            "CODER_AGENT_BOUNDARY_LOG_PROXY_SOCKET_PATH (or TMPDIR), and Coder 2.30 or newer"
        ),
        panels=context.panels_of("B", "metrics"),
    )
    return replace(found, without_counters=True)


CAUSE = on_run("socket.audit-socket-missing", "socket", find)
