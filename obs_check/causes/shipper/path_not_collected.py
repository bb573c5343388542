"""shipper.path-not-collected: no job of the shipper names the file's directory, or a relabel rule drops the target."""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.uncollected import uncollected_finding
from obs_check.model.finding import Finding


def find(context: Context) -> Finding | None:
    """Match every job's path against the files of the run, then simulate the configuration with the job added."""
    return uncollected_finding(context, CAUSE, near_only=False)


CAUSE = on_run("shipper.path-not-collected", "shipper", find, asked="collection")
