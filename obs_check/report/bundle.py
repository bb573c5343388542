"""A run as one archive that proves itself: the document with all raw answers, tables, report, and a manifest.

Everything but the document is made from it, so whoever has the archive makes all of it anew. docs/bundle.md has the
format.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from obs_check import __version__
from obs_check.app.recompute.document import recompute
from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.document import Document
from obs_check.app.verify.kept import read_document
from obs_check.client.answer import NoJson, decode_json
from obs_check.errors import InputError
from obs_check.model.tree import value_at
from obs_check.model.wording import count_noun
from obs_check.report.csv import csv_text
from obs_check.report.html.page import to_html
from obs_check.report.json import dumps
from obs_check.report.markdown import to_markdown
from obs_check.report.tables import evidence_tables

SCHEMA = "obs-check-bundle/1"
MANIFEST = "manifest.json"
DOCUMENT = "document.json"
SIGNATURE = "manifest.json.sig"
_READ_ME = """This archive is the evidence of one run of obs-check.

{document}   everything that was seen, with every raw answer
report.html     the same for a person: open it in a browser, it asks nothing of anyone
report.md       the same as text
tables/         the same as CSV, for a spreadsheet
inputs/         the dashboard and the configurations that were judged by, without their secrets
{manifest}   every file with its size and SHA-256

    obs-check bundle verify THIS.zip

