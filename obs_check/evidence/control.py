"""The positive control: what a panel read before events were sent, and after they had all the time to arrive."""

from dataclasses import dataclass
from typing import Any, Literal

from obs_check.model.probe import Probe
from obs_check.model.window import Window
from obs_check.panel.elements import Panel
from obs_check.panel.expect import reads_nothing
from obs_check.panel.reading import Reading

Moved = Literal["exactly", "otherwise", "not", "somehow", "unasked", "failed", "unknown"]
"""By exactly what was sent; by something else; not at all. Where nothing says that it has to: somehow, or not at all.
The panel shows an error; or one of the readings is missing."""
Meaning = Literal[
    "true_zero",
    "quiet",
    "live",
    "broken_zero",
    "false_green",
    "moved_otherwise",
    "moved",
    "not_fed",
    "error",
    "unknown",
]

_WORDS: dict[Meaning, str] = {
    "true_zero": "true zero: nothing had happened",
    "quiet": "as it has to be: none of it was sent",
    "live": "live",
    "broken_zero": "broken: the events do not show",
    "false_green": "false green: not zero, whatever happens",
    "moved_otherwise": "moved by something else",
    "moved": "moved; no expectation says by how much",
    "not_fed": "not moved; no expectation requires it",
    "error": "shows an error",
    "unknown": "unknown",
}


_BESIDE: dict[Moved, Meaning] = {
    "exactly": "live",
    "otherwise": "moved_otherwise",
    "somehow": "moved",
    "unasked": "not_fed",
    "failed": "error",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class Control:
    """One panel, read in its own range before and after. `before_window` and `after_window` are what it was read in,
    `differs` says how what it reads of the run's lines alone, or its change, is not what was sent ("" when it is)."""

    panel: Panel
    before: Reading
    after: Reading
    moved: Moved
    differs: str
    before_window: Window
    after_window: Window
    probes: tuple[Probe, ...]

    @property
    def was_zero(self) -> bool:
        """Whether a person saw nothing, or 0, before the events."""
        zero = bool(self.before.values) and self.before.number == 0
        return zero or not self.before.rows or reads_nothing(self.before)

    @property
    def meaning(self) -> Meaning:
        """What the two readings say about the panel."""
        match self.moved:
            case "exactly" if self.was_zero:
                return "quiet" if self.before.text == self.after.text else "true_zero"
            case "not":
                return "broken_zero" if self.was_zero else "false_green"
            case _:
                return _BESIDE[self.moved]

    def to_row(self) -> dict[str, Any]:
        """{"id", "title", "before", "after", "meaning", "words", "differs"}."""
        return {
            "id": self.panel.id,
            "title": self.panel.title,
            "before": self.before.text,
            "after": self.after.text,
            "meaning": self.meaning,
            "words": _WORDS[self.meaning],
            "differs": self.differs,
        }
