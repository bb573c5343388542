"""Runs on a schedule, one behind the other. The clock, the pause and chance are passed in."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from obs_check.app.watch.account import RunAccount
from obs_check.client.files.journal import remove_all_but
from obs_check.client.files.run_store import RunStore
from obs_check.errors import InputError
from obs_check.follow.journal import FOLDER
from obs_check.model.window import NS

Note = Callable[[RunAccount], None]
Verify = Callable[[Note], None]
"""Runs once and hands over the account of it, however that run ends. What it raises ends the watch."""
_WORST_FIRST = (1, 4, 3, 0)
"""Exit codes of runs: a finding outweighs what is unknown, and want of rights says why something is unknown."""
LATE_S = 60.0
"""Seconds by which a run may begin or end late before the watch counts as stuck."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A run every `every_s` seconds, each up to `jitter_s` seconds later, none over `limit_s` seconds."""

    every_s: float
    jitter_s: float
    limit_s: float

    def pause_s(self, since_s: float, chance: float) -> float:
        """Seconds to wait, `since_s` seconds after the watch began. A beginning that passed while a run took its time
        is left out: runs never pile up. `chance` is in [0, 1)."""
        return self.every_s - since_s % self.every_s + self.jitter_s * chance


@dataclass(frozen=True, slots=True)
class Status:
    """What a watch is doing: `busy` with a run or waiting for the next, until `until_ns` at the latest; `runs` have
    ended, `last` is the last of them, at `ended_ns`. Times are of the steady clock: who sets the other one does not
    make a watch overdue."""

    busy: bool
    until_ns: int
    runs: int = 0
    last: RunAccount | None = None
    ended_ns: int = 0

    def alive(self, steady_ns: int) -> bool:
        """Whether what it does is not overdue."""
        return steady_ns <= self.until_ns + round(LATE_S * NS)


@dataclass(slots=True)
class Watch:
    """Another thread may read `status` at any time. `steady_ns` is a clock that nobody sets. `note` is told of every
    run, then `tidy` is called."""

    verify: Verify
    schedule: Schedule
    steady_ns: Callable[[], int]
    pause: Callable[[float], None]
    chance: Callable[[], float]
    note: Note = lambda _account: None
    tidy: Callable[[], None] = lambda: None
    status: Status = Status(False, 0)

    def run(self, runs: int | None = None) -> int:
        """Run so often, for ever with None; the first run is at once. The exit code of the worst run."""
        began_ns = self.steady_ns()
        codes = set()

        def noted(account: RunAccount) -> None:
            codes.add(account.exit_code)
            now_ns = self.steady_ns()
            self.status = Status(False, now_ns, self.status.runs + 1, account, now_ns)
            self.note(account)

        for number in count(1):
            until_ns = self.steady_ns() + round(self.schedule.limit_s * NS)
            self.status = replace(self.status, busy=True, until_ns=until_ns)
            try:
                self.verify(noted)
            finally:
                self.tidy()
            if number == runs:
                break
            now_ns = self.steady_ns()
            pause_s = self.schedule.pause_s((now_ns - began_ns) / NS, self.chance())
            self.status = replace(self.status, busy=False, until_ns=now_ns + round(pause_s * NS))
            self.pause(pause_s)
        return next(code for code in _WORST_FIRST if code in codes)


def state_cleaner(state: Path, keep: int, say: Callable[[str], None]) -> Callable[[], None]:
    """Removes all but the newest `keep` documents and journals of a state directory; says what cannot be removed."""
    store = RunStore(state)

    def tidy() -> None:
        try:
            store.prune(keep)
            remove_all_but(state / FOLDER, keep)
        except (OSError, InputError) as error:
            say(f"{state}: old runs cannot be removed: {error}")

    return tidy
