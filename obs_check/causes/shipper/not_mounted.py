"""shipper.not-mounted: a job takes the file, and the pod that the shipper runs in does not have its directory.

promtail 3.5 says nothing of a pattern that finds no file: its target is not ready (`/targets`), and no counter names
the file. What its pod has of the node stands in the volumes of that pod (`kubectl get pods -o json`).
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import PathLines, join_findings, losses, shipper_answers
from obs_check.evidence.shipper_rules import Rules, simulation_probe
from obs_check.evidence.uncollected import REMEDY, not_mounted
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.shipper.glob import matches


def find(context: Context) -> Finding | None:
    """The paths whose file is in a directory that the shipper's pod does not have."""
    return join_findings(_on(context, config, one) for config, one in losses(context))


def _on(context: Context, config: Rules, one: PathLines) -> Finding | None:
    taken = config.takes(one.file)
    if taken is None or one.evidence is None or one.lost != one.found or not shipper_answers(one):
        return None
    after = one.evidence.after
    state = after.file(one.file)
    found = [target for target in after.targets if target.glob and matches(target.glob, one.file)]
    if (state is not None and state.known) or after.unopened.get(one.file) or not found:
        return None
    lacks = "" if any(target.ready is not False for target in found) else not_mounted(context, config.config, one.file)
    if not lacks:
        return None
    now, lines = context.now_ns(), one.lost_lines
    ran = config.run(one.file, lines, now)
    if ran is None or not ran.shipped:
        return None
    return CAUSE.finding(
        claim=f"{len(one.found)} lines of the run are in {one.file} and 0 in Loki: job {taken.job.name} takes that "
        f"path (`{found[0].glob}`) and has found no file, for {lacks}",
        evidence=Observation(
            (
                *one.probes,
                Probe("shipper", "volumes of its pod: kubectl get pods -o json", lacks, now),
                simulation_probe("simulate the pipeline on the lost lines", ran, len(lines), now),
            )
        ),
        fix=Fix(REMEDY),
        panels=context.panels_of(one.path),
    )


CAUSE = on_run("shipper.not-mounted", "shipper", find)
