"""Documents that an earlier command kept. They are input: what is of another shape is named, and nothing is done."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from obs_check.client.answer import NoJson, decoded, shaped
from obs_check.client.executors.wrap import Kind
from obs_check.errors import InputError
from obs_check.follow.journal import journal_path, read_journal
from obs_check.follow.run import Run, run_from_json
from obs_check.model.event import Decision

Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""ns since the epoch."""
Judged = Literal["ok", "fail", "unknown"]


class _Window(Struct):
    start_ns: Moment
    end_ns: Moment


class _Event(Struct):
    tag: Annotated[str, Meta(pattern=r"^[a-z0-9]{4,16}-[0-9]{1,9}-(allow|deny)$")]
    decision: Decision
    method: str
    url: Annotated[str, Meta(pattern=r"^https?://[^\s\[\]]+$")]
    sent_ns: Moment
    status: int | None
    verdict: str
    error: str
    client: str | None = None
    answered_ns: Moment | None = None


class _Wrap(Struct):
    kind: Kind
    evidence: list[str]
    tool_call: bool


class _Through(Struct):
    via: str
    place: str
    proves: str
    proves_not: str
    wrap: _Wrap
    hold: str


class _Hop(Struct):
    path: Literal["A", "B"]
    hop: str
    sent: int
    seen: int
    verdict: Judged
    missing: list[str] | None = None
    latency_ms: float | None = None
    note: str | None = None


class _Panel(Struct):
    id: int
    title: str
    reads: str
    verdict: Judged
    of_run: str | None = None
    cause: str | None = None
    notes: list[str] | None = None


class _Row(Struct):
    """A row that is only shown."""


class _Probe(Struct):
    system: str | None = None
    request: str | None = None
    answer: Any = None
    window: _Window | None = None
    at: int | None = None


class _Fix(Struct):
    summary: str | None = None
    diff: str | None = None
    safety: str | None = None
    path: str | None = None


class _Evidence(Struct):
    kind: str | None = None


class _Finding(Struct):
    cause: str
    severity: str | None = None
    hop: str | None = None
    claim: str | None = None
    evidence: _Evidence | None = None
    probes: list[_Probe] | None = None
    fix: _Fix | None = None
    panels: list[int] | None = None


class _Document(Struct):
    schema: Literal["obs-check/1"]
    command: str
    verdict: Judged
    run: Annotated[str, Meta(pattern=r"^[a-z0-9]{4,16}$")] | None = None
    window: _Window | None = None
    through: _Through | None = None
    events: list[_Event] | None = None
    hops: list[_Hop] | None = None
    panels: list[_Panel] | None = None
    control: list[_Row] | None = None
    findings: list[_Finding] | None = None
    unexplained: list[str] | None = None
    suggested: list[_Row] | None = None
    outages: list[str] | None = None
    changes: list[str] | None = None
    ended: str | None = None
    comparison: list[_Row] | None = None
    hop_comparison: list[_Row] | None = None
    after: "_Document | None" = None


_RUN = re.compile(r"[a-z0-9]{4,16}")
_HINT = "give a file kept with --save"


def load_document(path: Path) -> dict[str, Any]:
    """A document of ours, with empty lists where it has none; InputError naming the file, the place in it and what is
    wrong there."""
    try:
        document = decoded(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", _HINT) from error
    except NoJson as error:
        raise InputError(f"{path}: not JSON: {error}", _HINT) from None
    if not isinstance(document, dict) or document.get("schema") != "obs-check/1":
        raise InputError(f"{path}: not a document of obs-check", _HINT)
    try:
        shaped(document, _Document)
    except NoJson as error:
        raise InputError(f"{path}: {error}", _HINT) from None
    return document | {key: document.get(key) or [] for key in ("events", "hops", "panels")}


def load_judged(path: Path) -> dict[str, Any]:
    """A document that says what panels read; InputError when it says it of none."""
    document = load_document(path)
    if not document["panels"]:
        raise InputError(
            f"{path}: holds no panels to compare with", "keep one with `verify --save` or `diagnose --save`"
        )
    return document


def find_run(named: str, state: Path | None, say: Callable[[str], None]) -> Run:
    """The run in a document or a journal, or, where no file is called so, that of the journal with this id in the state
    directory; what was not sent of it is said. InputError when there is none, Unavailable while it is being sent."""
    path = Path(named)
    journal = state and _RUN.fullmatch(named) and journal_path(state, named)
    if path.suffix == ".jsonl" or (journal and journal.exists() and not path.exists()):
        run, planned = read_journal(journal or path)
        if planned > len(run.sent) or run.in_doubt:
            doubt = f", of {len(run.in_doubt)} of them it is not known" if run.in_doubt else ""
            say(f"run {run.id}: {len(run.sent)} of {planned} events were sent before obs-check ended{doubt}")
        return run
    return load_run(path)


def load_run(path: Path) -> Run:
    """The run in a document; InputError when it holds none."""
    document = load_document(path)
    run, window = document.get("run"), document.get("window")
    if not document["events"] or run is None or window is None:
        raise InputError(f"{path}: holds no run", "keep one with `inject` or `verify --save`")
    if any(not event["tag"].startswith(f"{run}-") for event in document["events"]):
        raise InputError(f"{path}: an event is not of run {run}", _HINT)
    if window["end_ns"] < window["start_ns"]:
        raise InputError(f"{path}: the window ends before it starts", _HINT)
    return run_from_json({**document, "id": run})
