"""A span of time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NS = 1_000_000_000
"""Nanoseconds a second."""
MS = 1_000_000
"""Nanoseconds a millisecond."""
EPOCH_UNITS = ((10**11, NS), (10**14, MS), (10**17, 1000), (10**20, 1))
"""(limit, ns of its unit): a number since the epoch is of s, ms, us or ns by its size."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def shown_time(ts_ns: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    at = _EPOCH + timedelta(seconds=ts_ns // NS)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ts_ns % NS // MS:03d}Z"
