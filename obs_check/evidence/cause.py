"""What a cause is: one record and one function. One cause a file; `causes/registry.py` has them in their order."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from obs_check.evidence.context import BrokenPanel, BrokenTarget, Context
from obs_check.model.finding import Evidence, Finding, Fix, Severity, Subject

Needs = Literal["run", "panel", "query"]
"""What a cause is proved on: what was seen of a run at the hops, a panel that reads wrong whatever it asks, or one log
query of such a panel."""
Asked = Literal["", "collection", "arrival", "standing", "last", "unanswered", "truth"]
"""When a cause is asked, beyond its turn. `collection`: proved by the shipper's configuration run on lines, so that
lines that would be will do. `arrival`: proved by the lines as that configuration lets them arrive. `standing`: proved
without rows of the panel or by another way to right ones, asked only behind a cause whose fix cannot be tried. `last`:
asked when nothing else explains a panel. `unanswered`: asked of a panel that nobody answered. `truth`: what the
positive control shows to be right, said behind what is wrong."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`id` is the one in the catalogue, `<area>.<name>`; `hop` is where it sits. `prove` takes the context, and the
    panel or the query that it needs; it answers a finding with its evidence, or None when this is not the cause."""

    id: str
    hop: str
    needs: Needs
    prove: Callable[..., Finding | None]
    asked: Asked = ""
    severity: Severity = "error"

    def find(self, context: Context, broken: BrokenPanel | BrokenTarget | None = None) -> Finding | None:
        """What the cause was found to do, about the panel or the query that it was asked about; None when this is not
        the cause. Raises what `prove` raises."""
        if broken is None:
            found = self.prove(context)
            return found and replace(found, subject=Subject(context.dashboard_uid))
        found = self.prove(context, broken)
        if found is None:
            return None
        query = broken.target.ref_id if isinstance(broken, BrokenTarget) else found.subject.target
        subject = Subject(context.dashboard_uid, broken.panel.id, query)
        return replace(found, subject=subject, panels=(broken.panel.id,))

    def finding(
        self,
        claim: str,
        evidence: Evidence,
        fix: Fix,
        panels: tuple[int, ...] = (),
        group: str = "",
        target: str | None = None,
    ) -> Finding:
        """What `prove` answers: `panels` are those that a cause on the way to Loki explains, `target` is the query of a
        panel. Findings of one cause and one `group` are the same mistake in several panels."""
        return Finding(
            self.id, self.severity, self.hop, Subject(target=target), claim, evidence, fix, panels, group=group
        )


def on_run(
    id: str,  # noqa: A002
    hop: str,
    prove: Callable[[Context], Finding | None],
    asked: Asked = "",
    severity: Severity = "error",
) -> Cause:
    """A cause on the way to Loki: proved on what was seen of a run at the hops."""
    return Cause(id, hop, "run", prove, asked, severity)


def on_panel(
    id: str,  # noqa: A002
    hop: str,
    prove: Callable[[Context, BrokenPanel], Finding | None],
    asked: Asked = "",
    severity: Severity = "error",
) -> Cause:
    """A cause that sits in a panel around its queries: what it asks whom, and what it makes of the answer."""
    return Cause(id, hop, "panel", prove, asked, severity)


def on_query(id: str, hop: str, prove: Callable[[Context, BrokenTarget], Finding | None]) -> Cause:  # noqa: A002
    """A cause that sits in a Loki query: proved on one broken target."""
    return Cause(id, hop, "query", prove)
