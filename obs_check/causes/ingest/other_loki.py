"""ingest.other-loki: the dashboard's datasource reads another Loki, or another tenant, than the shipper writes to.

Every push is answered well, and neither the run's lines nor their streams are in what is read. Seen in the shipper's
counters, and in an answer without any stream of the labels that the shipper's configuration gives the very lines.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, lines_taken, losses, lost_paths
from obs_check.evidence.selectors import selector_text
from obs_check.evidence.shipper_rules import Rules
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window

_BACK_NS = 7 * 86_400 * NS
"""How far back a stream is looked for."""
_NEAR_NS = 60 * NS
"""Lines with another time than their events are shipper.timestamp-out-of-window."""


def find(context: Context) -> Finding | None:
    """Look for the streams of all lost lines, where no line of the run is there."""
    lost = losses(context)
    if not lost or any(one.at_loki.seen for one in lost_paths(context)):
        return None
    asked = [_unread(context, config, one) for config, one in lost]
    found = [(one, probe) for (_, one), probe in zip(lost, asked, strict=True) if probe is not None]
    if len(found) < len(asked):
        return None
    count, sent = sum(len(one.lost) for one, _ in found), [lines_taken(one) for one, _ in found]
    return CAUSE.finding(
        claim=f"Loki took all {max(sent)} lines that the shipper read, {count} of the run among them; what the "
        f"datasource `{context.loki_server.uid}` reads has none of them, and no stream of theirs in 7 days"
        f"{_answered(found)}",
        evidence=Observation(tuple(probe for one, asked_for in found for probe in (*one.probes, asked_for))),
        fix=Fix(
            f"compare the URL and the tenant (X-Scope-OrgID) of the datasource `{context.loki_server.uid}` in Grafana "
            "with those of the shipper's client"
        ),
        panels=context.panels_of(*(one.path for one, _ in found)),
    )


def _answered(found: list[tuple[PathLines, Probe]]) -> str:
    """What tells another program than Loki, as a login page: Loki 3.5 answers a push with 204."""
    said = {
        status for one, _ in found if one.evidence and (account := one.evidence.account) for status in account.requests
    }
    return f"; the pushes are answered {', '.join(sorted(said))}, where Loki says 204" if said - {"204"} else ""


def _unread(context: Context, config: Rules, one: PathLines) -> Probe | None:
    """Loki's answer that it has no stream like that of the lost lines; None where it has one, and where nobody says
    that it took them, or with which labels and time."""
    now, sent = context.now_ns(), {event.tag: event.sent_ns for event in context.followed_run.events}
    ran = config.run(one.file, one.lost_lines, now)
    if not lines_taken(one) or ran is None or not ran.shipped:
        return None
    first = ran.shipped[0]
    begun = min(sent.values(), default=context.followed_run.window.start_ns)
    lookback = context.loki.lookback().value
    if lookback and begun < now - lookback:
        return None
    if first.ts is not None and not begun - _NEAR_NS <= first.ts <= now + _NEAR_NS:
        return None
    window = Window(now - _BACK_NS, now + _NEAR_NS)
    streams, probe = context.loki.series((selector_text(first.labels),), window)
    tenants = {client.tenant for client in config.config.clients if client.tenant}
    # Where the shipper's own tenant has streams it is shipper.wrong-tenant.
    if streams or any(context.loki.of_tenant(tenant).labels(window).value for tenant in tenants):
        return None
    return probe


CAUSE = on_run("ingest.other-loki", "loki", find)
