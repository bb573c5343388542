"""The row of a panel: what it reads, what it has to read, and the verdict on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from obs_check.evidence.context import BrokenPanel
from obs_check.follow.run import Run
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, Window
from obs_check.model.wording import count_noun
from obs_check.panel.board import PanelView
from obs_check.panel.expect import ROWS, Expectation, difference, reads_nothing
from obs_check.panel.reading import Reading
from obs_check.panel.run_lines import can_be_told_apart

Copy = tuple[int, str]
"""Id and title: copies of a repeated panel share their id."""
_IDLE = "reads nothing in its range, and no expectation requires the run to show there"
_LATE_S = 60
"""Seconds around a run in which its lines may be dated: clocks differ."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What panels are held against: what each has to read for a run, and what it read before."""

    expectations: Mapping[int, Expectation]
    run: Run | None = None
    before: Mapping[Copy, PanelView] = field(default_factory=dict)

    def earlier(self, view: PanelView) -> Reading | None:
        """What the panel read before the run; None where nobody looked, or nothing was answered."""
        found = self.before.get(copy_of(view))
        return None if found is None or found.outage else found.reading


@dataclass(frozen=True, slots=True)
class PanelVerdict:
    """`view` is the panel as a person sees it in its own range, `own` the same panel over the run's lines alone (None
    where it was not asked for them). `wanted` says what it has to read of the run ("" when nothing exact can be said),
    `differs` how it does not. `idle`: it reads nothing, and nothing says that it has to read something."""

    view: PanelView
    path: str
    verdict: Verdict
    wanted: str
    differs: str
    cause: str = ""
    own: PanelView | None = None
    idle: bool = False

    @property
    def told(self) -> PanelView:
        """The reading that the verdict is about: that of the run's lines, unless the panel fails without them too."""
        return self.own or self.view

    @property
    def shown(self) -> str:
        """What the panel shows of the run, or of all where it was not asked for that."""
        return self.told.reading.text

    @property
    def unanswered(self) -> str:
        """What did not answer, so that nobody knows what is wrong with it ("" where all did)."""
        return self.differs if self.verdict is Verdict.UNKNOWN and not self.idle else ""

    def to_row(self) -> dict[str, object]:
        """A row of the panel table; `of_run` is what it reads of the run's lines alone, where that was asked."""
        outage = (self.unanswered,) if self.unanswered else ()
        idle = (_IDLE,) if self.idle and self.verdict is Verdict.OK else ()
        return {
            "id": self.view.panel.id,
            "title": self.view.panel.title,
            "path": self.path,
            "reads": self.view.reading.text,
            "of_run": self.own.reading.text if self.own else "",
            "state": str(self.view.reading.state),
            "verdict": str(self.verdict),
            "wanted": self.wanted,
            "differs": self.differs,
            "cause": self.cause,
            "notes": list(dict.fromkeys((*self.view.request.notes, *self.view.reading.notes, *outage, *idle))),
        }


def copy_of(view: PanelView) -> Copy:
    """Tells a panel from the other copies of it."""
    return view.panel.id, view.panel.title


def judge_panel(view: PanelView, own: PanelView | None, held: Yardstick) -> PanelVerdict:
    """The verdict on a panel that was read in its own range and, where `own` is given, over the run's lines alone.

    An error in its own range is the answer, whatever the run's lines would give. Then those lines decide: exactly what
    was sent has to show, whoever else is logged meanwhile. A panel that cannot be asked for them has to show the run at
    least, on top of what it read before. An empty panel that nothing is expected of is idle.
    """
    expectation = held.expectations.get(view.panel.id)
    path = expectation.path if expectation else ""
    unanswered = next((one for one in (view, own) if one is not None and one.outage), None)
    if unanswered is not None:
        return PanelVerdict(unanswered, path, Verdict.UNKNOWN, "", unanswered.outage)
    wanted = _in_words(expectation, held.run) if held.run is not None and expectation is not None else ""
    if view.panel.library and not view.panel.targets:
        return PanelVerdict(view, path, Verdict.UNKNOWN, "", view.request.why)
    if view.reading.state == "not_evaluated":
        asks_nothing = not view.request.queries and view.request.state == "not_evaluated"
        if not asks_nothing:
            return PanelVerdict(view, path, Verdict.UNKNOWN, "", "")
        if wanted:
            return PanelVerdict(view, path, Verdict.UNKNOWN, wanted, view.request.why)
        return PanelVerdict(view, path, Verdict.OK, "", "")
    events = held.run.events if held.run else None
    if view.reading.state == "error" or own is None:
        wrong = difference(view.reading, expectation, events, held.earlier(view))
        idle = bool(wrong) and view.reading.state != "error" and (expectation is None or events is None)
        verdict = Verdict.OK if not wrong else Verdict.FAIL
        return PanelVerdict(view, path, _of_idle(view, held) if idle else verdict, wanted, wrong, idle=idle)
    wrong = difference(own.reading, expectation, events, of_run=True)
    if not wrong and not reads_nothing(own.reading) and reads_nothing(view.reading):
        return PanelVerdict(view, path, Verdict.FAIL, wanted, f"reads {view.reading.text} with others' lines in it")
    return PanelVerdict(view, path, Verdict.FAIL if wrong else Verdict.OK, wanted, wrong, own=own)


def _of_idle(view: PanelView, held: Yardstick) -> Verdict:
    """Nobody knows whether an empty panel is right without a run. With one it is none of those that the run is expected
    to show in; where nobody said which those are, one that shows lines may well be."""
    if held.run is None or (not held.expectations and can_be_told_apart(view.request)):
        return Verdict.UNKNOWN
    return Verdict.OK


def broken_panel(row: PanelVerdict, held: Yardstick) -> BrokenPanel:
    """A row as the causes look at it."""
    seen = row.told
    # What says nothing of the run is looked at through the run's lines too: there is no other way to tell.
    of_run = held.run is not None and (row.own is not None or row.idle)
    window = lines_window(held.run) if held.run is not None and of_run else None
    return BrokenPanel(seen.panel, seen.request, seen.reading, row.differs, seen.probes, window, held.earlier(row.view))


def lines_window(run: Run) -> Window:
    """Where the lines of a run lie, ns."""
    return Window(run.window.start_ns - _LATE_S * NS, run.window.end_ns + _LATE_S * NS)


def _in_words(expectation: Expectation, run: Run) -> str:
    """What the panel has to read, short enough for a cell."""
    counts = expectation.wanted(run.events)
    if counts is None:
        return "nothing" if expectation.kind == "quiet" else "a rise"
    if expectation.kind in ROWS:
        return count_noun(len(counts), expectation.kind.removesuffix("s"))
    return ", ".join(f"{name} {value:g}" for name, value in counts.items()) or "nothing"
