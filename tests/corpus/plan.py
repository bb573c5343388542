"""Which faults the corpus seeds: each alone, pairs of them at once, and healthy pipelines."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from obs_check.lab import settings as lab_settings
from obs_check.lab.faults.fault import Fault
from obs_check.lab.faults.harmless import HARMLESS
from obs_check.lab.faults.registry import FAULTS
from tests.corpus.one_lab import only_dashboard

_ON_THE_WAY = {"egress": "AB", "file": "A", "socket": "B", "shipper": "AB", "ingest": "AB"}
"""Areas in front of Loki's answers, with the paths that they belong to."""
_STRIDES = (11, 17)
"""How far apart in the registry, which is in the order of the pipeline, the two faults of a pair stand."""


_HIDDEN = (
    {"line-too-long", "human-lines"},  # What coderd writes for people is shorter than what this Loki takes.
    {"level-warn", "no-session-id"},  # boundary speaks of a session at INFO.
)


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
        return all(only_dashboard(fault.id) for fault in self.faults)


def singles() -> list[Seeded]:
    """Every fault alone."""
    return [Seeded((fault,)) for fault in FAULTS]


def pairs() -> list[Seeded]:
    """Faults that stand a fixed distance apart, so that nobody picks the easy ones. Left out are two of one area, two
    that turn the same knob (the second would undo the first), two on the way of the same lines to Loki and one beside
    a dashboard that is not there or a Loki that shows nothing: nothing gets past the first of these, so the second
    leaves no trace."""
    found = []
    for stride in _STRIDES:
        for number, one in enumerate(FAULTS):
            other = FAULTS[(number + stride) % len(FAULTS)]
            # What needs a control is shown by events that arrive, so nothing else may be broken.
            outage = one.outage or other.outage or one.control or other.control
            if one.events == other.events and not outage and not _masked(one, other):
                found.append(Seeded(_ordered((one, other))))
    return list(dict.fromkeys(found))


def healthy() -> list[Seeded]:
    """The lab as it is, and with changes that break nothing."""
    return [Seeded(()), *(Seeded((fault,)) for fault in HARMLESS)]


def _masked(one: Fault, other: Fault) -> bool:
    if _area(one) == _area(other) or {one.id, other.id} in _HIDDEN:
        return True
    if {one.cause, other.cause} & {"panel.dashboard-missing"} or {one.id, other.id} & {"short-lookback"}:
        return True
    on_the_way = [_ON_THE_WAY[_area(f)] for f in (one, other) if _area(f) in _ON_THE_WAY]
    if len(on_the_way) == 2 and set(on_the_way[0]) & set(on_the_way[1]):
        return True
    return bool(_knobs(one) & _knobs(other))


def _knobs(fault: Fault) -> set[str]:
    """What a fault changes of the lab, dashboards apart: a query may well be wrong in two ways."""
    settings = lab_settings.healthy(Path("/lab"))
    before = _leaves(settings)
    fault.change(settings)
    after = _leaves(settings)
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _leaves(settings: lab_settings.LabSettings) -> dict[str, str]:
    found: dict[str, str] = {}

    def walk(value: object, path: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{path}.{key}")
        elif is_dataclass(value) and not isinstance(value, type):
            for part in fields(value):
                walk(getattr(value, part.name), f"{path}.{part.name}")
        else:
            found[path] = repr(value)

    for part in fields(settings):
        if part.name not in ("dashboard", "expect", "prepare", "finish"):
            walk(getattr(settings, part.name), part.name)
    return found


def _ordered(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=FAULTS.index))


def _area(fault: Fault) -> str:
    return fault.cause.partition(".")[0]
