"""A whole document made anew: its raw answers, hops, panels, claims, inputs, verdict, and both runs' comparison."""

import json
from collections.abc import Mapping
from hashlib import sha256

from obs_check.app.recompute.answers import recompute_answers
from obs_check.app.recompute.claims import recompute_claims
from obs_check.app.recompute.fields import why_left
from obs_check.app.recompute.head import healthy_of, recompute_head
from obs_check.app.recompute.hops import recompute_hops
from obs_check.app.recompute.panels import recompute_panels
from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.comparison import compare, compare_hops
from obs_check.app.verify.document import Document, JsonInputs
from obs_check.model.verdict import Verdict, worst


def recompute(document: "Document") -> Recomputed:
    """Go through a document of `Outcome.to_json`, of a confirmation or a demonstration, and the run inside of it."""
    found = Recomputed(left=why_left())
    _whole(document, "", found)
    return found


def _whole(document: "Document", place: str, found: Recomputed) -> None:
    before, after = document.get("before"), document.get("after")
    for key, inside in (("before", before), ("after", after)):
        if isinstance(inside, Mapping):
            _whole(inside, f"{place}{key}.", found)
    _one(document, place, found)
    last = after if isinstance(after, Mapping) else document
    found.same("verdicts", f"{place}verdict", document.get("verdict"), verdict_of(last))
    first, second = (document, after) if isinstance(after, Mapping) else (before, document)
    if "comparison" not in document:
        return
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        found.leave(f"{place}comparison", "the run before it is not in the document")
        return
    found.same("comparisons", f"{place}comparison", document["comparison"], compare(first, second))
    found.same("comparisons", f"{place}hop_comparison", document.get("hop_comparison"), compare_hops(first, second))


def _one(document: "Document", place: str, found: Recomputed) -> None:
    recompute_answers(document, place, found)
    recompute_hops(document, place, found)
    recompute_panels(document, place, found)
    _proofs(document, place, found)
    recompute_claims(document, place, found)
    recompute_head(document, place, found)
    if inputs := document.get("inputs"):
        _inputs(inputs, place, found)


def verdict_of(document: "Document") -> str:
    """As Outcome's, of one run: that of what was looked at; unknown where it did not come to its end or looked at
    nothing. A run that was only sent has that of its events."""
    hops, panels = document.get("hops") or [], document.get("panels") or []
    findings = document.get("findings") or []
    sent = document.get("events") or [] if document.get("command") == "inject" else []
    if document.get("ended") or not (hops or panels or findings or sent):
        return str(Verdict.UNKNOWN)
    if sent:
        expected = all(event.get("verdict") == event.get("decision") for event in sent)
        return str(Verdict.OK if expected else Verdict.FAIL)
    verdicts = [Verdict(str(row["verdict"])) for row in (*hops, *panels)]
    verdicts += [Verdict.FAIL for finding in findings if finding.get("severity") == "error"]
    verdicts += [Verdict.UNKNOWN for _ in document.get("outages") or ()]
    healthy = healthy_of(document)
    verdicts += [Verdict(healthy)] if healthy not in ("", "not asked") else []
    return str(worst(verdicts))


def _proofs(document: "Document", place: str, found: Recomputed) -> None:
    """A proof has both sides, and its pair is one probe of each."""
    for n, finding in enumerate(document.get("findings") or ()):
        evidence, probes = finding.get("evidence") or {}, finding.get("probes") or []
        where = f"{place}findings[{n}].evidence"
        if evidence.get("kind") == "observation":
            found.same("proofs", where, evidence.get("seen"), len(probes))
        elif evidence.get("kind") == "proof":
            both, changed = evidence.get("as_written") or 0, evidence.get("changed") or 0
            pair = list(evidence.get("pair") or ())
            sides = both > 0 and changed > 0 and len(pair) == 2 and 0 <= pair[0] < both <= pair[1] < len(probes)
            found.same("proofs", where, (both + changed, sides), (len(probes), True))


def _inputs(inputs: "JsonInputs", place: str, found: Recomputed) -> None:
    for n, file in enumerate(inputs.get("files") or ()):
        where = f"{place}inputs.files[{n}]"
        if file.get("text"):
            raw = str(file["text"]).encode("utf-8", "replace")
            kept = (file.get("bytes"), file.get("sha256"))
            found.same("inputs", where, kept, (len(raw), sha256(raw).hexdigest()))
        elif file.get("bytes"):
            found.leave(where, "too large to be kept: its SHA-256 is")
    dashboard = inputs.get("dashboard")
    if dashboard and dashboard.get("model") is not None:
        text = json.dumps(dashboard["model"], ensure_ascii=False, sort_keys=True, default=str)
        digest = sha256(text.encode("utf-8", "replace")).hexdigest()
        found.same("inputs", f"{place}inputs.dashboard", dashboard.get("sha256"), digest)
