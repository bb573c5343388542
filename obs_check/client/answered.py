"""What the clients of systems share: what every call returns, and the connection that it is made over."""

from typing import Generic, NamedTuple, TypeVar

from obs_check.client.http import Http
from obs_check.model.clock_offset import ClockOffset
from obs_check.model.probe import Probe

T = TypeVar("T", covariant=True)


class Answered(NamedTuple, Generic[T]):
    """`value` is the answer as a type of ours, `probe` the question with the answer as it can be shown."""

    value: T
    probe: Probe


class SystemClient:
    """A client of one system over HTTP."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @property
    def sent(self) -> int:
        """Requests so far."""
        return self._http.sent

    @property
    def offset(self) -> ClockOffset | None:
        """Its clock, or that of what stands in front of it, against ours; None before it answered."""
        return self._http.offset

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
