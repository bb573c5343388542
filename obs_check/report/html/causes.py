"""The causes of a run as the page tells them: the claim, both sides of its proof, the fix, the panels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.app.verify.document import Evidence, JsonFinding
from obs_check.model.secret import shorten
from obs_check.report.html.probes import NumberedProbe, Probes, result
from obs_check.report.html.runs import ToldRun
from obs_check.report.screen import SAFETY
from obs_check.report.tables import evidence_of

_EXCERPT = 240
"""Characters of an answer that stand in for a word."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a proof, or what was seen: the question that says it, what it was answered in a word, the beginning
    of its answer where a word does not do, and the questions that lead there."""

    title: str
    probe: NumberedProbe
    result: str
    excerpt: str
    others: Sequence[NumberedProbe]


@dataclass(frozen=True, slots=True)
class ToldCause:
    """`panels` are (number, anchor or ""), `diff` is (kind, line) where kind is `add`, `del`, `place` or ""."""

    number: int
    anchor: str
    cause: str
    severity: str
    known: str
    hop: str
    claim: str
    sides: Sequence[Side]
    fix: str
    safety: str
    safety_words: str
    place: str
    diff: Sequence[tuple[str, str]]
    panels: Sequence[tuple[str, str]]


def told_causes(run: ToldRun, probes: Probes) -> list[ToldCause]:
    """The findings in their order; every probe of them gets its number."""
    return [_told(run, number, finding, probes) for number, finding in enumerate(run.document.get("findings") or (), 1)]


def _told(run: ToldRun, number: int, finding: "JsonFinding", probes: Probes) -> ToldCause:
    anchor, cause = run.anchor("cause", number), str(finding.get("cause") or "")
    fix = finding.get("fix") or {}
    safety = str(fix.get("safety") or "manual")
    asked = [p for p in finding.get("probes") or () if isinstance(p, Mapping)]
    taken = [(probes.take(run, probe, (anchor, f"cause {number}")), probe.get("answer")) for probe in asked]
    places = {str(panel.get("id")): run.anchor("panel", n) for n, panel in reversed([*enumerate(run.rows("panels"))])}
    return ToldCause(
        number,
        anchor,
        cause,
        str(finding.get("severity") or ""),
        evidence_of(finding),
        str(finding.get("hop") or ""),
        str(finding.get("claim") or ""),
        _sides(finding.get("evidence") or {}, taken),
        str(fix.get("summary") or ""),
        safety,
        SAFETY.get(safety, ""),
        str(fix.get("path") or ""),
        [(_kind(line), line) for line in str(fix.get("diff") or "").splitlines()],
        [(str(panel), places.get(str(panel), "")) for panel in finding.get("panels") or ()],
    )


def _sides(evidence: "Evidence", taken: list[tuple[NumberedProbe, Any]]) -> list[Side]:
    if not taken:
        return []
    both = evidence.get("as_written")
    if evidence.get("kind") == "proof" and isinstance(both, int) and 0 < both < len(taken):
        pair = list(evidence.get("pair") or ())
        first, second = pair if len(pair) == 2 else (both - 1, both)
        return [
            _side("as written", taken[:both], min(max(first, 0), both - 1)),
            _side("changed", taken[both:], min(max(second - both, 0), len(taken) - both - 1)),
        ]
    return [_side("seen", taken, len(taken) - 1)]


def _side(title: str, taken: Sequence[tuple[NumberedProbe, object]], place: int) -> Side:
    probe, answer = taken[place]
    said = result(answer)
    excerpt = "" if said else shorten(probe.answer, _EXCERPT)
    return Side(title, probe, said, excerpt, [other for n, (other, _) in enumerate(taken) if n != place])


def _kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return {"+": "add", "-": "del"}.get(line[:1], "")
