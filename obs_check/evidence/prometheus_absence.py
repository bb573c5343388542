"""Which selector of a panel's Prometheus queries has no series, and what Prometheus says of it otherwise."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.evidence.cause import Cause
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.promql import VectorSelector, selectors
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.window import NS
from obs_check.panel.elements import Target
from obs_check.standin.prometheus.store import LabelMatcher

BACK_S = 7 * 86_400
"""How far back a series is looked for (s)."""
_STEPS = 700
"""Points of a look back, below Prometheus's limit of 11000."""
_SHORT_S = 900


@dataclass(frozen=True, slots=True)
class Absence:
    """A selector without a series at the end of the panel's range. `earlier` are the labels of series of its metric in
    the days before, `others` whether the metric has series now that the matchers leave out."""

    target: Target
    uid: str
    selector: VectorSelector
    at_s: float
    others: bool
    earlier: tuple[Mapping[str, str], ...]
    probes: tuple[Probe, ...]

    def finding(self, broken: BrokenPanel, cause: Cause, claim: str, more: Sequence[Probe], fix: Fix) -> Finding:
        """A finding about this selector whose fix nobody can try here."""
        return cause.finding(
            target=self.target.ref_id,
            claim=claim,
            evidence=Observation((*broken.probes, *self.probes, *more)),
            fix=fix,
        )


def absent_selectors(context: Context, broken: BrokenPanel) -> Iterator[Absence]:
    """Each selector without a series. Raises what asking Grafana raises."""
    # The end of the range may lie ahead of the clock.
    at_s = min(broken.range.end_ns, context.now_ns()) / NS
    for query in broken.request.queries:
        for sent in query.body["queries"]:
            target = next((t for t in broken.panel.targets if t.ref_id == sent["refId"]), None)
            source = sent.get("datasource") or {}
            if target is None or "prometheus" not in str(source.get("type")):
                continue
            for selector in selectors(str(sent.get("expr") or "")):
                found = _absence(context, target, str(source["uid"]), selector, at_s)
                if found is not None:
                    yield found


def metric_names(context: Context, absence: Absence) -> tuple[list[str], Probe]:
    """Every metric's name in the days before."""
    span = {"start": f"{absence.at_s - BACK_S:.3f}", "end": f"{absence.at_s:.3f}"}
    names, probe = context.grafana.prometheus(absence.uid, "label/__name__/values", tuple(span.items()))
    return [str(name) for name in names], probe


def last_seen_s(context: Context, absence: Absence) -> tuple[float | None, tuple[Probe, ...]]:
    """When the metric last had a series (s since the epoch): looked for in the last 15 minutes, then in days."""
    probes = []
    for back in (_SHORT_S, BACK_S):
        step = max(1, math.ceil(back / _STEPS))
        params = {
            "query": f"count({absence.selector.metric})",
            "start": f"{absence.at_s - back:.3f}",
            "end": f"{absence.at_s:.3f}",
            "step": str(step),
        }
        data, probe = context.grafana.prometheus(absence.uid, "query_range", tuple(params.items()))
        probes.append(probe)
        times = [float(at) for series in data.get("result") or () for at, _ in series.get("values") or ()]
        if times:
            return max(times), tuple(probes)
    return None, tuple(probes)


def targets(context: Context, absence: Absence) -> tuple[list[Mapping[str, Any]], Probe]:
    """The scrape targets: {"labels", "health", "lastError", "scrapeUrl"}."""
    data, probe = context.grafana.prometheus(absence.uid, "targets", (("state", "active"),))
    return list(data.get("activeTargets") or ()), probe


def scraped(context: Context, absence: Absence, series: Mapping[str, str]) -> tuple[bool, Probe]:
    """Whether the last scrape of a series' target before the end of the panel's range succeeded. Prometheus: a scrape
    that fails ends all series of its target, and sets `up` to 0."""
    matchers = tuple(LabelMatcher(name, "=", series[name]) for name in ("job", "instance") if name in series)
    query = VectorSelector("up", matchers).text
    values, probe = _values_at(context, absence.uid, query, absence.at_s)
    return 1 in values, probe


def count(context: Context, absence: Absence, selector: VectorSelector) -> tuple[float, Probe]:
    """How many series a selector has at the end of the panel's range."""
    return _count(context, absence.uid, selector, absence.at_s)


def without_matcher(selector: VectorSelector, matcher: LabelMatcher) -> VectorSelector:
    """The selector without one matcher."""
    return VectorSelector(selector.metric, tuple(m for m in selector.matchers if m != matcher))


def _absence(context: Context, target: Target, uid: str, selector: VectorSelector, at_s: float) -> Absence | None:
    number, counted = _count(context, uid, selector, at_s)
    if number:
        return None
    others, probes = 0.0, [counted]
    if selector.matchers:
        others, bare = _count(context, uid, VectorSelector(selector.metric), at_s)
        probes.append(bare)
    earlier: tuple[Mapping[str, str], ...] = ()
    if not others:
        span = {"match[]": selector.metric, "start": f"{at_s - BACK_S:.3f}", "end": f"{at_s:.3f}"}
        series, probe = context.grafana.prometheus(uid, "series", tuple(span.items()))
        earlier = tuple(series)
        probes.append(probe)
    return Absence(target, uid, selector, at_s, bool(others), earlier, tuple(probes))


def _count(context: Context, uid: str, selector: VectorSelector, at_s: float) -> tuple[float, Probe]:
    values, probe = _values_at(context, uid, f"count({selector.text})", at_s)
    return sum(values), probe


def _values_at(context: Context, uid: str, query: str, at_s: float) -> tuple[list[float], Probe]:
    """The values of an instant query."""
    params = {"query": query, "time": f"{at_s:.3f}"}
    data, probe = context.grafana.prometheus(uid, "query", tuple(params.items()))
    return [float(one["value"][1]) for one in data.get("result") or ()], probe
