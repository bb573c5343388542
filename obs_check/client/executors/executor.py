"""What an executor is: run this program there, with this time limit, give me its lines as they come."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from obs_check.config import Config


@dataclass(frozen=True, slots=True)
class Reach:
    """What a run through an executor proves about an agent's tool calls, and what it does not. `own_boundary`: the
    executor starts a boundary of its own around the probe, which ends with it. `carries_batches`: a program of many
    events gets there as it is."""

    proves: str
    proves_not: str
    own_boundary: bool = False
    unwrapped: str = ""
    """What to do where the shell that it leads to is not wrapped, "" where nothing is known of it."""
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


class ExecutorKind(NamedTuple):
    """A kind of executor; `name` is what --via takes, and its key under `executors` in obs-check.yaml."""

    name: str
    reach: Reach
    open: Callable[[Config, Mapping[str, str], Callable[[str], None]], Executor | None]
    """Makes one of a configuration, the environment and what says a line to the user; None where it is not configured.
    """
