"""shipper.timestamp-out-of-window: a timestamp stage reads a time that is not when things happened.

The lines are pushed, and stored (or refused) at a time that nobody looks at. Proved by running the pipeline on the very
lines: their time is hours from when the events were sent; Loki has the lines there, refused them in so many words, or
took them with a time at which it shows nothing before it has flushed it. The last stage that sets the time is to blame:
`cri` and `docker` set it first.
"""

from collections.abc import Callable, Iterable

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, join_findings, lines_taken
from obs_check.evidence.selectors import lines_of
from obs_check.evidence.shipper_rules import Rules
from obs_check.evidence.stored_lines import ShippedPath, unarrived_paths
from obs_check.model.finding import Finding
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from obs_check.model.wording import count_noun
from obs_check.shipper.simulate import Simulation, last_change, same_but_time

NEAR_NS = 60 * NS
"""An event and its line are this near (ns), clocks and batches included."""
UNSEEN_NS = 3 * 3600 * NS
"""Loki 3.5 shows older lines only once they are flushed: `querier.query_ingesters_within`, 3h unless set."""
REFUSED = ("timestamp too old", "timestamp too new", "too far behind")
"""What Loki 3.5 says of a time that it does not take."""


def find(context: Context) -> Finding | None:
    """The paths whose lost lines get a time far from their event's."""
    return join_findings(_on(context, path) for path in unarrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one, ran, now = path.one, path.ran, path.now_ns
    sent = {s.event.tag: s.event.sent_ns for s in context.followed_run.sent}
    first = next(sent[tag] for tag in one.lines if tag in one.lost)
    at = ran.shipped[0].ts if ran.shipped else None
    if at is None or abs(at - first) <= NEAR_NS:
        return None
    stage = last_change(ran, ran.shipped[0].number, "ts")
    there, probe = _stored(context, ran, at)
    words = _refused(one)
    taken_in = 0 if there or words or at > now - UNSEEN_NS else lines_taken(one)
    if not there and not words and not taken_in:
        return None
    after = _corrected(path, stage, lambda rules, unset: _good(ran, path.again(rules), first, unset))
    fixed = path.again(after)
    where = f"Loki has {there} of them there" if there else f"Loki refuses them: `{words}`"
    if taken_in:
        where = (
            f"Loki took all {count_noun(taken_in, 'line')} that the shipper read, and shows such old ones "
            "once they are flushed"
        )
    return CAUSE.finding(
        claim=f"stage `{stage}` of job {path.taken.job.name} gives the {len(path.lines)} lost lines a time "
        f"{_apart(at - first)} their events: {where}",
        evidence=path.evidence(
            (*one.probes, path.simulated, probe), "simulate the fixed configuration on the lost lines", fixed
        ),
        fix=path.config.fix(f"correct stage `{stage}` of job {path.taken.job.name}", after),
        panels=context.panels_of(one.path),
    )


def _stored(context: Context, ran: Simulation, at: int) -> tuple[int, Probe]:
    """How many lines of the run Loki has around the simulated time."""
    query = lines_of(context.followed_run, ran.shipped[0].labels)
    found, probe = context.loki.lines(query, Window(at - 5 * NEAR_NS, at + 5 * NEAR_NS), 100)
    return len(found), probe


def _refused(one: PathLines) -> str:
    words = [r.words for r in one.evidence.refusals] if one.evidence else []
    return next((w for w in words if any(text in w for text in REFUSED)), "")


def _good(before: Simulation, after: Simulation | None, first: int, unset: bool) -> bool:
    """Whether the lines come out with their own times, or with `unset` without any, and otherwise as they did: a stage
    may do more than set them. One that cannot read a time leaves it unset too, and is not a fix."""
    if after is None or not same_but_time(before, after):
        return False
    return all(unset if s.ts is None else abs(s.ts - first) <= NEAR_NS for s in after.shipped)


def _corrected(path: ShippedPath, stage: str, good: Callable[[Rules, bool], bool]) -> Rules | None:
    """The smallest change that gives the lines their own time: no zone, RFC 3339, else no such stage."""
    config, job = path.config, path.taken.job
    own = job.pipeline.at(stage)
    layout = str(getattr(own, "format", ""))
    place = (*config.stage_place(job, stage), "timestamp", "format")

    def candidates() -> Iterable[tuple[Rules | None, bool]]:
        if getattr(own, "location", None):
            yield config.without_attribute(job, stage, "location"), False
        yield config.with_text(place, layout, "RFC3339Nano"), False
        yield config.without_stage(job, stage), True

    return next((after for after, unset in candidates() if after is not None and good(after, unset)), None)


def _apart(ns: int) -> str:
    hours = abs(ns) / NS / 3600
    return f"{hours:.1f} h {'before' if ns < 0 else 'after'}"


CAUSE = on_run("shipper.timestamp-out-of-window", "shipper", find)
