"""truth.no-such-event: the panel is right: nothing that it counts happened in its window.

Proved by the funnel: the query's last filters are fine and the selector has lines, or, with an injected run, the same
query narrowed to the run reads exactly what was sent.
"""

from dataclasses import dataclass

from obs_check.causes.context import BrokenTarget, Context
from obs_check.causes.ladder import counting, narrowed
from obs_check.model.finding import Finding, Fix, Subject


@dataclass(frozen=True, slots=True)
class NoSuchEvent:
    """A zero that is true, shown by the positive control."""

    id: str = "truth.no-such-event"

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """The query as written finds the run's events in the run's own window although it reads zero in the panel's."""
        if context.run is None or broken.reading.rows > 0:
            return None
        query = narrowed(broken.query, f"obs={context.run.id}-")
        lines, probe = context.loki.count(counting(query, context.run.window), context.run.window)
        if lines <= 0:
            return None
        return Finding(
            cause=self.id,
            severity="info",
            hop="panel",
            subject=Subject(context.dashboard_uid, broken.panel.id, broken.target.ref_id),
            claim=f"the query works: it finds {lines:g} lines of this run in the run's window",
            probes=(broken.rungs[-1].probe, probe),
            fix=Fix("nothing to fix"),
            panels=(broken.panel.id,),
        )
