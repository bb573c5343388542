"""What an executor is: run this program there, with this time limit, give me its lines as they come."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reach:
    """What a run through an executor proves about an agent's tool calls, and what it does not. `own_boundary`: the
    executor starts a boundary of its own around the probe, which ends with it. `carries_batches`: a program of many
    events gets there as it is."""

    proves: str
    proves_not: str
    own_boundary: bool = False
    carries_batches: bool = True

    def to_json(self) -> dict[str, str]:
        """{"proves", "proves_not"}."""
        return {"proves": self.proves, "proves_not": self.proves_not}


class Executor(Protocol):
    """A way to a shell. `name` is what --via takes, `place` says where that is, for messages."""

    @property
    def name(self) -> str:
        """What --via takes."""
        ...

    @property
    def place(self) -> str:
        """Where the program runs, in words."""
        ...

    @property
    def reach(self) -> Reach:
        """What a run through it proves."""
        ...

    def run(self, program: str, limit_s: float) -> Iterator[str]:
        """The lines that a POSIX sh program prints there, as they come. It is ended after `limit_s` seconds.

        Raises UsageError (the place is not there or not clear), Unavailable (it does not answer, or not in time) or
        NotAllowed, each with the remedy.
        """
        ...
