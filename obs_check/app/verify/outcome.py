"""What a command found, in the shape of the JSON contract."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from obs_check.app.diagnose.counterfactual import WouldRead
from obs_check.app.systems.health import Health
from obs_check.app.verify.comparison import compare, compare_hops, earlier_document
from obs_check.app.verify.document import Document
from obs_check.app.verify.inputs import Inputs
from obs_check.app.verify.panel_proof import panel_proof
from obs_check.app.verify.result import result_of
from obs_check.app.verify.verdicts import PanelVerdict, copy_of
from obs_check.errors import NotAllowed, ObsCheckError
from obs_check.evidence.control import Control
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.model.exchange import Exchange
from obs_check.model.finding import Finding
from obs_check.model.tree import Json
from obs_check.model.verdict import Verdict, worst
from obs_check.model.window import Window
from obs_check.panel.board import PanelView

MOST_ANSWERS = 16 * 1024 * 1024
"""Bytes of answers that one document keeps."""


@dataclass(slots=True)
class Outcome:
    """Grows while the command runs, so that an interrupted one can still be written."""

    command: str
    run: Run | None = None
    hops: list[HopSeen] = field(default_factory=list)
    panels: list[PanelVerdict] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    suggested: list[WouldRead] = field(default_factory=list)
    outages: list[str] = field(default_factory=list)
    denied: bool = False
    """Whether something of `outages` is for want of rights."""
    changes: list[str] = field(default_factory=list)
    """What was changed on request, and how to go back."""
    compared_with: Document | None = None
    """An earlier document to say of what changed since."""
    inputs: Inputs = field(default_factory=Inputs)
    before: Sequence[PanelView] = ()
    """What the panels read ahead of the run."""
    versions: dict[str, str] = field(default_factory=dict)
    clocks: list[dict[str, Json]] = field(default_factory=list)
    span: Window | None = None
    """When the command looked."""
    health: Health = field(default_factory=Health)
    """What the workspace was asked beside the run."""
    now_ns: Callable[[], int] = time.time_ns
    ended: str = ""
    """Why the command did not come to its end ("" when it did, or is still at work)."""

    @property
    def verdict(self) -> Verdict:
        """unknown where the command did not come to its end or nothing was looked at; fail with an error finding, a
        failed hop or panel; unknown with an outage; else ok."""
        if self.ended or not (self.hops or self.panels or self.findings):
            return Verdict.UNKNOWN
        verdicts = [h.verdict for h in self.hops] + [p.verdict for p in self.panels]
        verdicts += [Verdict.FAIL for f in self.findings if f.severity == "error"]
        verdicts += [Verdict.UNKNOWN for _ in self.outages]
        verdicts += [self.health.verdict] if self.health.asked else []
        return worst(verdicts)

    @property
    def begun(self) -> bool:
        """Whether events were sent."""
        return self.run is not None

    def stop(self, why: str) -> None:
        """Note that the command does not come to its end: it has looked until now."""
        self.ended = self.ended or why
        if self.span is not None:
            self.span = Window(self.span.start_ns, max(self.span.end_ns, self.now_ns()))

    @property
    def exit_code(self) -> int:
        """That of the verdict; where it is unknown for want of rights, that of NotAllowed."""
        denied = (
            self.denied
            or self.health.denied
            or any(h.denied for h in self.hops)
            or any(p.view.denied for p in self.panels)
        )
        return NotAllowed.exit_code if denied and self.verdict is Verdict.UNKNOWN else self.verdict.exit_code

    def failed(self, error: ObsCheckError) -> None:
        """Note a system that does not answer or does not let us in: the verdict becomes unknown."""
        self.outages.append(error.message)
        self.denied = self.denied or isinstance(error, NotAllowed)

    def to_json(self) -> Document:
        """The document: {"schema", "command", "verdict", "run", "events", "hops", "panels", "findings", ...}."""
        run = self.run.to_json() if self.run else None
        kept, left_out = kept_answers(self._exchanges())
        made = {
            "schema": "obs-check/1",
            "command": self.command,
            "verdict": str(self.verdict),
            "run": self.run.id if self.run else None,
            "window": run["window"] if run else None,
            "through": run["through"] if run else None,
            "events": run["events"] if run else [],
            "hops": [h.to_row(self.run) for h in self.hops] if self.run else [],
            "panels": [{**p.to_row(), "proof": self._proof(p)} for p in self.panels],
            "control": [c.to_row() for c in self.controls],
            "findings": [f.to_json() for f in self.findings],
            "checks": self.health.to_json(),
            "result": result_of(self.run, self.hops, self.panels, self.findings, self.health, self.ended),
            "unexplained": self.unexplained,
            "suggested": [w.to_row() for w in self.suggested],
            "outages": self.outages,
            "changes": self.changes,
            "ended": self.ended,
            "span": self.span.to_json() if self.span else None,
            "versions": self.versions,
            "clocks": self.clocks,
            "inputs": self.inputs.to_json(),
            "answers": kept,
            "answers_left_out": left_out,
        }
        document = cast(Document, made)
        before = self.compared_with
        if before is not None:
            document["before"] = earlier_document(before)
            document["comparison"] = compare(before, document)
            document["hop_comparison"] = compare_hops(before, document)
        return document

    def _proof(self, row: PanelVerdict) -> dict[str, Json]:
        earlier = next((view for view in self.before if copy_of(view) == copy_of(row.view)), None)
        return panel_proof(row, earlier, self.run, self.inputs.expectations.get(row.view.panel.id))

    def _exchanges(self) -> Iterator[Exchange]:
        """What findings stand on first, then hops, then panels: the last may be left out."""
        views = [view for p in self.panels for view in (p.own, p.view) if view is not None]
        groups = (*(f.probes for f in self.findings), *(h.probes for h in self.hops))
        for probes in (*groups, *(view.probes for view in views), *(view.probes for view in self.before)):
            yield from (probe.exchange for probe in probes if probe.exchange is not None)


def kept_answers(exchanges: Iterable[Exchange]) -> tuple[dict[str, str], int]:
    """SHA-256 -> answer, each once, MOST_ANSWERS bytes of them, and how many different ones are left out."""
    kept: dict[str, str] = {}
    left_out: set[str] = set()
    size = 0
    for one in exchanges:
        if one.sha256 in kept or one.sha256 in left_out:
            continue
        if (one.bytes and not one.text) or size + one.bytes > MOST_ANSWERS:
            left_out.add(one.sha256)
        else:
            kept[one.sha256] = one.text
            size += one.bytes
    return kept, len(left_out)
