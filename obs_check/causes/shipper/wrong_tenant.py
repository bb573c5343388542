"""shipper.wrong-tenant: the shipper writes for a tenant that the dashboard's datasource does not read.

An unknown tenant is not an error in Loki 3.5: it answers 200 with nothing. Proved by asking the same question with the
tenant that the shipper's configuration names: there the lines are.
"""

from obs_check.errors import NotAllowed, Refused
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.selectors import lines_of
from obs_check.evidence.shipper_rules import Rules
from obs_check.evidence.stored_lines import ShippedPath, unarrived_paths
from obs_check.model.finding import Finding
from obs_check.model.window import NS, Window
from obs_check.model.wording import count_noun
from obs_check.shipper.stages.tenant import TENANT_LABEL


def find(context: Context) -> Finding | None:
    """The lost lines of all paths, asked for with the shipper's tenant."""
    return join_findings(_on(context, path) for path in unarrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one, ran = path.one, path.ran
    if not ran.shipped:
        return None
    read = context.named.loki_tenant
    tenant, after = _tenant(path, read)
    if not tenant:
        return None
    window = Window(context.followed_run.window.start_ns - 60 * NS, path.now_ns + 60 * NS)
    question = lines_of(context.followed_run, ran.shipped[0].labels)
    # Not what the hop was answered: that may have been too early, or out of a cache.
    read_now, asked = context.loki.lines(question, window, 100)
    try:
        there, probe = context.loki.of_tenant(tenant).lines(question, window, 100)
    except (NotAllowed, Refused):
        return None
    if read_now or not there:
        return None
    fixed = path.again(after)
    return CAUSE.finding(
        claim=f"the shipper writes for tenant `{tenant}`: asked as the dashboard asks, Loki has 0 of "
        f"{count_noun(len(one.lost), 'line')}, with `X-Scope-OrgID: {tenant}` {len(there)}",
        evidence=path.evidence(
            (*one.probes, path.simulated, asked, probe),
            "simulate the configuration without the tenant on the lost lines",
            fixed,
        ),
        fix=path.config.fix(
            f"{_remedy(tenant, read)}, or give the datasource the header `X-Scope-OrgID: {tenant}`", after
        ),
        panels=context.panels_of(one.path),
    )


def _remedy(tenant: str, read: str) -> str:
    return f"have the shipper write for `{read}`" if read else f"take the tenant `{tenant}` out of the shipper"


def _tenant(path: ShippedPath, read: str) -> tuple[str, Rules | None]:
    """The tenant that a line is pushed for, and the configuration without it (None where it is not at one place).

    A Loki that is asked for a tenant takes no line without one: there the client's is that.
    """
    config, ran = path.config, path.ran
    if own := ran.shipped[0].labels.get(TENANT_LABEL, ""):
        stage = next((e.stage for e in ran.effects if e.stage.endswith(" tenant")), "")
        return own, config.without_stage(path.taken.job, stage) if stage else None
    for number, client in enumerate(config.config.clients):
        if client.tenant:
            place = (*config.client_place(number), "tenant_id")
            if read:
                return client.tenant, config.with_text(place, client.tenant, read)
            return client.tenant, config.without_text(place, client.tenant)
    return "", None


CAUSE = on_run("shipper.wrong-tenant", "shipper", find)
