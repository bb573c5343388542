"""Pauses between two questions to a system that may not have the answer yet: short at first, then longer and longer."""

from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Pauses of `first_s` seconds, each `factor` times as long as the one before it, up to `most_s`."""

    first_s: float
    most_s: float
    factor: float = 1.5
    _next_s: float = 0.0

    def pause_s(self) -> float:
        """Seconds to wait now."""
        pause = max(self._next_s, self.first_s)
        self._next_s = min(pause * self.factor, self.most_s)
        return pause

    def reset(self) -> None:
        """Start with the short ones again: something has changed."""
        self._next_s = self.first_s
