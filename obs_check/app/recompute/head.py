"""The checks of the workspace, and the head of a run with the verdict of each of its parts, made anew."""

from collections.abc import Mapping, Sequence

from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.document import Document, HealthRow, JsonEvent
from obs_check.app.verify.result import PARTS_OF_HOP, head_of
from obs_check.model.tree import mappings_at
from obs_check.model.verdict import Verdict, worst


def recompute_head(document: "Document", place: str, found: Recomputed) -> None:
    """Each check from its two sides, each part of the result from events, hops, panels and checks, the head from the
    parts."""
    for n, row in enumerate(document.get("checks") or ()):
        found.same("verdicts", f"{place}checks[{n}].verdict", row.get("verdict"), _checked(row))
    result = document.get("result")
    if not isinstance(result, Mapping) or document.get("load"):
        return
    verdicts: list[Verdict] = []
    for n, part in enumerate(result.get("parts") or ()):
        again = _part(str(part.get("part")), document, str(part.get("verdict")))
        found.same("verdicts", f"{place}result.parts[{n}].verdict", part.get("verdict"), again)
        verdicts.append(Verdict.UNKNOWN if again == "not asked" else Verdict(again))
    found.same(
        "verdicts", f"{place}result.head", result.get("head"), head_of(verdicts, str(document.get("ended") or ""))
    )


def healthy_of(document: "Document") -> str:
    """What the result says of the workspace; "" in documents without one."""
    parts = mappings_at(document, "result", "parts")
    return next((str(part.get("verdict")) for part in parts if part.get("part") == "healthy"), "")


def _checked(row: "HealthRow") -> str:
    sides = (row.get("before"), row.get("after"))
    if any(side is not None and not side.get("ok") for side in sides):
        return str(Verdict.FAIL)
    return str(Verdict.UNKNOWN if None in sides else Verdict.OK)


def _part(name: str, document: "Document", kept: str) -> str:
    hops, panels = document.get("hops") or (), document.get("panels") or ()
    match name:
        case "healthy":
            return _healthy(document.get("checks") or (), kept)
        case "denied":
            return _denied(document.get("events") or ())
        case "audited":
            way = [Verdict(str(hop["verdict"])) for hop in hops if hop.get("hop") not in PARTS_OF_HOP]
            return str(worst(way) if way else Verdict.UNKNOWN)
    return str(worst(Verdict(str(row["verdict"])) for row in panels)) if panels else "not asked"


def _healthy(checks: Sequence["HealthRow"], kept: str) -> str:
    """A check that could not be asked has no row, so that unknown stays what it is unless one failed."""
    if any(row.get("verdict") == "fail" for row in checks):
        return str(Verdict.FAIL)
    if not checks:
        return kept if kept in ("unknown", "not asked") else "not asked"
    asked = all(row.get("after") is not None for row in checks)
    return str(Verdict.OK) if asked and kept != "unknown" else str(Verdict.UNKNOWN)


def _denied(events: Sequence["JsonEvent"]) -> str:
    known = [event for event in events if event.get("verdict") != "not_known"]
    if any(event.get("verdict") != event.get("decision") for event in known):
        return str(Verdict.FAIL)
    return str(Verdict.OK if len(known) == len(events) else Verdict.UNKNOWN)
