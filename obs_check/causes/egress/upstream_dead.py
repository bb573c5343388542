"""egress.upstream-dead: what is allowed has no answer because the origin is down; the decision is recorded anyway.

Proved by the record: ALLOW lines of the very requests that got no answer (boundary v0.9.0 audits before it forwards).
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import all_answered, at_egress, boundary_lines, seen_anywhere, sent_events
from obs_check.model.finding import Finding, Fix, Observation


def find(context: Context) -> Finding | None:
    """Allow events without an answer whose tags are recorded, and boundary's line about the failure."""
    allow = sent_events(context, "allow")
    recorded = seen_anywhere(context)
    if not all_answered(allow, "no_answer") or not any(s.event.tag in recorded for s in allow):
        return None
    said, probes = boundary_lines(context, "Failed to forward HTTPS request", "run")
    lines = [line for line in said if f"obs={allow[0].event.run}-" in line]
    if not lines:
        return None
    reason = lines[-1].partition('": ')[2].rstrip('"') or lines[-1].partition("error=")[2]
    count = sum(s.event.tag in recorded for s in allow)
    return CAUSE.finding(
        claim=f"{len(allow)} of {len(allow)} allowed requests got no answer, yet {count} are recorded as allowed: "
        f"the origin is down ({reason}), the pipeline is not",
        evidence=Observation((*at_egress(context), *probes)),
        fix=Fix("name an allow_url that answers, or start its server; the panels need no answer of it"),
        # boundary's line about the failure repeats the URL, so a panel of whole lines shows a tag twice.
        panels=context.panels_of("A"),
    )


CAUSE = on_run("egress.upstream-dead", "egress", find, severity="warning")
