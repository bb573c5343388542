"""What panels would read with the proposed changes: asked through Grafana, nothing is saved."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from obs_check.app.verify.look import look_at_panels
from obs_check.app.verify.verdicts import PanelVerdict, Yardstick, copy_of
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.model.finding import FileEdit, Finding
from obs_check.model.verdict import Verdict
from obs_check.panel.board import Board
from obs_check.panel.dashboard import load_dashboard


@dataclass(frozen=True, slots=True)
class WouldRead:
    """A panel as it is and as it would be with the edits of one cause."""

    cause: str
    panel: int
    title: str
    reads: str
    would_read: str
    verdict: Verdict

    def to_row(self) -> dict[str, object]:
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
    held: Yardstick,
    panels: Sequence[PanelVerdict],
    findings: Sequence[Finding],
    now_ns: int,
) -> list[WouldRead]:
    """One row for every panel that a finding would change, read in its own range. A finding's edits are made behind
    those of the findings before it: one cause can hide another."""
    known = {copy_of(row.view): row for row in panels}
    found = []
    document = board.dashboard.document
    for finding in findings:
        edits = tuple(e for e in finding.fix.edits if not isinstance(e, FileEdit))
        if not edits:
            continue
        document = apply_edits(document, edits)
        changed = replace(board, dashboard=load_dashboard(document, board.dashboard.source))
        touched = {number for e in edits for number in ((e.panel,) if e.panel is not None else finding.panels)}
        for after in look_at_panels(changed, held, now_ns, touched):
            row = known.get(copy_of(after.view))
            reads = row.shown if row else ""
            found.append(WouldRead(finding.cause, *copy_of(after.view), reads, after.shown, after.verdict))
    return found
