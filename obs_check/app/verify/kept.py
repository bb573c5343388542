"""Documents that an earlier command kept. They are input: what is of another shape is named, and nothing is done."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

from obs_check.app.verify.document import Document
from obs_check.client.answer import NoJson, as_type, decode_json
from obs_check.errors import InputError
from obs_check.follow.journal import journal_path, read_journal
from obs_check.follow.run import Run, run_from_json

_RUN = re.compile(r"[a-z0-9]{4,16}")
_HINT = "give a file kept with --save"


def load_document(path: Path) -> Document:
    """A document of ours, with empty lists where it has none; InputError naming the file, the place in it and what is
    wrong there."""
    try:
        return read_document(path.read_bytes(), str(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", _HINT) from error


def read_document(raw: bytes, source: str) -> Document:
    """As `load_document`, from bytes; `source` is what errors call it."""
    try:
        document = decode_json(raw)
    except NoJson as error:
        raise InputError(f"{source}: not JSON: {error}", _HINT) from None
    if not isinstance(document, dict) or document.get("schema") != "obs-check/1":
        raise InputError(f"{source}: not a document of obs-check", _HINT)
    try:
        as_type(document, Document)
    except NoJson as error:
        raise InputError(f"{source}: {error}", _HINT) from None
    # As it is kept: what a later version has besides stays in it.
    return cast(Document, document | {key: document.get(key) or [] for key in ("events", "hops", "panels")})


def load_judged(path: Path) -> Document:
    """A document that says what panels read; InputError when it says it of none."""
    document = load_document(path)
    if not document["panels"]:
        raise InputError(
            f"{path}: holds no panels to compare with", "keep one with `verify --save` or `diagnose --save`"
        )
    return document


def find_run(named: str, state: Path | None, say: Callable[[str], None], kept: Callable[[], Path] | None = None) -> Run:
    """The run in a document or a journal, or, where no file is called so, that of the journal with this id in the state
    directory, else of the document that is `kept` of it; what was not sent of it is said. InputError when there is
    none, Unavailable while it is being sent."""
    path = Path(named)
    journal = state and _RUN.fullmatch(named) and journal_path(state, named)
    if path.suffix == ".jsonl" or (journal and journal.exists() and not path.exists()):
        run, planned = read_journal(journal or path)
        if planned > len(run.sent) or run.in_doubt:
            doubt = f", of {len(run.in_doubt)} of them it is not known" if run.in_doubt else ""
            say(f"run {run.id}: {len(run.sent)} of {planned} events were sent before obs-check ended{doubt}")
        return run
    return load_run(kept() if kept else path)


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
