"""What panels would read with the proposed changes: asked through Grafana, nothing is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from obs_check.app.verify.verdicts import PanelVerdict, judge
from obs_check.evidence.dashboard_edit import edited
from obs_check.follow.run import Run
from obs_check.model.finding import FileEdit, Finding
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS, Window
from obs_check.panel.board import Board
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.expect import Expectation


@dataclass(frozen=True, slots=True)
class WouldRead:
    """A panel as it is and as it would be with the edits of one cause."""

    cause: str
    panel: int
    title: str
    reads: str
    would_read: str
    verdict: Verdict

    def to_row(self) -> dict[str, Any]:
        """A row of the table; `verdict` is that of the panel with the edit."""
        return {
            "cause": self.cause,
            "id": self.panel,
            "title": self.title,
            "reads": self.reads,
            "would_read": self.would_read,
            "verdict": str(self.verdict),
        }


def would_read(
    board: Board,
    panels: Sequence[PanelVerdict],
    findings: Sequence[Finding],
    expectations: Mapping[int, Expectation],
    run: Run | None,
    now_ns: int,
) -> list[WouldRead]:
    """One row for every panel that a finding would change, read in the window that it was read in. A finding's edits
    are made behind those of the findings before it: one cause can hide another."""
    # Copies of a repeated panel share its id and differ by title.
    known = {(row.view.panel.id, row.view.panel.title): row for row in panels}
    found = []
    document = board.dashboard.document
    for finding in findings:
        edits = tuple(e for e in finding.fix.edits if not isinstance(e, FileEdit))
        if not edits:
            continue
        document = edited(document, edits)
        changed = replace(board, dashboard=load_dashboard(document, board.dashboard.source))
        touched = [(e.panel,) if e.panel is not None else finding.panels for e in edits]
        for panel in dict.fromkeys(number for numbers in touched for number in numbers):
            request = next((row.view.request for (number, _), row in known.items() if number == panel), None)
            if request is None:
                continue
            window = Window(request.whole.from_ms * MS, request.whole.to_ms * MS)
            for after in judge(changed.read(now_ns, window, panel, request.relative), expectations, run):
                title = after.view.panel.title
                row = known.get((panel, title))
                reads = row.view.reading.text if row else ""
                found.append(WouldRead(finding.cause, panel, title, reads, after.view.reading.text, after.verdict))
    return found
