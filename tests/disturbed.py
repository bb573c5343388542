"""A lab of which one hop drops, doubles, delays or reorders a few of a run's records."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Timer
from typing import Any, Literal

import pytest

from obs_check.boundary.log import BoundaryLogWriter
from obs_check.lab import audit, audit_agent, egress
from obs_check.lab.coderd import CriLog
from obs_check.lab.shipper_push import Pusher

Hop = Literal["egress", "file", "coderd", "shipper"]
Kind = Literal["drop", "double", "delay", "reorder"]
PLACES: dict[Hop, tuple[Any, str]] = {
    "egress": (egress._Connection, "_answer"),
    "file": (BoundaryLogWriter, "write"),
    "coderd": (CriLog, "write"),
    "shipper": (Pusher, "put"),
}
"""What passes a record on at each hop."""
_TAG = re.compile(r"obs=([a-z0-9]+-(\d+)-(?:allow|deny))")


@dataclass
class Disturbance:
    """Every `every`th event, from number `first` on, is disturbed at a hop; `tags` are those that were."""

    hop: Hop
    kind: Kind
    first: int
    every: int
    tags: set[str] = field(default_factory=set)

    def meets(self, n: int) -> bool:
        return n % self.every == self.first % self.every


@contextmanager
def disturbed(
    disturbances: list[Disturbance],
    delay_s: float,
    behind: int = 15,
    overtakes: Callable[[int, int], bool] = lambda _held, _passing: True,
) -> Iterator[None]:
    """`delay_s` is how long a delayed record takes (s), `behind` how many records pass a reordered one at least, the
    last of them one that `overtakes` it (the numbers of both events). The audit socket and the agent have room for all:
    how records are lost there is not what is looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "CHANNEL_SIZE", 1_000_000)
        patch.setattr(audit_agent, "BUFFERED_BATCHES", 0)
        for hop, (owner, name) in PLACES.items():
            here = [one for one in disturbances if one.hop == hop]
            if here:
                patch.setattr(owner, name, _wrapped(getattr(owner, name), here, delay_s, behind, overtakes))
        yield


def _wrapped(
    pass_on: Callable[..., Any],
    here: list[Disturbance],
    delay_s: float,
    behind: int,
    overtakes: Callable[[int, int], bool],
) -> Callable[..., Any]:
    held: list[tuple[int, int, tuple[Any, ...], dict[str, Any]]] = []
    passed = 0
    lock = Lock()

    def around(*args: Any, **kwargs: Any) -> Any:
        nonlocal passed
        found = _TAG.search(f"{args[1:]} {kwargs}")
        one = next((d for d in here if found and d.meets(int(found[2]))), None)
        if one is not None and found is not None:
            one.tags.add(found[1])
        if found is not None and one is None:
            answer = pass_on(*args, **kwargs)
            with lock:
                passed += 1
                due = [record for record in held if record[0] <= passed and overtakes(record[1], int(found[2]))]
                held[:] = [record for record in held if record not in due]
            for _, _, again, more in due:
                pass_on(*again, **more)
            return answer
        match one.kind if one else "":
            case "drop":
                return None
            case "delay":
                Timer(delay_s, pass_on, args, kwargs).start()
                return None
            case "reorder":
                with lock:
                    held.append((passed + behind, int(found[2]) if found else 0, args, kwargs))
                return None
            case "double":
                pass_on(*args, **kwargs)
                if isinstance(args[1], int) and len(args) > 3:
                    # Loki keeps one of two lines with the same time and text.
                    args = (args[0], args[1] + 1, *args[2:])
        return pass_on(*args, **kwargs)

    return around
