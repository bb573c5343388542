"""shipper.rate-limited: Loki answers pushes with 429, the shipper tries again and gives up at the end.

Proved by Loki's words (which limit, how large), by the counters of the shipper, and by the size of the very lines as
the pipeline pushes them. A batch larger than the burst is never taken, however long one waits. Alloy 1.11 writes the
words of a push that it tries again at level debug only: without them it is this cause where every push of the run was
answered with 429, and which limit it is stays open.
"""

from dataclasses import dataclass

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.discard_reasons import RATES, discard_named, discard_of
from obs_check.evidence.refusals import PushedPath, panels_fed, probes, pushed_paths
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun

_TOO_MANY = "429"


def find(context: Context) -> Finding | None:
    """Pushes of the run that were answered with 429."""
    limited = [(p, found) for p in pushed_paths(context) if (found := _limited(p)) is not None]
    if not limited:
        return None
    these = [p for p, _ in limited]
    told = limited[0][1]
    size = sum(len(entry.line.encode()) for p in these for entry in p.entries)
    probe = Probe("shipper", "bytes of the lost lines as they are pushed", size, context.now_ns())
    lines = sum(len(p.one.lost_lines) for p in these)
    return CAUSE.finding(
        claim=f"Loki answered {told.pushes} pushes with 429{told.reason}: {lines} lost lines of "
        f"{count_noun(size, 'byte')} {told.against}",
        evidence=Observation(probes(these, probe)),
        fix=Fix(told.remedy),
        panels=panels_fed(context, these),
    )


@dataclass(frozen=True, slots=True)
class _Limited:
    """Pushes that were answered with 429: how many, the reason in brackets, what stands against the lines, the fix."""

    pushes: int
    reason: str
    against: str
    remedy: str


def _limited(one: PushedPath) -> _Limited | None:
    times = one.requests.get(_TOO_MANY, 0)
    for refusal in one.words:
        found = discard_of(refusal.words) if str(refusal.status) == _TOO_MANY else None
        if found is not None and found[0].reason in RATES:
            discard, said = found
            limit = f" of {said['limit']} a second" if said.get("limit") else ""
            against = f"against `{discard.limit}`{limit}: {shorten(refusal.words, 200)}"
            return _Limited(times or refusal.count or 0, f" ({discard.reason})", against, discard.remedy)
    if one.words or {status for status, count in one.requests.items() if count} != {_TOO_MANY}:
        return None
    limits = " or ".join(f"`{rate.limit}`" for rate in map(discard_named, RATES) if rate)
    against = "are tried again, and the shipper's log does not say against which limit"
    return _Limited(times, "", against, f"raise {limits}, whichever `loki_discarded_samples_total` names, or send less")


CAUSE = on_run("shipper.rate-limited", "shipper", find)
