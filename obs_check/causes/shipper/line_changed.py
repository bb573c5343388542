"""shipper.line-changed: a stage of the shipper's pipeline makes another line of the one that is in the file.

The same tag is in the file and in Loki, and the two lines are laid side by side before a query is blamed. Where the
change takes the tag itself out, Loki is asked for the line as the pipeline pushes it. Proved by running the pipeline on
the very line without that stage: it comes out as it was written, and the panel's query answers it.
"""

from dataclasses import replace

from obs_check.evidence.cause import on_query, on_run
from obs_check.evidence.changed_lines import (
    ENCODING,
    Pushed,
    compare_lines,
    differing_parts,
    in_loki,
    pushed_lines,
    same_line,
)
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.lost_lines import PathLines, join_findings, losses, paths_to, shipper_answers
from obs_check.evidence.query_on_lines import measure_on_lines
from obs_check.evidence.shipper_rules import Rules
from obs_check.model.event import find_tags
from obs_check.model.finding import Evidence, Finding, Fix, Observation, Proof
from obs_check.model.probe import Probe
from obs_check.model.secret import shorten


def find_lost(context: Context) -> Finding | None:
    """The paths whose lines are in Loki without the tag, or without what tells whose line it is."""
    return join_findings(_lost(context, config, one) for config, one in losses(context))


def _lost(context: Context, config: Rules, one: PathLines) -> Finding | None:
    run, now = context.followed_run.id, context.now_ns()
    made = [p for p in pushed_lines(config, one, one.lost, now) if p.stages and not p.cut]
    hidden = [p for p in made if p.tag not in find_tags(p.entry.line, run) or not one.recognises(p.entry.line)]
    if len(hidden) < len(one.lost_lines) or not shipper_answers(one):
        return None
    first = hidden[0]
    there, probe = in_loki(context, first.entry.labels, first.entry.line)
    if not any(same_line(first.entry.line, line) for line in there):
        return None
    failing = context.panels.failing & set(context.panels_of(one.path))
    found = LOST.finding(
        claim=f"{_changes(first, config, one)}, where nobody finds {first.tag} any more"
        + ("; without that it comes out as it was written" if first.whole else ""),
        evidence=_evidence((*one.probes, probe, _both(first, now)), first, now),
        fix=config.fix(_remedy(first), first.after),
        panels=context.panels_of(one.path),
    )
    return found if failing else replace(found, severity="warning")


def find_arrived(context: Context, broken: BrokenTarget) -> Finding | None:
    """The lines of the panel's path in Loki that stages made, of which the panel's query answers more as they were, or
    with other values."""
    found = (_arrived(context, broken, one) for one in paths_to(context, broken.panel.id))
    return next((finding for finding in found if finding is not None), None)


def _arrived(context: Context, broken: BrokenTarget, one: PathLines) -> Finding | None:
    changed = [line for line in compare_lines(context, one) if not line.cut]
    if not changed:
        return None
    now = context.now_ns()
    first = changed[0]
    whole = [line.whole for line in changed]
    both = measure_on_lines(broken, [line.stored for line in changed], whole, now)
    if both.would <= both.alike:
        return None
    made = first.pushed if first.by_stages else None
    answered = both.in_words(f"{len(changed)} such lines", "as they were written")
    if made is None or first.config is None:
        there, here = differing_parts(first.written, first.line)
        return ARRIVED.finding(
            claim=f"the line of {first.tag} is `{there}` in {one.file} and `{here}` in Loki; {answered}",
            evidence=Observation((*one.probes, both.probe)),
            fix=Fix("leave the line as it is on its way: look for stages as `output`, `replace`, `template` or `pack`"),
            group=f"{one.path} unknown",
        )
    return ARRIVED.finding(
        claim=f"{_changes(made, first.config, one)}; {answered}",
        evidence=_evidence((*one.probes, _both(made, now), both.probe), made, now),
        fix=first.config.fix(_remedy(made), made.after),
        group=f"{one.path} {made.stages}",
    )


def _changes(made: Pushed, config: Rules, one: PathLines) -> str:
    """What makes which line of which."""
    taken = config.takes(one.file)
    job = taken.job.name if taken else ""
    written, made_of_it = differing_parts(made.written, made.entry.line)
    return f"{_stages(made)} of job {job} makes `{made_of_it}` of `{written}` in {one.file}"


def _stages(made: Pushed) -> str:
    return " and ".join(stage if stage == ENCODING else f"stage `{stage}`" for stage in reversed(made.stages))


def _remedy(made: Pushed) -> str:
    return f"take {_stages(made)} out, or make the queries fit the line that it makes"


def _both(made: Pushed, now_ns: int) -> Probe:
    lines = [shorten(made.written, 300, "..."), shorten(made.entry.line, 300, "...")]
    return Probe("shipper", f"the line of {made.tag} as it was written and as it is pushed", lines, now_ns)


def _evidence(seen: tuple[Probe, ...], made: Pushed, now_ns: int) -> Evidence:
    if made.whole is None:
        return Observation(seen)
    title = f"simulate the pipeline without {_stages(made)} on the line of {made.tag}"
    return Proof(seen, (Probe("shipper", title, shorten(made.whole.line, 300, "..."), now_ns),))


LOST = on_run("shipper.line-changed", "shipper", find_lost)
ARRIVED = on_query("shipper.line-changed", "shipper", find_arrived)
