"""ingest.discarded: Loki took the push and threw lines of it away: too long, too many labels, too old, blocked.

Proved by Loki's own counter `loki_discarded_samples_total` over the run where Loki can be asked directly (`loki.url`),
else by the words that it gave the shipper; and by the very line as the pipeline pushes it, which breaks the limit. A
blocked tenant is answered with 260, which a shipper takes for success: only the status tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from obs_check.documents.yaml_edit import remove_node
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.discard_reasons import (
    BLOCKED_STATUS,
    BY_LINE,
    RATES,
    Discard,
    discard_named,
    discard_of,
    limit_broken,
)
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.refusals import PushedPath, panels_fed, probes, pushed_paths
from obs_check.evidence.shipper_rules import Rules, simulation_probe
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from obs_check.model.wording import count_noun
from obs_check.shipper.simulate import Shipped


def find(context: Context) -> Finding | None:
    """Every reason for which Loki does not have lines that were pushed."""
    all_pushed = pushed_paths(context)
    if not all_pushed:
        return None
    counted, more = _counted(context)
    by_reason: dict[str, list[Why]] = {}
    for one in all_pushed:
        if (why := _reason(one, counted)) is not None:
            by_reason.setdefault(why.discard.reason, []).append(why)
    return join_findings(_because(context, known, counted, more) for known in by_reason.values())


def _counted(context: Context) -> tuple[Mapping[str, int], tuple[Probe, ...]]:
    """Lines that Loki discarded since before the run, by reason; none where it cannot be asked."""
    if context.loki_server.direct is None or context.run is None:
        return {}, ()
    total, probe = context.loki_server.direct.discarded()
    since = Window(context.run.window.start_ns, probe.at_ns)
    counted = {reason: count - context.loki_server.discarded_before.get(reason, 0) for reason, count in total.items()}
    return counted, (replace(probe, window=since),)


def _because(context: Context, known: list["Why"], counted: Mapping[str, int], more: tuple[Probe, ...]) -> Finding:
    first, these = known[0], [why.one for why in known]
    reason = first.discard.reason
    how = limit_broken(first.discard, first.said, first.one.entries[0])
    count = f"; it counted {counted[reason]} of them" if counted.get(reason) else ""
    fix, probe = _fix(context, first)
    return CAUSE.finding(
        claim=f"Loki discards {sum(len(p.one.lost_lines) for p in these)} lines of the run ({reason}){count}: "
        f"{how or first.words}",
        evidence=Observation(probes(these, *more, *probe)),
        fix=fix,
        panels=panels_fed(context, these),
    )


@dataclass(frozen=True, slots=True)
class Why:
    """Why Loki does not have the lines of a path: the reason, and what its words say."""

    one: PushedPath
    discard: Discard
    said: dict[str, str]
    words: str


def _reason(one: PushedPath, counted: Mapping[str, int]) -> Why | None:
    """The reason of a path's loss with Loki's words: what the shipper was told, else what Loki counted."""
    others = set()
    for refusal in one.words:
        found = discard_of(refusal.words)
        if found and found[0].reason not in RATES and refusal.status != 429:
            if _fits(found, one.entries[0]):
                return Why(one, *found, refusal.words)
            others.add(found[0].reason)
    blocked = discard_named("blocked_ingestion")
    if blocked and one.requests.get(BLOCKED_STATUS):
        return Why(one, blocked, {}, f"{one.requests[BLOCKED_STATUS]} pushes were answered with {BLOCKED_STATUS}")
    for reason, count in counted.items():
        discard = discard_named(reason)
        if count and discard and reason not in RATES and reason not in others:
            return Why(one, discard, {}, f"counted in `loki_discarded_samples_total` {count_noun(count, 'time')}")
    return None


def _fits(found: tuple[Discard, dict[str, str]], entry: Shipped) -> bool:
    """Whether the words can be about the line: where that can be told, it has to break the limit."""
    return found[0].reason not in BY_LINE or bool(limit_broken(*found, entry))


def _fix(context: Context, why: Why) -> tuple[Fix, tuple[Probe, ...]]:
    """A changed configuration where the shipper can keep the limit, run on the lost lines."""
    one, remedy = why.one, why.discard.remedy
    changes = _changes(context, why)
    after = one.config.edited(*changes) if changes else None
    if after is None:
        return Fix(remedy), ()
    now, lines = context.now_ns(), one.one.lost_lines
    ran = after.run(one.one.file, lines, now)
    if ran is None or not ran.shipped or limit_broken(why.discard, why.said, ran.shipped[0]):
        return Fix(remedy), ()
    probe = simulation_probe("simulate the fixed configuration on the lost lines", ran, len(lines), now)
    return one.config.fix(remedy, after), (probe,)


def _changes(context: Context, why: Why) -> list[Callable[[str], str]]:
    config = why.one.config
    taken = config.takes(why.one.one.file)
    if taken is None:
        return []
    if why.discard.reason == "disallowed_structured_metadata":
        stages = [n for n, s in enumerate(taken.job.pipeline.stages) if s.kind == "structured_metadata"]
        return [_out(config, taken.job.name, ("pipeline_stages", n)) for n in reversed(stages)]
    if why.discard.reason != "max_label_names_per_series":
        return []
    # Labels that no query of the dashboard mentions go first, the last ones of the configuration before others.
    text = str(context.dashboard)
    spare = [n for n in taken.job.targets[0] if not n.startswith("__") and n not in text] if taken.job.targets else []
    many = len(why.one.entries[0].labels) - int(why.said["limit"])
    return [_out(config, taken.job.name, ("static_configs", 0, "labels", n)) for n in spare[::-1][:many]]


def _out(config: Rules, job: str, place: tuple[str | int, ...]) -> Callable[[str], str]:
    number = [j.name for j in config.config.jobs].index(job)
    return lambda text: remove_node(text, ("scrape_configs", number, *place))


CAUSE = on_run("ingest.discarded", "loki", find)
