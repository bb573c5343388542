"""What the engine is told of the world: it asks for nothing itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass

LokiVersion = tuple[int, int]
"""Major and minor: no release of a minor version differs from another in what is followed here."""
LOKI_3_5: LokiVersion = (3, 5)
LOKI_3_6: LokiVersion = (3, 6)
LOKI_3_7: LokiVersion = (3, 7)
_VERSION = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?:[.+-].*)?")


def read_version(text: str) -> LokiVersion | None:
    """The version in a text such as `3.7`, `v3.7.6` or `3.7.6-amd64`; None where it names none (`main-1fc394b`)."""
    found = _VERSION.fullmatch(text.strip())
    return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`now_ns` is the clock, ns since the epoch, for what templates call `now`; `loki` the version to answer as, where
    an older one than 3.5 counts as 3.5 and a newer one than 3.7 as 3.7."""

    now_ns: Callable[[], int]
    loki: LokiVersion = LOKI_3_5
