"""The head of a run's document: that agents work behind the firewall and all of it is recorded and shown, or what of
that does not hold, why, and what is needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.app.systems.health import Health
from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.model.finding import Finding
from obs_check.model.verdict import Verdict, worst
from obs_check.model.wording import count_noun

SUCCESS = "SUCCESS"
NEGATIVE = "DOCUMENTED NEGATIVE"
UNDECIDED = "UNDECIDED"
PARTS_OF_HOP = {"egress": "denied", "panel": "shown"}
"""Every other hop is one of the records' way."""
_ON_THE_WAY = frozenset({"file", "socket", "shipper", "ingest"})
"""Where the causes sit that keep a record from Loki."""
_LINES = 10


@dataclass(frozen=True, slots=True)
class Part:
    """`name` is healthy, denied, audited or shown; None of a verdict means that nobody asked for it. `lines` are what
    was logged or printed, `why` the causes, `needed` what would mend it."""

    name: str
    verdict: Verdict | None
    says: str
    lines: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """{"part", "verdict", "says", "lines", "why", "needed"}."""
        return {
            "part": self.name,
            "verdict": str(self.verdict) if self.verdict else "not asked",
            "says": self.says,
            "lines": list(self.lines),
            "why": list(self.why),
            "needed": list(self.needed),
        }


def result_of(
    run: Run | None,
    hops: Sequence[HopSeen],
    panels: Sequence[PanelVerdict],
    findings: Sequence[Finding],
    health: Health,
    ended: str,
) -> dict[str, Any] | None:
    """{"head", "parts"}; None without a run. SUCCESS takes every part; one that fails makes it DOCUMENTED NEGATIVE,
    whatever else is unknown; else it is UNDECIDED, as when the command was ended or a part was not asked for."""
    if run is None:
        return None
    parts = [
        _healthy(health),
        _denied(run, findings),
        _of_hops("audited", [h for h in hops if h.hop not in PARTS_OF_HOP], findings),
        _shown(panels, findings),
    ]
    head = head_of([part.verdict or Verdict.UNKNOWN for part in parts], ended)
    return {"head": head, "parts": [part.to_json() for part in parts]}


def head_of(verdicts: Sequence[Verdict], ended: str) -> str:
    """The head that the verdicts of the parts make."""
    heads = {Verdict.OK: SUCCESS, Verdict.FAIL: NEGATIVE, Verdict.UNKNOWN: UNDECIDED}
    verdict = worst(verdicts)
    return UNDECIDED if ended and verdict is Verdict.OK else heads[verdict]


def _healthy(health: Health) -> Part:
    if not health.asked:
        return Part("healthy", None, "no checks are configured, so nothing is said of the workspace")
    broken = [
        (when, one) for when, side in (("before", health.before), ("after", health.after)) for one in side if not one.ok
    ]
    count = len({one.name for one in (*health.before, *health.after)})
    lines = [f"{one.name}: {line}" for _, one in broken for line in one.output.splitlines()[-3:]]
    why = [f"{one.name}, {when} the run: {one.says}" for when, one in broken]
    # A command that was ended may have asked on one side alone.
    sides = " and ".join(when for when, side in (("before", health.before), ("after", health.after)) if side)
    wrong = len({one.name for _, one in broken})
    asked = f"{count_noun(count, 'check')} {sides} the run, {wrong} not as they have to be"
    needed = [] if any(when == "before" for when, _ in broken) else ["it worked before: look at what ran in between"]
    return Part(
        "healthy",
        health.verdict,
        "; ".join([asked if sides else "no check was run", *health.unknown]),
        tuple(lines[:_LINES]),
        tuple(why),
        tuple(needed or ["mend the workspace first: it did not work before anything was sent"]) if broken else (),
    )


def _denied(run: Run, findings: Sequence[Finding]) -> Part:
    known = [one for one in run.sent if one.answer.verdict != "not_known"]
    wrong = [one for one in known if not one.as_expected]
    denied = [one for one in known if one.event.decision == "deny"]
    right = sum(one.as_expected for one in denied)
    said = (
        f"{right} of {count_noun(len(denied), 'request')} denied, {len(known) - len(denied)} to be allowed, "
        f"{len(wrong)} otherwise"
    )
    if unknown := len(run.sent) - len(known):
        said += f", {unknown} whose answer is not known"
    verdict = Verdict.FAIL if wrong else Verdict.OK if len(known) == len(run.sent) else Verdict.UNKNOWN
    lines = tuple(f"{one.event.tag}: {one.answer.verdict} {one.answer.error}".strip() for one in wrong[:_LINES])
    return _explained("denied", verdict, said, lines, [f for f in findings if f.hop == "egress"])


def _of_hops(name: str, hops: Sequence[HopSeen], findings: Sequence[Finding]) -> Part:
    if not hops:
        return Part(name, Verdict.UNKNOWN, "no hop was looked at")
    verdict = worst(hop.verdict for hop in hops)
    broken = [hop for hop in hops if hop.verdict is not Verdict.OK]
    said = f"{len(hops) - len(broken)} of {len(hops)} hops have every record{_unknown(hops)}"
    # What an unknown hop has not seen may still come, or be there.
    lines = [
        f"path {h.path} {h.hop}: {', '.join(h.missing[:_LINES]) if h.verdict is Verdict.FAIL else h.told()}"
        for h in broken
    ]
    return _explained(name, verdict, said, tuple(lines[:_LINES]), [f for f in findings if f.hop in _ON_THE_WAY])


def _shown(panels: Sequence[PanelVerdict], findings: Sequence[Finding]) -> Part:
    if not panels:
        return Part("shown", None, "no panel was read")
    verdict = worst(row.verdict for row in panels)
    broken = [row for row in panels if row.verdict is not Verdict.OK]
    said = f"{len(panels) - len(broken)} of {count_noun(len(panels), 'panel')} read as they should{_unknown(panels)}"
    lines = tuple(f"panel {row.view.panel.id} {row.view.panel.title}: {row.differs or row.verdict}" for row in broken)
    ids = {row.view.panel.id for row in broken}
    return _explained("shown", verdict, said, lines[:_LINES], [f for f in findings if ids & set(f.panels)])


def _unknown(rows: Sequence[HopSeen] | Sequence[PanelVerdict]) -> str:
    unknown = sum(row.verdict is Verdict.UNKNOWN for row in rows)
    return f", {unknown} unknown" if unknown else ""


def _explained(name: str, verdict: Verdict, said: str, lines: tuple[str, ...], causes: Sequence[Finding]) -> Part:
    if verdict is not Verdict.FAIL:
        return Part(name, verdict, said, lines)
    return Part(name, verdict, said, lines, tuple(_each(causes)), tuple(dict.fromkeys(f.fix.summary for f in causes)))


def _each(causes: Sequence[Finding]) -> Iterator[str]:
    yield from (f"{finding.cause}: {finding.claim}" for finding in causes)
