"""What was sent and how far it got, as one part of the evidence of whatever is said about a run."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from obs_check.evidence.lost_lines import FILE_HOPS
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.model.finding import Finding, Observation, join_evidence
from obs_check.model.probe import Probe
from obs_check.model.tree import Json

_SHOWN = 3
"""Errors of requests that are kept."""


def with_run(findings: Iterable[Finding], run: Run | None, hops: Sequence[HopSeen]) -> list[Finding]:
    """The findings with the run they were found with; as they are without one."""
    if run is None:
        return list(findings)
    known = Observation((run_probe(run, hops),))
    return [replace(found, evidence=join_evidence([found.evidence, known])) for found in findings]


def run_probe(run: Run, hops: Sequence[HopSeen]) -> Probe:
    """The events by what they expect and by what became of them, and how many were seen at each hop: on each path, and
    in all, since each event makes a line on both."""
    errors = dict.fromkeys(sent.answer.error for sent in run.sent if sent.answer.error)
    answer: dict[str, Json] = {
        "events": len(run.sent),
        "expected": Counter(sent.event.decision for sent in run.sent),
        "decided": Counter(sent.answer.verdict for sent in run.sent),
        "as_expected": sum(sent.as_expected for sent in run.sent),
        "longest_url": max(len(sent.event.url) for sent in run.sent),
        "hops": {f"{hop.path} {hop.hop}": _counted([hop]) for hop in hops},
        "both_paths": {name: _counted(of) for name in _NAMES if (of := [h for h in hops if _name(h) == name])},
        **({"errors": list(errors)[:_SHOWN]} if errors else {}),
    }
    return Probe("run", f"run {run.id}, followed hop by hop", answer, run.window.end_ns, run.window)


_NAMES = ("files", "shipper", "loki")


def _name(hop: HopSeen) -> str:
    return "files" if hop.hop == FILE_HOPS[hop.path] else hop.hop


def _counted(hops: Sequence[HopSeen]) -> dict[str, int]:
    missing = sum(len(hop.missing) for hop in hops)
    return {"seen": sum(len(hop.wanted) for hop in hops) - missing, "missing": missing}
