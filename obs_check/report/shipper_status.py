"""A shipper's snapshot as a document and as tables."""

from collections.abc import Mapping
from typing import Any, TextIO

from rich.text import Text

from obs_check.follow.shipping import in_words, refusal_in_words, skipped_in_words
from obs_check.model.shipping import FileState, ShipperState
from obs_check.model.shipping_account import ShippingAccount
from obs_check.model.tree import Json
from obs_check.model.verdict import Verdict
from obs_check.model.wording import count_noun
from obs_check.report.console import cell, make_console, plain_table
from obs_check.report.json import document
from obs_check.report.terminal import escape_controls

_BROKEN = ("shrunk", "replaced", "not tailed", "unknown file")


def problems(state: ShipperState, found: ShippingAccount | None) -> list[str]:
    """What is wrong, one sentence each: files that are not read, entries given up, components that are not healthy.

    With an account, drops count only when they happened in its time.
    """
    # A file that a job's path fits is found within promtail's sync period (10 s): that is not a problem yet.
    broken = [f for f in state.files if f.state in _BROKEN and not (f.state == "unknown file" and f.job)]
    shut = {path: words for path, words in state.unopened.items() if _shut(state.file(path))}
    told = [in_words(f) + (f": its log says `{shut.pop(f.path)}`" if f.path in shut else "") for f in broken]
    told += [skipped_in_words(f) for f in state.files if f.skipped]
    told += [f"{path} could not be opened: its log says `{words}`" for path, words in sorted(shut.items())]
    drops = state.client_drops if found is None else found.client_drops
    told += [f"{count_noun(count, 'entry')} given up: {reason}" for reason, count in sorted(drops.items())]
    told += [refusal_in_words(r) for r in state.refusals if r.source == "shipper log" and r.final]
    return told + [f"component {text}" for text in state.components]


def _shut(file: FileState | None) -> bool:
    """Whether a file that could not be opened once is not being read now either."""
    return file is not None and file.read_lines is None and file.read_bytes is None


def status_document(state: ShipperState, found: ShippingAccount | None) -> tuple[dict[str, Json], Verdict]:
    """The document and its verdict: fail with a problem; unknown when nothing is said of any file."""
    wrong = problems(state, found)
    silent = not state.files and bool(state.missing)
    verdict = Verdict.FAIL if wrong else Verdict.UNKNOWN if silent else Verdict.OK
    rest = {**state.to_json(), "account": found.to_json() if found else None, "problems": wrong}
    return document("shipper status", str(verdict), None, **rest), verdict


def print_status(doc: Mapping[str, Any], file: TextIO, color: bool) -> None:
    """Files, targets, destinations, what stages dropped; then the account and the problems."""
    console = make_console(file, color)
    if doc["files"]:
        table = plain_table("Files", "path", "job", ">disk", ">read", ">left", ">lines", "state")
        for row in doc["files"]:
            offset = row["position"] if row["read_bytes"] is None else row["read_bytes"]
            if row["state"] == "read" and row["disk_bytes"] is not None:
                offset = row["disk_bytes"]
            elif row["state"] == "stale":
                offset = f"{offset} and more"
            cells = (row["path"], row["job"], row["disk_bytes"], offset, row["left"], row["read_lines"], row["state"])
            table.add_row(*map(cell, cells))
        console.print(table)
    if doc["targets"]:
        table = plain_table("Targets", "job", "path", "labels", "ready", "dropped")
        for row in doc["targets"]:
            labels = ", ".join(f'{k}="{v}"' for k, v in sorted(row["labels"].items()))
            ready = "" if row["ready"] is None else "yes" if row["ready"] else "no"
            table.add_row(*map(cell, (row["job"], row["path"], labels, ready, row["dropped"])))
        console.print(table)
    if doc["destinations"]:
        table = plain_table("Destinations", "host", "tenants", ">sent", ">bytes", "dropped", ">retries", "requests")
        for row in doc["destinations"]:
            host = f"{row['component']} {row['host']}".strip()
            tenants = ", ".join(t or "(none)" for t in row["tenants"])
            counts = (row["sent_entries"], row["sent_bytes"], _counts(row["dropped"]), row["retries"])
            table.add_row(*map(cell, (host, tenants, *counts, _counts(row["requests"]))))
        console.print(table)
    if doc["stage_drops"]:
        console.print(Text(escape_controls(f"dropped by stages: {_counts(doc['stage_drops'])}")))
    if doc["account"]:
        console.print(Text(escape_controls(f"meanwhile: {doc['account']['sentence']}")))
    for text in doc["missing"]:
        console.print(Text(escape_controls(f"not known: {text}"), "yellow"))
    for text in doc["problems"]:
        console.print(Text(escape_controls(f"problem: {text}"), "red"))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items()))
