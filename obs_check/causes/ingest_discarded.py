"""ingest.discarded: Loki took the push and threw lines of it away: too long, too many labels, too old, blocked.

Proved by Loki's own counter `loki_discarded_samples_total` over the run where Loki can be asked directly (`loki.url`),
else by the words that it gave the shipper; and by the very line as the pipeline pushes it, which breaks the limit. A
blocked tenant is answered with 260, which a shipper takes for success: only the status tells.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from obs_check.causes.context import Context
from obs_check.causes.discard_reasons import BLOCKED_STATUS, RATES, Discard, breaks, discard_of, named
from obs_check.causes.refusals import Pushed, panels, probes, pushed
from obs_check.causes.shipper_rules import Rules, told
from obs_check.model.finding import Finding, Fix, Subject
from obs_check.model.probe import Probe
from obs_check.shipper.simulate import Shipped
from obs_check.shipper.yamledit import without


@dataclass(frozen=True, slots=True)
class Discarded:
    """Lines that Loki discarded for a reason that it counts."""

    id: str = "ingest.discarded"

    def prove(self, context: Context) -> Finding | None:
        """The reason of the first path whose pushed lines Loki does not have."""
        all_pushed = pushed(context)
        if not all_pushed:
            return None
        counted, asked = context.loki_discarded() if context.loki_discarded else ({}, None)
        known = [(p, found) for p in all_pushed if (found := _reason(p, counted))]
        if not known:
            return None
        first, (discard, said, words) = known[0]
        these = [p for p, (other, _, _) in known if other.reason == discard.reason]
        how = breaks(discard, said, first.entries[0])
        count = f"; it counted {counted[discard.reason]} of them" if counted.get(discard.reason) else ""
        fix, probe = _fix(context, first, discard, said)
        lines = sum(len(p.one.lost_lines) for p in these)
        return Finding(
            cause=self.id,
            severity="error",
            hop="loki",
            subject=Subject(context.dashboard_uid),
            claim=f"Loki discards {lines} lines of the run ({discard.reason}){count}: {how or words}",
            probes=probes(these, *([asked] if asked else []), *probe),
            fix=fix,
            panels=panels(context, these),
        )


def _reason(one: Pushed, counted: Mapping[str, int]) -> tuple[Discard, dict[str, str], str] | None:
    """The reason of a path's loss with Loki's words: what the shipper was told, else what Loki counted."""
    for refusal in one.words:
        found = discard_of(refusal.words)
        if found and found[0].reason not in RATES and refusal.status != 429 and _fits(found, one.entries[0]):
            return found[0], found[1], refusal.words
    blocked = named("blocked_ingestion")
    if blocked and one.requests.get(BLOCKED_STATUS):
        return blocked, {}, f"{one.requests[BLOCKED_STATUS]} pushes were answered with {BLOCKED_STATUS}"
    for reason, count in counted.items():
        discard = named(reason)
        if count and discard and reason not in RATES:
            return discard, {}, f"counted in `loki_discarded_samples_total` {count} times"
    return None


def _fits(found: tuple[Discard, dict[str, str]], entry: Shipped) -> bool:
    """Whether the words can be about the line: where that can be told, it has to break the limit."""
    told_by_line = ("line_too_long", "max_label_names_per_series", "label_value_too_long", "label_name_too_long")
    return found[0].reason not in told_by_line or bool(breaks(*found, entry))


def _fix(context: Context, one: Pushed, discard: Discard, said: dict[str, str]) -> tuple[Fix, tuple[Probe, ...]]:
    """A changed configuration where the shipper can keep the limit, run on the lost lines."""
    changes = _changes(context, one, discard, said)
    after = one.config.edited(*changes) if changes else None
    if after is None:
        return Fix(discard.remedy), ()
    now, lines = context.now_ns(), one.one.lost_lines
    ran = after.run(one.one.file, lines, now)
    if ran is None or not ran.shipped or breaks(discard, said, ran.shipped[0]):
        return Fix(discard.remedy), ()
    probe = told("simulate the fixed configuration on the lost lines", ran, len(lines), now)
    return one.config.fix(discard.remedy, after), (probe,)


def _changes(context: Context, one: Pushed, discard: Discard, said: dict[str, str]) -> list[Callable[[str], str]]:
    taken = one.config.takes(one.one.file)
    if taken is None:
        return []
    if discard.reason == "disallowed_structured_metadata":
        stages = [n for n, s in enumerate(taken.job.pipeline.stages) if s.kind == "structured_metadata"]
        return [_out(one.config, taken.job.name, ("pipeline_stages", n)) for n in reversed(stages)]
    if discard.reason != "max_label_names_per_series":
        return []
    # Labels that no query of the dashboard mentions go first, the last ones of the configuration before others.
    text = str(context.dashboard)
    spare = [n for n in taken.job.targets[0] if not n.startswith("__") and n not in text] if taken.job.targets else []
    many = len(one.entries[0].labels) - int(said["limit"])
    names = spare[::-1][:many]
    return [_out(one.config, taken.job.name, ("static_configs", 0, "labels", n)) for n in names]


def _out(config: Rules, job: str, place: tuple[str | int, ...]) -> Callable[[str], str]:
    number = [j.name for j in config.config.jobs].index(job)
    return lambda text: without(text, ("scrape_configs", number, *place))
