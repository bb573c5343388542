"""egress.port-in-use: another program has boundary's port, so boundary and the command that it wraps never run.

Proved by boundary's own ERROR line; what answers on the port does not answer as boundary does.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import all_answered, at_egress, boundary_lines, seen_anywhere, sent_events
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """No tag anywhere, no page of boundary, and the line `Failed to create HTTP listener`."""
    denied = sent_events(context, "deny")
    if not denied or all_answered(denied, "deny") or seen_anywhere(context):
        return None
    lines, probes = boundary_lines(context, "Failed to create HTTP listener", "last start")
    if not lines:
        return None
    port = lines[-1].partition("listen tcp :")[2].partition(":")[0]
    return CAUSE.finding(
        claim=f"boundary could not listen on port {port} (address already in use) and ended; another program "
        f"answered {len(denied)} of {count_noun(len(denied), 'event')} that had to be denied: "
        f"{denied[0].answer.verdict}",
        evidence=Observation((*at_egress(context), *probes)),
        fix=Fix(f"free port {port} (`ss -ltnp 'sport = :{port}'`) or give this boundary another `proxy_port`"),
        panels=context.panels_of("A", "B", "metrics"),
    )


CAUSE = on_run("egress.port-in-use", "egress", find)
