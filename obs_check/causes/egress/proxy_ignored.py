"""egress.proxy-ignored: the client connects by itself instead of through boundary, and the jail does not let it.

Proved by the same request through boundary's own port, which is decided, while the events got no answer and left no
record.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import all_answered, at_egress, seen_anywhere, sent_events, through_boundary
from obs_check.model.finding import Finding, Fix, Proof
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """No answer without a proxy, no record, and boundary's page through boundary's port."""
    every = [*sent_events(context, "allow"), *sent_events(context, "deny")]
    if context.firewall.egress is None or context.firewall.egress.proxy or not all_answered(every, "no_answer"):
        return None
    if seen_anywhere(context) or any(context.env.get(name) for name in ("HTTP_PROXY", "http_proxy")):
        return None
    verdict, probes = through_boundary(context, every[-1])
    if verdict not in ("allow", "deny"):
        return None
    return CAUSE.finding(
        claim=f"{len(every)} of {count_noun(len(every), 'request')} got no answer ({every[0].answer.error}): "
        "the client has no "
        f"HTTP_PROXY and connects by itself, which the jail forbids without a record; through boundary's port the "
        f"same request is decided: {verdict}",
        evidence=Proof(at_egress(context), probes),
        fix=Fix("let the client use HTTP_PROXY and HTTPS_PROXY, or run boundary with `jail_type: nsjail`"),
        panels=context.panels_of("A", "B", "metrics"),
    )


CAUSE = on_run("egress.proxy-ignored", "egress", find)
