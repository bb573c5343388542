"""shipper.multiline-swallows: a `multiline` stage joins lines that are events of their own.

Its `firstline` matches some lines only, so the others hang on the block before them: nothing is lost, but a panel that
counts lines counts blocks, and a parser reads the first line of each. Proved on the very lines: the pipeline makes
fewer entries of them, Loki has entries with several of the run's tags, and without the stage every line is an entry.
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.stored_lines import ShippedPath, arrived_paths, stored_lines
from obs_check.model.event import find_tags
from obs_check.model.finding import Finding
from obs_check.model.wording import count_noun


def find(context: Context) -> Finding | None:
    """The paths of which Loki has fewer entries than the file has lines."""
    return join_findings(_on(context, path) for path in arrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    stage = next((e.stage for e in path.ran.effects if e.outcome == "held" and e.stage.endswith("multiline")), "")
    if not stage or len(path.ran.shipped) >= len(path.lines):
        return None
    have, probe = stored_lines(context, path, 100)
    joined = sum(len(find_tags(line, context.followed_run.id)) > 1 for _, line in have)
    if not joined:
        return None
    job = path.taken.job
    after = path.config.without_stage(job, stage)
    fixed = path.again(after)
    return CAUSE.finding(
        claim=f"stage `{stage}` of job {job.name} joins lines: Loki has {count_noun(len(have), 'entry')}, "
        f"{joined} of them with "
        f"several events, of {count_noun(len(path.one.found), 'line')} in the file"
        + (
            f"; without the stage {len(fixed.shipped)} of {len(path.lines)} lines are entries of their own"
            if fixed
            else ""
        ),
        evidence=path.evidence((*path.one.probes, probe, path.simulated), "simulate it without the stage", fixed),
        fix=path.config.fix(f"take stage `{stage}` out of job {job.name}, or let it begin at every line", after),
        panels=context.panels_of(path.one.path),
    )


CAUSE = on_run("shipper.multiline-swallows", "shipper", find, asked="arrival")
