"""shipper.taken-twice: two targets of the shipper take one file, so that each of its lines is in Loki twice.

The copies differ in a label or in the time of reading, else Loki would keep one of them; what counts lines counts each
twice. Proved by the tags: one line of each in the file, two in Loki, and by the configuration run on the very lines
with the file left out of all targets but one.
"""

from collections.abc import Sequence
from functools import partial

from obs_check.documents.yaml_edit import remove_node, with_value
from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.select_matching import accepts_value
from obs_check.evidence.selectors import matchers_of
from obs_check.evidence.shipper_rules import Rules
from obs_check.evidence.stored_lines import ShippedPath, arrived_paths
from obs_check.model.finding import Evidence, Finding, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.wording import count_noun
from obs_check.shipper.targets import RelabeledTarget


def find(context: Context) -> Finding | None:
    """The paths of which Loki has lines more than once that are once in the file."""
    return join_findings(_on(context, path) for path in arrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one = path.one
    by = path.config.about(one.file).by
    copies = [len(stored) for stored in one.at_loki.stored.values()]
    twice = sum(count > 1 for count in copies)
    if len(by) < 2 or not twice or sum(one.files.values()) > len(one.found):
        return None
    kept = _kept(context, one.path, by)
    after = _without(path.config, kept, [target for target in by if target is not kept])
    made = _pushed(path.config, path)
    fixed = _pushed(after, path) if after is not None else 0
    if not 0 < fixed < made:
        after = None
    now, lines = path.now_ns, len(path.lines)
    counts = Probe("loki", f"tags in {one.file}, and lines with them in Loki", [len(copies), sum(copies)], now)
    seen = (*one.probes, counts, Probe("shipper", f"simulate all targets on {count_noun(lines, 'line')}", made, now))
    names = " and ".join(dict.fromkeys(target.job.name for target in by))
    return CAUSE.finding(
        claim=f"{count_noun(len(by), 'target')} ({names}) take {one.file}: {twice} of "
        f"{count_noun(len(copies), 'line')} of the run are in Loki "
        f"more than once; of {count_noun(lines, 'line')} {made} entries are pushed"
        + (f", and {fixed} where only job {kept.job.name} takes it" if after else ""),
        evidence=_evidence(seen, after, kept, fixed, now),
        fix=path.config.fix(f"leave {kept.glob} to job {kept.job.name} alone", after),
        panels=context.panels_of(one.path),
    )


def _pushed(config: Rules, path: ShippedPath) -> int:
    """Entries that all targets together push of the lines."""
    return sum(len(ran.shipped) for ran in config.runs(path.one.file, path.lines, path.now_ns))


def _kept(context: Context, path: str, by: Sequence[RelabeledTarget]) -> RelabeledTarget:
    """The target whose lines most matchers of the path's panels select; the first one of several."""
    wanted = matchers_of(context.dashboard, context.panels_of(path))
    matchers = [matcher for of_panel in wanted.values() for matcher in of_panel]
    return max(by, key=lambda target: sum(accepts_value(m, target.labels.get(m.name, "")) for m in matchers))


def _without(config: Rules, kept: RelabeledTarget, others: Sequence[RelabeledTarget]) -> Rules | None:
    """The configuration whose other static targets leave out what the kept one takes; one with the same path goes. None
    where one of them leaves out something else already, or is none."""
    after: Rules | None = config
    for target in others:
        place = config.static_place("__path__", target.glob, target.job.name)
        if after is None or target.exclude or len(place) < 2:
            return None
        if target.glob != kept.glob:
            after = after.edited(partial(with_value, place=(*place[:-1], "__path_exclude__"), value=kept.glob))
        elif len(others) == 1:
            alone = len(target.job.targets) == 1
            after = after.edited(partial(remove_node, place=place[:2] if alone else place[:4]))
        else:
            return None
    return after


def _evidence(seen: tuple[Probe, ...], after: Rules | None, kept: RelabeledTarget, fixed: int, now_ns: int) -> Evidence:
    if after is None:
        return Observation(seen)
    return Proof(seen, (Probe("shipper", f"simulate it where only job {kept.job.name} takes the file", fixed, now_ns),))


CAUSE = on_run("shipper.taken-twice", "shipper", find)
