"""egress.ca-untrusted: the client does not trust boundary's CA, so boundary never reads a request and logs no decision.

Proved by the client's own TLS error and by the same request with boundary's CA, which is decided.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.run_evidence import (
    all_answered,
    at_egress,
    boundary_lines,
    seen_anywhere,
    send_again,
    sent_events,
)
from obs_check.model.finding import Finding, Fix, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Every event failed by its certificate and no tag is anywhere."""
    every = [*sent_events(context, "allow"), *sent_events(context, "deny")]
    if not all_answered(every, "ca_untrusted") or seen_anywhere(context):
        return None
    lines, probes = boundary_lines(context, "TLS handshake failed", "run")
    config, egress = context.named.boundary_config, context.firewall.egress
    tried = ""
    trusted: tuple[Probe, ...] = ()
    if egress is not None and egress.proxy and config is not None:
        # boundary keeps its CA beside its configuration (v0.9.0: ca-cert.pem).
        ca = config.parent / "ca-cert.pem"
        answer, probe = send_again(egress, every[-1], egress.proxy, ca)
        if answer.verdict not in ("allow", "deny"):
            return None
        trusted = (probe,)
        tried = f"; with {ca} trusted the same request is decided: {answer.verdict}"
    if not lines and not tried:
        return None
    seen = (*at_egress(context), *probes)
    return CAUSE.finding(
        claim=f"{len(every)} of {count_noun(len(every), 'request')} ended in the TLS handshake "
        f"({every[0].answer.error}), so "
        f"boundary decided none ({len(lines)} such lines in its log){tried}",
        evidence=Proof(seen, trusted) if trusted else Observation(seen),
        fix=Fix(
            "make the client trust boundary's ca-cert.pem (SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS, "
            "or its own trust store); for obs-check set boundary.ca"
        ),
        panels=context.panels_of("A", "B", "metrics"),
    )


CAUSE = on_run("egress.ca-untrusted", "egress", find)
