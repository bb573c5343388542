"""Which faults the corpus seeds: each alone, pairs of them at once, and healthy pipelines."""

from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.lab.faults.fault import Fault
from obs_check.lab.faults.harmless import HARMLESS
from obs_check.lab.faults.registry import FAULTS

_STRIDES = (11, 17)
"""How far apart in the registry, which is in the order of the pipeline, the two faults of a pair stand."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """Faults that are applied together; `wanted` are their causes, none for a healthy pipeline."""

    faults: tuple[Fault, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the faults."""
        return tuple(fault.id for fault in self.faults)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The causes that have to be named."""
        return tuple(fault.cause for fault in self.faults if fault.cause and not fault.outage)

    @property
    def only_dashboard(self) -> bool:
        """Whether a shared lab will do."""
        return all(fault.only_dashboard for fault in self.faults)


def singles() -> list[Seeded]:
    """Every fault alone."""
    return [Seeded((fault,)) for fault in FAULTS]


def pairs() -> list[Seeded]:
    """Faults that stand a fixed distance apart, so that nobody picks the easy ones. Left out are two of one area and
    two that change the same thing: the second would undo or repeat the first."""
    found = []
    for stride in _STRIDES:
        for number, one in enumerate(FAULTS):
            other = FAULTS[(number + stride) % len(FAULTS)]
            if _area(one) != _area(other) and one.events == other.events and not (one.outage or other.outage):
                found.append(Seeded(_ordered((one, other))))
    return list(dict.fromkeys(found))


def healthy() -> list[Seeded]:
    """The lab as it is, and with changes that break nothing."""
    return [Seeded(()), *(Seeded((fault,)) for fault in HARMLESS)]


def _ordered(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=FAULTS.index))


def _area(fault: Fault) -> str:
    return fault.cause.partition(".")[0]
