"""The row of a panel: what it reads, what it has to read, and the verdict on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.evidence.context import BrokenPanel
from obs_check.follow.run import Run
from obs_check.model.verdict import Verdict
from obs_check.panel.board import PanelView
from obs_check.panel.expect import Expectation, differs


@dataclass(frozen=True, slots=True)
class PanelVerdict:
    """`wanted` says what the panel has to read ("" when nothing exact can be said), `differs` how it does not."""

    view: PanelView
    path: str
    verdict: Verdict
    wanted: str
    differs: str
    cause: str = ""

    def to_row(self) -> dict[str, Any]:
        """A row of the panel table."""
        outage = (self.differs,) if self.verdict is Verdict.UNKNOWN and self.differs else ()
        return {
            "id": self.view.panel.id,
            "title": self.view.panel.title,
            "path": self.path,
            "reads": self.view.reading.text,
            "state": str(self.view.reading.state),
            "verdict": str(self.verdict),
            "wanted": self.wanted,
            "differs": self.differs,
            "cause": self.cause,
            "notes": list(dict.fromkeys((*self.view.request.notes, *self.view.reading.notes, *outage))),
        }


def judge(views: Sequence[PanelView], expectations: Mapping[int, Expectation], run: Run | None) -> list[PanelVerdict]:
    """Compare each panel with what the run has to make it read; without a run an empty panel fails."""
    rows = []
    for view in views:
        expectation = expectations.get(view.panel.id)
        path = expectation.path if expectation else ""
        if view.outage:
            rows.append(PanelVerdict(view, path, Verdict.UNKNOWN, "", view.outage))
            continue
        state = str(view.reading.state)
        wanted = _in_words(expectation, run) if run is not None and expectation is not None else ""
        wrong = differs(view.reading, expectation, run.events if run else None)
        if state == "not_evaluated":
            verdict = (
                Verdict.OK if not view.request.queries and view.request.state == "not_evaluated" else Verdict.UNKNOWN
            )
        else:
            verdict = Verdict.FAIL if wrong else Verdict.OK
        rows.append(PanelVerdict(view, path, verdict, wanted, wrong))
    return rows


def broken_panel(row: PanelVerdict) -> BrokenPanel:
    """A row as the causes look at it."""
    view = row.view
    return BrokenPanel(view.panel, view.request, view.reading, row.differs, view.probes)


def _in_words(expectation: Expectation, run: Run) -> str:
    """What the panel has to read, short enough for a cell."""
    counts = expectation.wanted(run.events)
    if counts is None:
        return "nothing" if expectation.kind == "quiet" else "a rise"
    if expectation.kind == "lines":
        return f"{len(counts)} lines"
    return ", ".join(f"{name} {value:g}" for name, value in counts.items()) or "nothing"
