"""shipper.glob-mismatch: a job names the directory of the file with a pattern that does not fit the file's name."""

from obs_check.evidence.cause import on_run
from obs_check.evidence.context import Context
from obs_check.evidence.uncollected import uncollected_finding
from obs_check.model.finding import Finding


def find(context: Context) -> Finding | None:
    """Name the segment that does not fit, then simulate the configuration with the pattern corrected."""
    return uncollected_finding(context, CAUSE, near_only=True)


CAUSE = on_run("shipper.glob-mismatch", "shipper", find, asked="collection")
