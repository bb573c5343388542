"""ingest.loki-down: Loki itself does not answer. An outage, so never a finding: the verdict is unknown.

What can be said with certainty is who else does not reach it: the shipper, whose pushes have no answer, and Grafana,
whose health check of the datasource fails. Both are told with the outage, because they tell a Loki that is down from a
wrong address in one of the three.
"""

from obs_check.errors import NotAllowed, Unavailable
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.model.failure import Failure, failure, remedy_of
from obs_check.model.finding import Finding


def find(context: Context) -> Finding | None:
    """Ask the shipper's counters and Grafana's health check when the hop `loki` could not be asked."""
    silent = [hop for hop in context.hops if hop.hop == "loki" and hop.unknown]
    if not silent:
        return None
    if silent[0].denied:
        raise NotAllowed(f"Loki answers, but does not let us in ({silent[0].unknown})", remedy_of(silent[0].unknown))
    witnesses = [text for text in (_shipper(context), _grafana(context)) if text]
    said = "; ".join(witnesses) or "nobody else was asked"
    what, remedy = "Loki does not answer", "start Loki, or correct its address"
    if silent[0].refused:
        what, remedy = "the question for the run's lines is refused", "see what refuses it, and correct that"
    raise Unavailable(f"{what} ({silent[0].unknown}); {said}", f"{remedy}: nothing is claimed until it answers")


def _shipper(context: Context) -> str:
    """What the shipper's pushes were answered."""
    for path in ("A", "B"):
        hop = context.hop(path, "shipper")
        evidence = hop.shipping if hop else None
        refusals = evidence.refusals if evidence else []
        failed = [r for r in refusals if r.words and failure(_answered(r.status), r.words) is Failure.OUTAGE]
        if failed:
            return f"the shipper's pushes have no answer either: {failed[-1].words}"
        account = evidence.account if evidence else None
        if account and any(status.startswith("2") for status in account.requests):
            return "the shipper's pushes are answered, so look at the datasource's address"
    return ""


def _answered(status: int | None) -> int | None:
    """The status of a push; promtail and Alloy write -1 for one without an answer."""
    return status if status is not None and status > 0 else None


def _grafana(context: Context) -> str:
    """What Grafana's health check of the datasource says."""
    try:
        health, _ = context.grafana.datasource_health(context.loki_server.uid)
    except (Unavailable, NotAllowed) as error:
        return f"Grafana could not be asked: {error.message}"
    if health.get("status") == "OK":
        return "Grafana's health check of the datasource is good"
    return f"Grafana's health check of the datasource says {health.get('message') or health.get('status')}"


CAUSE = on_run("ingest.loki-down", "loki", find)
