"""shipper.not-mounted: a job takes the file, and the pod that the shipper runs in does not have its directory.

promtail 3.5 says nothing of a pattern that finds no file: its target is not ready (`/targets`), and no counter names
the file. What its pod has of the node stands in the volumes of that pod (`kubectl get pods -o json`).
"""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.lost_lines import join_findings
from obs_check.evidence.stored_lines import ShippedPath, unarrived_paths
from obs_check.evidence.uncollected import REMEDY, not_mounted
from obs_check.model.finding import Finding, Fix, Observation
from obs_check.model.probe import Probe
from obs_check.shipper.glob import matches


def find(context: Context) -> Finding | None:
    """The paths whose file is in a directory that the shipper's pod does not have."""
    return join_findings(_on(context, path) for path in unarrived_paths(context))


def _on(context: Context, path: ShippedPath) -> Finding | None:
    one = path.one
    if one.evidence is None or one.lost != one.found or not path.ran.shipped:
        return None
    after = one.evidence.after
    state = after.file(one.file)
    found = [target for target in after.targets if target.glob and matches(target.glob, one.file)]
    if (state is not None and state.known) or after.unopened.get(one.file) or not found:
        return None
    lacks = (
        "" if any(target.ready is not False for target in found) else not_mounted(context, path.config.config, one.file)
    )
    if not lacks:
        return None
    return CAUSE.finding(
        claim=f"{len(one.found)} lines of the run are in {one.file} and 0 in Loki: job {path.taken.job.name} takes "
        f"that path (`{found[0].glob}`) and has found no file, for {lacks}",
        evidence=Observation(
            (
                *one.probes,
                Probe("shipper", "volumes of its pod: kubectl get pods -o json", lacks, path.now_ns),
                path.simulated,
            )
        ),
        fix=Fix(REMEDY),
        panels=context.panels_of(one.path),
    )


CAUSE = on_run("shipper.not-mounted", "shipper", find)
