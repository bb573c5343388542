"""shipper.rate-limited: Loki answers pushes with 429, the shipper tries again and gives up at the end.

Proved by Loki's words (which limit, how large), by the counters of the shipper, and by the size of the very lines as
the pipeline pushes them. A batch larger than the burst is never taken, however long one waits.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.discard_reasons import RATES, Discard, discard_of
from obs_check.evidence.refusals import PushedPath, panels_fed, probes, pushed_paths
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.model.shipping import PushRefusal
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """Pushes of the run that were answered with 429."""
    limited = [(p, found) for p in pushed_paths(context) if (found := _limited(p)) is not None]
    if not limited:
        return None
    these = [p for p, _ in limited]
    discard, said, refusal = limited[0][1]
    size = sum(len(entry.line.encode()) for p in these for entry in p.entries)
    times = these[0].requests.get("429", 0)
    limit = f" of {said['limit']} a second" if said.get("limit") else ""
    probe = Probe("shipper", "bytes of the lost lines as they are pushed", size, context.now_ns())
    lines = sum(len(p.one.lost_lines) for p in these)
    return CAUSE.finding(
        claim=f"Loki answered {times or refusal.count} pushes with 429 ({discard.reason}): {lines} lost lines of "
        f"{count_noun(size, 'byte')} against `{discard.limit}`{limit}: {shorten(refusal.words, 200)}",
        evidence=Observation(probes(these, probe)),
        fix=Fix(discard.remedy),
        panels=panels_fed(context, these),
    )


def _limited(one: PushedPath) -> tuple[Discard, dict[str, str], PushRefusal] | None:
    for refusal in one.words:
        found = discard_of(refusal.words) if refusal.status == 429 else None
        if found is not None and found[0].reason in RATES:
            return found[0], found[1], refusal
    return None


CAUSE = on_run("shipper.rate-limited", "shipper", find)
