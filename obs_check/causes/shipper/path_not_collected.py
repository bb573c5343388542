"""shipper.path-not-collected: no job of the shipper names the file's directory, or a relabel rule drops the target."""

from dataclasses import dataclass

from obs_check.evidence.context import Context
from obs_check.evidence.uncollected import uncollected
from obs_check.model.finding import Finding


@dataclass(frozen=True, slots=True)
class PathNotCollected:
    """Lines are in the file, not in Loki, and no job comes near the file."""

    id: str = "shipper.path-not-collected"

    def prove(self, context: Context) -> Finding | None:
        """Match every job's path against the files of the run, then simulate the configuration with the job added."""
        return uncollected(context, self.id, near_only=False)
