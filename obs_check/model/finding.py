"""A cause that was proved, with what proves it and what to change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from obs_check.model.probe import Probe

Severity = Literal["error", "warning", "info"]
Safety = Literal["safe", "review", "manual"]
"""safe: changes what is shown only; the panels were read whole with it and are right, and it lets nothing in that the
author left out. review: changes what is collected or kept, or what is shown in a way that a person has to agree with.
manual: a person has to do it."""
Meaning = Literal["same", "other", "figure", "wider"]
"""What a fix makes of what the author asked for: says the same in a way that works; asks for something else, which a
run that has to show may prove; makes another figure of it, such as a rate over another time, which no run proves;
leaves a condition out, so that more is shown than was asked for."""


@dataclass(frozen=True, slots=True)
class TargetEdit:
    """A new expression for one target of a panel."""

    panel: int
    ref_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PanelEdit:
    """A new value at `path` inside of a panel's JSON, or of the dashboard's where `panel` is None. None as a value
    means that the key is not there; Grafana reads null the same way."""

    panel: int | None
    path: tuple[str | int, ...]
    before: Any
    after: Any


DashboardEdit = TargetEdit | PanelEdit


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A new text for a configuration file."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What to change. `path` is the file or object that `diff` (unified) applies to; both empty when `manual`.

    `edits` are the same change in a form that can be applied; `meaning` is what it makes of the author's.
    """

    summary: str
    diff: str = ""
    safety: Safety = "manual"
    path: str = ""
    edits: tuple[DashboardEdit | FileEdit, ...] = ()
    meaning: Meaning = "other"

    def to_json(self) -> dict[str, str]:
        """{"summary", "diff", "safety", "path"}."""
        return {"summary": self.summary, "diff": self.diff, "safety": self.safety, "path": self.path}


@dataclass(frozen=True, slots=True)
class Subject:
    """What the finding is about; parts that do not apply are None."""

    dashboard: str | None = None
    panel: int | None = None
    target: str | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """{"dashboard", "panel", "target"}."""
        return {"dashboard": self.dashboard, "panel": self.panel, "target": self.target}


@dataclass(frozen=True, slots=True)
class Proof:
    """The same question asked twice: `as_written`, and `changed` with the very text of the fix. ValueError without
    both: a proof is a counterfactual that was run. `asked` is the place in `as_written` of the question that the first
    one of `changed` repeats; what stands around it leads there. `cured` says that one of `changed` is the panel's
    whole query with the fix, and that it is as it should be: then no further cause is looked for behind this one."""

    as_written: tuple[Probe, ...]
    changed: tuple[Probe, ...]
    asked: int = -1
    cured: bool = False

    def __post_init__(self) -> None:
        if not self.as_written or not self.changed:
            raise ValueError("a proof has two sides: as written and changed")

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Both sides, as written first."""
        return (*self.as_written, *self.changed)

    def to_json(self) -> dict[str, Any]:
        """{"kind": "proof", "as_written", "changed", "pair"}: how many of the finding's probes are of which side, in
        order, and the numbers (from 0) of the two that say it."""
        both = len(self.as_written)
        pair = [self.asked % both, both]
        return {"kind": "proof", "as_written": both, "changed": len(self.changed), "pair": pair}


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen: a log line, a counter, a setting. ValueError without any; it claims no more than that. `cured`
    says that the panel was read without what is wrong, which nobody can save, and is as it should be."""

    probes: tuple[Probe, ...]
    cured: bool = False

    def __post_init__(self) -> None:
        if not self.probes:
            raise ValueError("an observation has something that was seen")

    def to_json(self) -> dict[str, Any]:
        """{"kind": "observation", "seen"}: how many probes the finding has."""
        return {"kind": "observation", "seen": len(self.probes)}


Evidence = Proof | Observation


def join_evidence(parts: Sequence[Evidence]) -> Evidence:
    """All that several findings rest on: a proof where one of them is. A question that they share is kept once."""
    seen = _once(p for part in parts for p in (part.as_written if isinstance(part, Proof) else part.probes))
    changed = _once(p for part in parts if isinstance(part, Proof) for p in part.changed)
    if not changed:
        return Observation(seen)
    first = next(part for part in parts if isinstance(part, Proof))
    return Proof(seen, changed, seen.index(first.as_written[first.asked]))


def _once(probes: Iterable[Probe]) -> tuple[Probe, ...]:
    return tuple({id(probe): probe for probe in probes}.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause with its evidence. `cause` is an id of the catalogue (`pipeline.wrong-parser`), `hop` where it sits,
    `claim` one sentence, `panels` the ids of the panels it explains. Findings of one cause with the same
    `group` (the fix's summary where there is none) are one mistake seen in several panels. `until_event` says that the
    first event to arrive may end it, with nothing changed; `without_counters` that the agent's counters are not there
    at all, which other causes leave at 0."""

    cause: str
    severity: Severity
    hop: str
    subject: Subject
    claim: str
    evidence: Evidence
    fix: Fix
    panels: tuple[int, ...] = ()
    until_event: bool = False
    without_counters: bool = False
    group: str = ""

    @property
    def cured(self) -> bool:
        """Whether this was seen to be all that is wrong."""
        return self.evidence.cured

    @property
    def probes(self) -> tuple[Probe, ...]:
        """All that the evidence consists of."""
        return self.evidence.probes

    def to_json(self) -> dict[str, Any]:
        """The finding of the JSON contract."""
        return {
            "cause": self.cause,
            "severity": self.severity,
            "hop": self.hop,
            "subject": self.subject.to_json(),
            "claim": self.claim,
            "evidence": self.evidence.to_json(),
            "probes": [p.to_json() for p in self.probes],
            "fix": self.fix.to_json(),
            "panels": list(self.panels),
        }
