"""What the engine is told of the world: it asks for nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`now_ns` is the clock, ns since the epoch, for what templates call `now`."""

    now_ns: Callable[[], int]
