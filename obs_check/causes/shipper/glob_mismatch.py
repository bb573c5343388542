"""shipper.glob-mismatch: a job names the directory of the file with a pattern that does not fit the file's name."""

from dataclasses import dataclass

from obs_check.evidence.context import Context
from obs_check.evidence.uncollected import uncollected
from obs_check.model.finding import Finding


@dataclass(frozen=True, slots=True)
class GlobMismatch:
    """Lines are in the file, not in Loki, and the nearest pattern takes other names."""

    id: str = "shipper.glob-mismatch"

    def prove(self, context: Context) -> Finding | None:
        """Name the segment that does not fit, then simulate the configuration with the pattern corrected."""
        return uncollected(context, self.id, near_only=True)