makes everything but the document anew from its raw answers, on any machine, and says what does not match.
"""
_MOST_SHOWN = 30
"""Differences that are listed; `-o json` has all."""


def bundle_files(document: "Document") -> dict[str, bytes]:
    """The files of a bundle by name, the manifest first; the same document gives the same bytes."""
    made = {DOCUMENT: f"{dumps(document)}\n".encode(), **_made_from(document)}
    return {MANIFEST: _manifest(document, made), **made}


def _made_from(document: "Document") -> dict[str, bytes]:
    tables = evidence_tables(document)
    files = {
        "README.txt": _READ_ME.format(document=DOCUMENT, manifest=MANIFEST),
        "report.html": to_html(document),
        "report.md": to_markdown(document, tables),
        **{f"tables/{table.name}.csv": csv_text(table) for table in tables},
        **_inputs(document),
    }
    return {name: text.encode("utf-8", "replace") for name, text in sorted(files.items())}


def _inputs(document: "Document") -> dict[str, str]:
    inputs = document.get("inputs")
    files = {}
    for n, file in enumerate((inputs and inputs.get("files")) or (), 1):
        if file.get("text"):
            ending = "json" if str(file.get("path") or "").endswith(".json") else "txt"
            files[f"inputs/{n}-{_name(str(file.get('role') or ''))}.{ending}"] = str(file["text"])
    model = value_at(inputs, "dashboard", "model")
    if model is not None:
        files["inputs/dashboard.json"] = json.dumps(model, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    return files


def _name(role: str) -> str:
    return "".join(char for char in role if char.isascii() and (char.isalnum() or char == "-"))[:40] or "file"


def _manifest(document: "Document", files: Mapping[str, bytes], version: str = __version__) -> bytes:
    listed = [
        {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()} for name, content in files.items()
    ]
    said = {
        "schema": SCHEMA,
        "obs_check": version,
        "command": document.get("command"),
        "run": document.get("run"),
        "verdict": document.get("verdict"),
        "files": listed,
    }
    return f"{json.dumps(said, indent=2)}\n".encode()


@dataclass(slots=True)
class Verified:
    """What verifying a bundle found. `problems` are (file, what is wrong with its bytes); `recomputed` is about the
    document; `left` says what was not checked, and why."""

    run: str = ""
    command: str = ""
    verdict: str = ""
    made_by: str = ""
    ended: str = ""
    files: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    recomputed: Recomputed = field(default_factory=Recomputed)
    left: dict[str, str] = field(default_factory=dict)
    signed_by: str = ""

    @property
    def matches(self) -> bool:
        """Whether everything that was checked is as it was written, and says what its raw answers say."""
        return not self.problems and not self.recomputed.differences

    def to_json(self) -> dict[str, Any]:
        """The document of `bundle verify`."""
        return {
            "schema": "obs-check/1",
            "command": "bundle verify",
            "verdict": "ok" if self.matches else "fail",
            "run": self.run or None,
            "bundle": {"command": self.command, "verdict": self.verdict, "obs_check": self.made_by},
            "files": self.files,
            "problems": [{"file": file, "problem": problem} for file, problem in self.problems],
            "recomputed": self.recomputed.counts,
            "differences": [one.to_json() for one in self.recomputed.differences],
            "not_checked": {**self.left, **self.recomputed.left},
            "signed_by": self.signed_by or None,
        }


def verify_files(files: Mapping[str, bytes], sealed: str, source: str) -> Verified:
    """Check the files of an archive against the manifest and each other, and recompute the document. `sealed` says how
    the archive itself is not as it was written ("" when it is). InputError when it is not a bundle of this version."""
    found = Verified(files=len(files))
    manifest = _read_manifest(files, source)
    found.made_by = str(manifest.get("obs_check") or "")
    found.run, found.command = str(manifest.get("run") or ""), str(manifest.get("command") or "")
    found.verdict = str(manifest.get("verdict") or "")
    _against_manifest(files, manifest, found)
    if sealed and not found.problems:
        found.problems.append(("the archive", sealed))
    if DOCUMENT in {name for name, _ in found.problems}:
        found.left["everything else"] = f"{DOCUMENT} is not the one that was written"
        return found
    if DOCUMENT not in files:
        found.problems.append((DOCUMENT, "is neither in the archive nor in its manifest"))
        return found
    try:
        document = read_document(files[DOCUMENT], DOCUMENT)
    except InputError as error:
        found.problems.append((DOCUMENT, error.message))
        return found
    found.ended = str(document.get("ended") or "")
    found.recomputed = recompute(document)
    if found.made_by == __version__:
        # A file whose bytes are not those of the manifest is known to be another already.
        if not found.problems:
            _against_itself(files, bundle_files(document), found)
    else:
        found.left["report and tables"] = (
            f"made by obs-check {found.made_by}, this is {__version__}: their SHA-256 is checked, nothing else"
        )
    return found


def _read_manifest(files: Mapping[str, bytes], source: str) -> Mapping[str, Any]:
    hint = "give a file that `obs-check bundle` wrote"
    try:
        manifest = decode_json(files[MANIFEST])
        schema = manifest["schema"]
        entries = [(str(row["name"]), int(row["bytes"]), str(row["sha256"])) for row in manifest["files"]]
    except (NoJson, KeyError, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{source}: {MANIFEST} cannot be read: {error}", hint) from None
    if schema != SCHEMA:
        raise InputError(
            f"{source}: a bundle of version {schema!r}, this obs-check reads {SCHEMA!r}", "use the version that made it"
        )
    return {**manifest, "entries": entries}


def _against_manifest(files: Mapping[str, bytes], manifest: Mapping[str, Any], found: Verified) -> None:
    listed = {name: (size, digest) for name, size, digest in manifest["entries"]}
    for name, (size, digest) in listed.items():
        if name not in files:
            found.problems.append((name, "is in the manifest and not in the archive"))
        elif len(files[name]) != size:
            found.problems.append((name, f"has {count_noun(len(files[name]), 'byte')}, the manifest says {size:,}"))
        elif sha256(files[name]).hexdigest() != digest:
            found.problems.append((name, "its SHA-256 is not that of the manifest"))
    for name in files:
        if name not in listed and name not in (MANIFEST, SIGNATURE):
            found.problems.append((name, "is in the archive and not in the manifest"))


def _against_itself(files: Mapping[str, bytes], again: Mapping[str, bytes], found: Verified) -> None:
    for name in [*again, *(n for n in files if n not in again and n != SIGNATURE)]:
        if files.get(name) != again.get(name):
            found.problems.append((name, "is not what the document makes"))


def verification_lines(found: Verified) -> Iterator[str]:
    """What was found, for a person: whether it matches, what does not, what was made anew, what was not checked."""
    run = f"run {found.run}, " if found.run else ""
    ended = f" (it did not come to its end: {found.ended})" if found.ended else ""
    what = f"{run}{found.command}, verdict {found.verdict}{ended}, made by obs-check {found.made_by}"
    yield f"{'matches' if found.matches else 'DOES NOT MATCH'}: {what}"
    for file, problem in found.problems:
        yield f"  {file}: {problem}"
    differences = found.recomputed.differences
    for one in differences[:_MOST_SHOWN]:
        yield f"  {one.place}: recorded {one.kept}, recomputed {one.found}"
    if len(differences) > _MOST_SHOWN:
        yield f"  and {len(differences) - _MOST_SHOWN} more"
    if found.recomputed.counts:
        counts = ", ".join(f"{number:,} of {kind}" for kind, number in found.recomputed.counts.items())
        yield f"made anew: {counts}"
    if found.signed_by:
        yield f"signed by {found.signed_by}"
    for place, why in {**found.left, **found.recomputed.left}.items():
        yield f"not checked: {place}: {why}"
