"""A span of time."""

from dataclasses import dataclass

NS = 1_000_000_000
"""Nanoseconds a second."""
MS = 1_000_000
"""Nanoseconds a millisecond."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_ns` to `end_ns`, both nanoseconds since the epoch (UTC)."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end_ns - self.start_ns) / NS

    def to_json(self) -> dict[str, int]:
        """The shape used in every document: {"start_ns", "end_ns"}."""
        return {"start_ns": self.start_ns, "end_ns": self.end_ns}
