"""How far another machine's clock is from ours, as far as the `Date` of its answers tells."""

from dataclasses import dataclass

from obs_check.model.window import MS, NS


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
