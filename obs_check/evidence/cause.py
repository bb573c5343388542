"""What a cause is: an id and a way to prove it. One cause a file; the registry is a tuple."""

from typing import Protocol

from obs_check.evidence.context import BrokenPanel, BrokenTarget, Context
from obs_check.model.finding import Finding


class ViewCause(Protocol):
    """A cause that sits in a panel around its queries: what it asks whom, and what it makes of the answer."""

    @property
    def id(self) -> str:
        """The id in the catalogue, `<area>.<name>`."""
        ...

    def prove(self, context: Context, broken: BrokenPanel) -> Finding | None:
        """A finding with the probes that prove it, or None when this is not the cause."""
        ...


class PanelCause(Protocol):
    """A cause that sits in a Loki query: proved on one broken target."""

    @property
    def id(self) -> str:
        """The id in the catalogue, `<area>.<name>`."""
        ...

    def prove(self, context: Context, broken: BrokenTarget) -> Finding | None:
        """A finding with the probes that prove it, or None when this is not the cause."""
        ...


class RunCause(Protocol):
    """A cause on the way to Loki: proved on what was seen of a run at the hops."""

    @property
    def id(self) -> str:
        """The id in the catalogue, `<area>.<name>`."""
        ...

    def prove(self, context: Context) -> Finding | None:
        """A finding with the probes that prove it, or None when this is not the cause."""
        ...
