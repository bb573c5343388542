"""The panels after a large run: those that count lines, over the run's lines alone, held to what its account found in
Loki. What a panel shows of so many lines otherwise is not known, and is said so."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from obs_check.app.systems.systems import Systems
from obs_check.app.verify.look import look_at_panels
from obs_check.app.verify.verdicts import PanelVerdict, Yardstick
from obs_check.follow.run import Run
from obs_check.follow.tally import Tally
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS
from obs_check.model.wording import count_noun
from obs_check.panel.expect import ROWS, Expectation

_COUNTS = ("count", "total")
_LINES = "they show single lines, and which of so many is not known"
_OTHER = "they show counters or a database, not the lines of the run"
_SHORT = "their range is shorter than the run"


@dataclass(slots=True)
class LoadPanels:
    """Panels that were judged, and those that were not by the reason."""

    rows: list[PanelVerdict] = field(default_factory=list)
    left_out: dict[str, list[int]] = field(default_factory=dict)
    none: str = ""
    """Why no panel was read at all."""

    def leave_out(self, panels: Collection[int], why: str) -> None:
        """Note panels that are not judged."""
        if panels:
            self.left_out[why] = sorted({*self.left_out.get(why, ()), *panels})

    def not_judged(self) -> list[str]:
        """A sentence a reason."""
        none = [f"no panel is judged: {self.none}"] if self.none else []
        return [
            *none,
            *(f"panels {', '.join(map(str, ids))} are not judged: {why}" for why, ids in self.left_out.items()),
        ]

    def to_json(self) -> dict[str, Any]:
        """{"panels", "not_judged"}."""
        return {"panels": [row.to_row() for row in self.rows], "not_judged": self.not_judged()}


def judge_panels(
    systems: Systems, run: Run, stored: Sequence[Tally], panels: LoadPanels, say: Callable[[str], None]
) -> None:
    """Read and judge the panels; `stored` is what the account has of Loki, a path each. A path of which that is not
    known leaves its panels out."""
    expectations = systems.expectations
    panels.leave_out(_of_kinds(expectations, ROWS), _LINES)
    known = [number for number, one in expectations.items() if one.kind in (*ROWS, *_COUNTS) and one.path in ("A", "B")]
    panels.leave_out([number for number in expectations if number not in known], _OTHER)
    for tally in stored:
        chosen = {number for number in _of_kinds(expectations, _COUNTS) if expectations[number].path == tally.path}
        if tally.unknown:
            panels.leave_out(chosen, f"what Loki has of path {tally.path} is not known")
            continue
        if not chosen:
            continue
        held = Yardstick(expectations, _as_stored(run, tally))
        for row in look_at_panels(systems.board, held, systems.now_ns(), chosen):
            within = row.told.request.range
            if row.told.request.queries and within.from_ms * MS > run.window.start_ns:
                panels.leave_out([row.view.panel.id], _SHORT)
            else:
                panels.rows.append(row)
    wrong = sum(row.verdict is Verdict.FAIL for row in panels.rows)
    say(f"{count_noun(len(panels.rows), 'panel')} read, {wrong} not as they should")


def _of_kinds(expectations: Mapping[int, Expectation], kinds: Sequence[str]) -> list[int]:
    return [number for number, one in expectations.items() if one.kind in kinds]


def _as_stored(run: Run, tally: Tally) -> Run:
    """The run as if what Loki has of it had been sent: an event as often as a line of it is there."""
    return replace(run, sent=tuple(one for one in run.sent for _ in range(tally.times(one.event.n))))
