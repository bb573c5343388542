"""The verdict of a document in one sentence, and of a negative one what breaks, why, and what is needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from obs_check.app.verify.document import Document
from obs_check.model.tree import mappings_at, text_at
from obs_check.model.wording import count_noun
from obs_check.report.html.runs import ToldRun, runs_of
from obs_check.report.screen import summary

LABELS = {"ok": "SUCCESS", "fail": "DOCUMENTED NEGATIVE"}
"""What stands above the sentence; a document that claims nothing is UNDECIDED. A run that says itself whether it is a
success (`result`) is what it says."""

_PANELS = " panels do not read as they should"


@dataclass(frozen=True, slots=True)
class Headline:
    """`label` is what the document amounts to, `sentence` says it, `breaks` names each place that is not as it should
    be in the run that decides, `open_` what nothing is claimed about."""

    verdict: str
    label: str
    sentence: str
    breaks: list[str] = field(default_factory=list)
    open_: list[str] = field(default_factory=list)

    @property
    def look(self) -> str:
        """`ok`, `fail` or `unknown`: as what the label is drawn."""
        return next((verdict for verdict, label in LABELS.items() if label == self.label), "unknown")


def headline(document: "Document") -> Headline:
    """The last of the runs decides: that after the change where there were two."""
    verdict = str(document.get("verdict") or "unknown")
    runs = runs_of(document)
    last = runs[-1]
    label = text_at(last.document, "result", "head") or LABELS.get(verdict, "UNDECIDED")
    breaks = _breaks(last) if verdict == "fail" else []
    open_ = _open(last)
    match verdict:
        case "ok":
            sentence = _good(last, document) + _besides(last)
        case "fail":
            sentence = _bad(last, breaks)
        case _:
            sentence = f"Nothing is claimed: {open_[0] if open_ else 'nothing was looked at'}"
    return Headline(verdict, label, sentence.rstrip(".") + ".", breaks, open_)


def _good(run: ToldRun, document: "Document") -> str:
    panels, hops = run.rows("panels"), run.rows("hops")
    parts = []
    if run.sent and hops:
        parts.append(f"all {count_noun(run.sent, 'event')} reached every hop")
    if panels:
        parts.append(f"all {count_noun(len(panels), 'panel')} read as they should")
    said = _first(" and ".join(parts) or "everything that was looked at is as it should be")
    fixed = sum(row.get("change") == "fixed" for row in document.get("comparison") or ())
    causes = len(document.get("findings") or ()) if run.document is not document else 0
    if causes:
        said += f", after {count_noun(causes, 'cause')} that broke {fixed} of them {_was(causes)} fixed"
    elif fixed:
        said += f"; {fixed} of them did not before"
    if not run.sent:
        said += "; no events were sent"
    return said


def _besides(run: ToldRun) -> str:
    """What a success takes besides, and nobody asked for."""
    parts = mappings_at(run.document, "result", "parts")
    left = [str(part.get("part")) for part in parts if part.get("verdict") == "not asked"]
    return f"; not asked for: {', '.join(left)}" if left else ""


def _bad(run: ToldRun, breaks: Sequence[str]) -> str:
    """The causes and what they break; what is wrong alone where there is no cause."""
    said = summary(run.document)
    hops = [words for words in breaks if not words.endswith(_PANELS)]
    if said and "unexplained" not in said:
        return _first(f"{said}: {' and '.join(hops)}" if hops else said)
    sentence = _first(" and ".join(breaks) or "something is not as it should be")
    return f"{sentence}; {said}" if said else sentence


def _breaks(run: ToldRun) -> list[str]:
    found = []
    for path in dict.fromkeys(str(hop.get("path")) for hop in run.rows("hops")):
        for hop in run.rows("hops"):
            if str(hop.get("path")) == path and hop.get("verdict") == "fail":
                lost = int(hop.get("sent") or 0) - int(hop.get("seen") or 0)
                found.append(f"path {path} loses {lost} of {hop.get('sent')} events at {hop.get('hop')}")
                break
    panels = run.rows("panels")
    if wrong := [panel for panel in panels if panel.get("verdict") == "fail"]:
        found.append(f"{len(wrong)} of {len(panels)}{_PANELS}")
    return found


def _open(run: ToldRun) -> list[str]:
    found = [str(text) for text in run.document.get("outages") or ()]
    if ended := run.document.get("ended"):
        found.insert(0, f"it did not come to its end: {ended}")
    unread = [panel for panel in run.rows("panels") if panel.get("verdict") == "unknown"]
    unseen = [hop for hop in run.rows("hops") if hop.get("verdict") == "unknown"]
    if unread:
        found.append(f"{len(unread)} of {count_noun(len(run.rows('panels')), 'panel')} could not be judged")
    found += [f"hop {hop.get('hop')} of path {hop.get('path')} could not be judged" for hop in unseen]
    return list(dict.fromkeys(found))


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
