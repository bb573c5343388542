"""Clocks that differ: another machine's from ours, as far as the `Date` of its answers tells, and ours from what it was
when it was set."""

from collections.abc import Callable
from dataclasses import dataclass, field

from obs_check.errors import Unavailable
from obs_check.model.window import MS, NS

CLOCK_SET_S = 5.0
"""Seconds by which the clock has to leave the steady one to have been set: slewing (Linux: 500 ppm) takes hours."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """Its clock minus ours lies between `least_ns` and `most_ns`; `answers` said so. RFC 9110: `Date` is in whole
    seconds; nginx and uvicorn make it once a second, so that it may be another second old. Many answers, at other parts
    of a second, tell more than one."""

    least_ns: int
    most_ns: int
    answers: int = 1

    def narrowed(self, other: "ClockOffset") -> "ClockOffset":
        """What both say; the other one where they contradict each other, because a clock was set."""
        least, most = max(self.least_ns, other.least_ns), min(self.most_ns, other.most_ns)
        return ClockOffset(least, most, self.answers + 1) if least <= most else other

    def to_json(self) -> dict[str, float | int]:
        """{"least_ms", "most_ms", "answers"}."""
        return {"least_ms": self.least_ns / MS, "most_ms": self.most_ns / MS, "answers": self.answers}


def offset_of(date_s: int, asked_ns: int, answered_ns: int) -> ClockOffset:
    """What an answer with this `Date` (s since the epoch) says: it was written between the question and its end."""
    return ClockOffset(date_s * NS - answered_ns, (date_s + 2) * NS - asked_ns)


@dataclass(slots=True)
class SameClock:
    """This machine's clock since this was made: `now_ns` may be set, `steady_ns` goes on. What is read of the clock is
    held against the other, so that one that was set ahead and back again is noticed."""

    now_ns: Callable[[], int]
    steady_ns: Callable[[], int]
    _ahead_ns: int = field(init=False)
    _set_ns: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._ahead_ns = self.now_ns() - self.steady_ns()

    def read(self) -> int:
        """What the clock says, ns since the epoch."""
        now_ns = self.now_ns()
        self._set_ns = max(self._set_ns, now_ns - self.steady_ns() - self._ahead_ns, key=abs)
        return now_ns

    def hold(self) -> None:
        """Raise Unavailable where it was set meanwhile: what was asked by the one time is not judged by the other."""
        self.read()
        set_s = self._set_ns / NS
        if abs(set_s) > CLOCK_SET_S:
            way = "ahead" if set_s > 0 else "back"
            raise Unavailable(
                f"this machine's clock was set {way} by {abs(set_s):,.0f} s while the run was looked for",
                "run it again when the clock stays; also a machine that slept has such a leap",
            )
