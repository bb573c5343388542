"""Documents that pages are made of: a real demonstration's, and what can be told of it in other ways."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any

_KEPT = Path(__file__).parent.parent / "fixtures" / "report" / "demo.json.gz"


def demonstration() -> Any:
    """Three causes, their fixes, and a run after them; a document that a command kept."""
    return dict(json.loads(gzip.decompress(_KEPT.read_bytes())))


def negative() -> Any:
    """The run before the fixes alone."""
    found = demonstration()
    for key in ("after", "comparison", "hop_comparison"):
        found.pop(key)
    return found | {"command": "verify", "verdict": "fail", "changes": []}


def healthy() -> Any:
    """The run after the fixes alone."""
    return dict(demonstration()["after"]) | {"command": "verify"}


def unknown() -> Any:
    """A run whose Loki did not answer."""
    found = copy.deepcopy(healthy())
    for hop in found["hops"]:
        if hop["hop"] in ("loki", "panel"):
            hop |= {"seen": 0, "verdict": "unknown", "latency_ms": None, "note": "Loki does not answer: timed out"}
    for panel in found["panels"]:
        panel |= {"verdict": "unknown", "reads": "", "of_run": "", "state": "error"}
    return found | {"verdict": "unknown", "outages": ["Loki does not answer: timed out"]}


def confirmation() -> Any:
    """The run after the fixes, with the one before it."""
    found = demonstration()
    kept = {key: found[key] for key in ("comparison", "hop_comparison")}
    return healthy() | {"command": "confirm", "before": negative()} | kept


def small() -> Any:
    """The run before the fixes with three panels and two events: small enough to be changed in every place."""
    found = negative()
    found["panels"] = [row for row in found["panels"] if row["id"] in (1, 8, 10)]
    found["events"] = found["events"][:2]
    for hop in found["hops"]:
        hop |= {"events": hop["events"][:2], "probes": hop["probes"][:1]}
    inputs = found["inputs"]
    inputs["files"] = inputs["files"][:1]
    inputs["dashboard"]["model"]["panels"] = [
        p for p in inputs["dashboard"]["model"]["panels"] if p["id"] in (1, 8, 10)
    ]
    for finding in found["findings"]:
        finding["probes"] = finding["probes"][:4]
        finding["evidence"] = {"kind": "proof", "as_written": 2, "changed": 2, "pair": [1, 2]}
    used = json.dumps([found["panels"], found["hops"]])
    found["answers"] = {digest: text for digest, text in found["answers"].items() if digest in used}
    return found


def unexplained() -> Any:
    """Panels that are wrong, and nothing that says why; no events were sent."""
    found = negative() | {"command": "diagnose", "run": None, "window": None, "events": [], "hops": [], "findings": []}
    found["panels"] = [panel | {"cause": "", "of_run": "", "proof": None} for panel in found["panels"]]
    return found | {"unexplained": ['panel 1: 20 lines pass `| logfmt`, none passes `| decision="deny"`']}


def large() -> Any:
    """A run of `--count`: its events stand in a journal, and no panel was read."""
    found = healthy()
    hops = [hop for hop in found["hops"] if hop["hop"] != "panel"]
    for hop in hops:
        hop |= {"sent": 600, "seen": 600, "events": [], "probes": [], "p95_ms": 163.2, "max_ms": 1258.2}
        hop |= {"late": [], "duplicate": ["abcdef-7-deny"], "displaced": [], "unexpected": []}
    load = {"count": 600, "asked_per_s": 0.0, "sent": 600, "sent_per_s": 316.7}
    return found | {"events": [], "hops": hops, "panels": [], "control": [], "load": load}


DOCUMENTS = {
    "demo": demonstration,
    "negative": negative,
    "healthy": healthy,
    "unknown": unknown,
    "confirm": confirmation,
    "unexplained": unexplained,
    "large": large,
}
