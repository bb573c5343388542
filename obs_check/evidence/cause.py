"""What a cause is: one record and one function. One cause a file; `causes/registry.py` has them in their order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from obs_check.evidence.context import BrokenPanel, BrokenTarget, Context
from obs_check.model.finding import Evidence, Finding, Fix, Severity, Subject

Needs = Literal["run", "panel", "query"]
"""What a cause is proved on: what was seen of a run at the hops, a panel that reads wrong whatever it asks, or one log
query of such a panel."""
Asked = Literal["", "collection", "arrival", "standing", "last", "unanswered", "truth"]
"""When a cause is asked, beyond its turn. `collection`: proved by the shipper's configuration run on lines, so that
lines that would be will do. `arrival`: proved by the lines as that configuration lets them arrive. `standing`: proved
without rows of the panel, asked only behind a cause whose fix cannot be tried. `last`: asked when nothing else explains
a panel. `unanswered`: asked of a panel that nobody answered. `truth`: what the positive control shows to be right, said
behind what is wrong."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`id` is the one in the catalogue, `<area>.<name>`; `hop` is where it sits. `find` takes the context, and the
    panel or the query that it needs; it answers a finding with its evidence, or None when this is not the cause."""

    id: str
    hop: str
    needs: Needs
    find: Callable[..., Finding | None]
    asked: Asked = ""
    severity: Severity = "error"

    def finding(
        self,
        subject: Subject,
        claim: str,
        evidence: Evidence,
        fix: Fix,
        panels: tuple[int, ...] = (),
        group: str = "",
    ) -> Finding:
        """What the cause was found to do."""
        return Finding(self.id, self.severity, self.hop, subject, claim, evidence, fix, panels, group=group)


def on_run(
    id: str,  # noqa: A002
    hop: str,
    find: Callable[[Context], Finding | None],
    asked: Asked = "",
    severity: Severity = "error",
) -> Cause:
    """A cause on the way to Loki: proved on what was seen of a run at the hops."""
    return Cause(id, hop, "run", find, asked, severity)


def on_panel(
    id: str,  # noqa: A002
    hop: str,
    find: Callable[[Context, BrokenPanel], Finding | None],
    asked: Asked = "",
    severity: Severity = "error",
) -> Cause:
    """A cause that sits in a panel around its queries: what it asks whom, and what it makes of the answer."""
    return Cause(id, hop, "panel", find, asked, severity)


def on_query(
    id: str,  # noqa: A002
    hop: str,
    find: Callable[[Context, BrokenTarget], Finding | None],
    asked: Asked = "",
    severity: Severity = "error",
) -> Cause:
    """A cause that sits in a Loki query: proved on one broken target."""
    return Cause(id, hop, "query", find, asked, severity)
