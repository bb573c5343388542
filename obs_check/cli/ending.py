"""How a command ends: its document is written, and says so, whatever happens inside."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.errors import InputError, ObsCheckError, Unavailable, UsageError

IN_STORE = ("verify", "diagnose", "confirm", "trace", "inject", "demo")
"""Commands whose documents are kept."""

if TYPE_CHECKING:
    from obs_check.app.verify.document import Document
    from obs_check.cli.options import Output


class PartialOutcome(Protocol):
    """What a command has found so far."""

    @property
    def begun(self) -> bool:
        """Whether anything was done that has to be told also after wrong usage."""
        ...

    def stop(self, why: str) -> None:
        """Note that the command does not come to its end: its verdict is unknown."""
        ...

    def failed(self, error: ObsCheckError) -> None:
        """Note a system that does not answer or does not let us in."""
        ...

    def to_json(self) -> Any:
        """The document: of a run, or of tests."""
        ...


@contextmanager
def keep_document(out: "Output", found: PartialOutcome, save: Path | None = None, limit_s: float = 0) -> Iterator[None]:
    """Keep the document of a run among the runs, and in `save`, whatever happens inside; where the block is not left at
    its end, also show it.

    A block that a signal, a system that does not answer or an error of our own ends has the verdict unknown; wrong
    usage before anything was done leaves no document. After `limit_s` seconds (0: never) the block is out of time.
    A file that cannot be written is an InputError before the block begins; one that cannot be written any more behind
    it is told by `Output.finish`, or beside the error that ends the block.
    """
    from obs_check.client.files.text_files import check_target

    for path in (save, out.junit, out.summary):
        if path is not None:
            check_target(path)
    try:
        with insistent_interrupt(limit_s):
            yield
    except UsageError as error:
        if found.begun:
            found.stop(error.message)
            _keep_half(out, found, save, shown=out.json)
        raise
    except ObsCheckError as error:
        found.failed(error)
        found.stop("a system did not answer" if isinstance(error, Unavailable) else "not allowed")
        _keep_half(out, found, save, shown=out.json)
        raise
    except KeyboardInterrupt as stopped:
        found.stop(str(stopped) or "interrupted")
        _keep_half(out, found, save)
        raise
    except BaseException as error:
        found.stop(f"internal error: {type(error).__name__}")
        _keep_half(out, found, save)
        raise
    _keep(out, found.to_json(), save)


def _keep_half(out: "Output", found: PartialOutcome, save: Path | None, shown: bool = True) -> None:
    """Show and keep the document of a block that something ended, which is told by whoever caught it."""
    try:
        if shown:
            out.show(found.to_json())
    finally:
        _keep(out, found.to_json(), save)
        out.tell_unwritten()


def _keep(out: "Output", document: "Document", save: Path | None) -> None:
    with out.saving():
        write_document(document, save)
    out.write_summary(document)
    if out.junit is not None:
        from obs_check.report.junit import junit_of_run

        out.write_junit(out.junit, junit_of_run, document)
    answered = any(event["verdict"] not in ("no_answer", "not_known") for event in document.get("events") or ())
    if document["command"] in IN_STORE and (answered or document.get("panels")):
        _store(out, document)


def _store(out: "Output", document: "Document") -> None:
    """Keep a document in the state directory. A command does not fail because that cannot be written: it says so."""
    from obs_check.follow.run import new_run_id
    from obs_check.report.json import dumps

    run = str(document.get("run") or new_run_id())
    try:
        out.store().keep(dumps(document) + "\n", str(document["command"]), run, time.time_ns())
    except InputError as error:
        out.warn(f"run {run} is not kept: {error}")
    else:
        out.say(f"kept as run {run}")


def write_document(document: "Document", path: Path | None) -> None:
    """Write a document, whole or not at all; nothing without a path. Raises InputError."""
    if path is None:
        return
    from obs_check.client.files.text_files import write_result
    from obs_check.report.json import dumps

    write_result(path, dumps(document) + "\n")
