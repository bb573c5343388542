"""What a LogQL query answers, whoever ran it: our engine, Loki, or Loki through Grafana."""

from dataclasses import dataclass, field
from typing import NamedTuple

from obs_check.model.entry import Labels, LogStream


class Sample(NamedTuple):
    """One value at one time (ns)."""

    labels: Labels
    ts: int
    value: float


class Series(NamedTuple):
    """Values of one label set over time: points are (ns, value), ascending."""

    labels: Labels
    points: list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Streams:
    """Result of a log query. Entries of a stream are in the direction asked for."""

    streams: list[LogStream]

    @property
    def lines(self) -> int:
        """Number of lines in all streams."""
        return sum(len(s.entries) for s in self.streams)


@dataclass(frozen=True, slots=True)
class Vector:
    """Result of an instant metric query."""

    samples: list[Sample]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Result of a range metric query."""

    series: list[Series]


@dataclass(frozen=True, slots=True)
class Scalar:
    """Result of an instant query that is a number."""

    ts: int
    value: float


Result = Streams | Vector | Matrix | Scalar


@dataclass(frozen=True, slots=True)
class Stats:
    """What a query cost, as far as the answering side says (0 where it says nothing)."""

    bytes_read: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())
