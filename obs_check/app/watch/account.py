"""What is left of a run when its document is on the disk: a few numbers, the same for any number of runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.app.verify.outcome import Outcome
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run
from obs_check.model.event import Decision
from obs_check.model.secret import hide_secrets
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, shown_time

UNEXPLAINED = "unexplained"
"""Stands for a cause where something is broken and no cause was found."""
_DECISIONS: tuple[Decision, ...] = ("allow", "deny")


@dataclass(frozen=True, slots=True)
class HopCount:
    """Events of one decision at one hop. What is neither seen nor missing is unknown: the hop could not be asked, or
    its time was not up. `latencies_s` are seconds from the sending of an event to when it was first seen there."""

    path: PathName
    hop: str
    decision: Decision
    sent: int
    seen: int
    missing: int
    latencies_s: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """{"path", "hop", "decision", "sent", "seen", "missing"}."""
        return {
            "path": self.path,
            "hop": self.hop,
            "decision": self.decision,
            "sent": self.sent,
            "seen": self.seen,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class PanelCheck:
    """The verdict on a panel. Copies of a repeated panel share their id, not their title."""

    id: int
    title: str
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """{"id", "title", "verdict"}."""
        return {"id": self.id, "title": self.title, "verdict": str(self.verdict)}


@dataclass(frozen=True, slots=True)
class RunAccount:
    """A run that has ended, however it did. `run` is None where nothing was sent; `causes` are ids of the catalogue for
    what is broken, `why` says in words what is unknown. Times are ns since the epoch."""

    run: str | None
    start_ns: int
    end_ns: int
    verdict: Verdict
    exit_code: int
    hops: tuple[HopCount, ...] = ()
    panels: tuple[PanelCheck, ...] = ()
    causes: tuple[str, ...] = ()
    why: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it took; never below 0, also where the clock was set back."""
        return max(0, self.end_ns - self.start_ns) / NS

    def to_json(self) -> dict[str, Any]:
        """{"schema", "command", "verdict", "run", "started", "seconds", "causes", "why", "hops", "panels"}."""
        return {
            "schema": "obs-check/1",
            "command": "watch",
            "verdict": str(self.verdict),
            "run": self.run,
            "started": shown_time(self.start_ns),
            "seconds": round(self.seconds, 3),
            "causes": list(self.causes),
            "why": list(self.why),
            "hops": [hop.to_json() for hop in self.hops],
            "panels": [panel.to_json() for panel in self.panels],
        }


def account_of(outcome: Outcome, start_ns: int, end_ns: int) -> RunAccount:
    """What an outcome, also one that did not come to its end, leaves."""
    run = outcome.run
    verdict = outcome.verdict
    causes = dict.fromkeys(finding.cause for finding in outcome.findings if finding.severity == "error")
    if verdict is Verdict.FAIL and not causes:
        causes = {UNEXPLAINED: None}
    why = dict.fromkeys(text for text in (outcome.ended, *outcome.outages, *_unasked(outcome)) if text)
    return RunAccount(
        run.id if run else None,
        start_ns,
        end_ns,
        verdict,
        outcome.exit_code,
        tuple(_counts(outcome.hops, run)) if run else (),
        tuple(PanelCheck(p.view.panel.id, hide_secrets(p.view.panel.title), p.verdict) for p in outcome.panels),
        tuple(causes),
        tuple(hide_secrets(text) for text in why),
    )


def _unasked(outcome: Outcome) -> Iterator[str]:
    yield from (hop.unknown for hop in outcome.hops)
    yield from (row.differs for row in outcome.panels if row.verdict is Verdict.UNKNOWN)


def _counts(hops: Sequence[HopSeen], run: Run) -> Iterator[HopCount]:
    sent_ns = {event.tag: event.sent_ns for event in run.events}
    for decision in _DECISIONS:
        tags = set(run.tags(decision))
        for hop in hops:
            wanted = [tag for tag in hop.wanted if tag in tags and tag not in hop.doubt]
            if wanted:
                missing = hop.missing if hop.verdict is Verdict.FAIL else []
                late = [max(0, hop.seen[tag] - sent_ns[tag]) / NS for tag in wanted if tag in hop.seen]
                counts = len(wanted), len(late), sum(tag in tags for tag in missing)
                yield HopCount(hop.path, hop.hop, decision, *counts, tuple(late))
