"""shipper.push-refused: the shipper reads the lines and nobody takes its pushes: wrong path, host or credentials.

Proved by the answers in the shipper's log and by its counters (`promtail_request_duration_seconds_count` by status),
while Loki answers the dashboard's datasource; the pipeline run on the very lines would push them. Words that are a
limit of Loki belong to ingest.discarded and shipper.rate-limited.
"""

from urllib.parse import urlsplit, urlunsplit

from obs_check.documents.scrubbed import without_secret_values
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.discard_reasons import discard_of
from obs_check.evidence.refusals import PushedPath, panels_fed, probes, pushed_paths
from obs_check.evidence.shipper_rules import Rules, simulation_probe
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.shipping import PushRefusal
from obs_check.model.wording import count_noun

PUSH_PATHS = ("/loki/api/v1/push", "/api/prom/push")
"""Paths that Loki 3.5 takes pushes at; the first is the one to use."""


def find(context: Context) -> Finding | None:
    """Refused pushes whose words are no limit of Loki."""
    all_lost = (p for p in pushed_paths(context) if p.one.lost == p.one.found)
    refused = [(p, found) for p in all_lost if (found := _refusal(p)) is not None]
    if not refused:
        return None
    these = [p for p, _ in refused]
    first, refusal = refused[0]
    status = "no answer" if refusal.status in (None, -1) else f"status {refusal.status}"
    lines = sum(len(p.one.found) for p in these)
    fix = Fix(_remedy(refusal))
    probe: tuple[Probe, ...] = ()
    after = _corrected(first.config) if refusal.status in (404, 405) else None
    if after is not None:
        url = without_secret_values(after.config.clients[0].url)[0]
        now, lost = context.now_ns(), first.one.lost_lines
        fix = first.config.fix(f"push to {urlsplit(url).path}", after)
        ran = after.run(first.one.file, lost, now)
        probe = (
            simulation_probe(f"simulate the configuration that pushes to {url} on the lost lines", ran, len(lost), now),
        )
    return CAUSE.finding(
        claim=f"the shipper read {count_noun(lines, 'line')} of the run and its pushes are refused ({status}): "
        f"`{refusal.words}`; Loki answers its datasource and has none of them",
        evidence=Observation(probes(these, *probe)),
        fix=fix,
        panels=panels_fed(context, these),
    )


def _refusal(one: PushedPath) -> PushRefusal | None:
    """The first refusal that is none of Loki's limits, when no push was taken meanwhile."""
    if any(status.startswith("2") for status in one.requests):
        return None
    return next((r for r in one.words if discard_of(r.words) is None and r.status != 429), None)


def _corrected(config: Rules) -> Rules | None:
    """The configuration with the path that Loki takes pushes at, where a client has another; None without one."""
    after: Rules | None = config
    for number, client in enumerate(config.config.clients):
        parts = urlsplit(client.url)
        if after is not None and parts.path not in PUSH_PATHS:
            url = urlunsplit(parts._replace(path=PUSH_PATHS[0]))
            after = after.with_text((*config.client_place(number), "url"), client.url, url)
    return None if after is config else after


def _remedy(refusal: PushRefusal) -> str:
    match refusal.status:
        case None | -1:
            return "make the address in the shipper's `clients` reachable from where it runs: name, port, TLS, policies"
        case 401 | 403:
            return "give the shipper's client what Loki asks for: `tenant_id`, or `basic_auth` of the gateway"
        case status if status >= 500:
            return "look at Loki's log: it answers pushes with an error of its own"
    return "make the push one that Loki can read: the words say what is wrong with it"


CAUSE = on_run("shipper.push-refused", "shipper", find)
