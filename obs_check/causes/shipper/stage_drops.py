"""shipper.stage-drops: a stage of the shipper's pipeline drops the lines on purpose.

Proved by running the configured pipeline on the very lines: it drops them, and without the stage it pushes them.
promtail 3.5 counts them in `logentry_dropped_lines_total`, not among the entries that a client gave up.
"""

from collections import Counter

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, answers, losses, together
from obs_check.evidence.shipper_rules import Rules, Taken, proved, told
from obs_check.model.finding import Finding, Subject
from obs_check.shipper.simulate import keeps


def find(context: Context) -> Finding | None:
    """The paths whose lost lines a stage drops."""
    return together(_on(context, config, one) for config, one in losses(context))


def _on(context: Context, config: Rules, one: PathLines) -> Finding | None:
    now, lines = context.now_ns(), one.lost_lines
    taken, ran = config.takes(one.file), config.run(one.file, lines, now)
    if taken is None or ran is None or not answers(one):
        return None
    dropped = Counter((e.stage, e.reason) for e in ran.effects if e.outcome == "dropped")
    if not dropped:
        return None
    (stage, reason), count = dropped.most_common(1)[0]
    account = one.evidence.account if one.evidence else None
    if account is not None and reason and reason not in account.stage_drops:
        return None
    after = _without(config, taken, stage)
    fixed = after.run(one.file, lines, now) if after else None
    if fixed is not None and len(fixed.shipped) <= len(ran.shipped):
        return None
    if fixed is not None and not keeps(ran, fixed):
        # The stage does more than drop: without it other lines would not be what they are.
        after = fixed = None
    counted = f"; it counted {account.stage_drops[reason]} dropped lines ({reason})" if account and reason else ""
    return CAUSE.finding(
        subject=Subject(context.dashboard_uid),
        claim=f"stage `{stage}` of job {taken.job.name} drops {count} of {len(lines)} lines that are in the file "
        f"and not in Loki{counted}" + (f"; without it {len(fixed.shipped)} are pushed" if fixed else ""),
        evidence=proved(
            (*one.probes, told("simulate the pipeline on the lost lines", ran, len(lines), now)),
            "simulate it without the stage",
            fixed,
            len(lines),
            now,
        ),
        fix=config.fix(f"take stage `{stage}` out of job {taken.job.name}", after),
        panels=context.panels_of(one.path),
    )


def _without(config: Rules, taken: Taken, stage: str) -> Rules | None:
    """The configuration that does not drop them there; a `json` stage goes on to extract."""
    if stage.endswith(" json"):
        return config.without_attribute(taken.job, stage, "drop_malformed")
    return config.without_stage(taken.job, stage)


CAUSE = on_run("shipper.stage-drops", "shipper", find, asked="collection")
