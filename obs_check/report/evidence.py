"""Everything of a document as files that a third party can read without access."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from obs_check import __version__
from obs_check.app.verify.document import Document
from obs_check.client.files.text_files import write_result
from obs_check.errors import InputError, with_room
from obs_check.report.binary_tables import write_parquet, write_workbook
from obs_check.report.causes_sarif import causes_sarif
from obs_check.report.csv import HINT, write_csv, write_jsonl
from obs_check.report.decisions import DECISIONS, TOP_DOMAINS
from obs_check.report.frames import EvidenceTable, TableKind
from obs_check.report.html.page import to_html
from obs_check.report.json import dumps
from obs_check.report.junit import junit_of_run
from obs_check.report.markdown import in_markdown, to_markdown
from obs_check.report.tables import evidence_tables

Tables = Sequence[EvidenceTable]
Writer = Callable[[Path, Document, Tables], Iterator[tuple[str, str]]]
"""Writes a document and its tables into a folder; yields name and meaning of each file."""


def _each_table(ending: str, write: Callable[[Path, EvidenceTable], None]) -> Writer:
    def written(folder: Path, _document: "Document", tables: Tables) -> Iterator[tuple[str, str]]:
        for table in tables:
            name = f"{table.name}.{ending}"
            write(folder / name, table)
            yield name, f"{table.title}: {table.kind.meaning}"

    return written


def _one_text(name: str, meaning: str, text: Callable[[Document, Tables], str]) -> Writer:
    def written(folder: Path, document: "Document", tables: Tables) -> Iterator[tuple[str, str]]:
        write_result(folder / name, text(document, tables), HINT)
        yield name, meaning

    return written


def _workbook(folder: Path, _document: "Document", tables: Tables) -> Iterator[tuple[str, str]]:
    write_workbook(folder / "evidence.xlsx", tables)
    yield "evidence.xlsx", "all tables in one workbook"


FORMATS: Mapping[str, Writer] = {
    "json": _one_text(
        "evidence.json",
        "the whole document: docs/document.md has its fields",
        lambda document, _: dumps(document) + "\n",
    ),
    "md": _one_text("evidence.md", "verdict, tables and causes, to paste into a ticket", to_markdown),
    "html": _one_text(
        "evidence.html", "the report to read; it needs nothing else", lambda document, _: to_html(document)
    ),
    "csv": _each_table("csv", write_csv),
    "jsonl": _each_table("jsonl", write_jsonl),
    "parquet": _each_table("parquet", write_parquet),
    "xlsx": _workbook,
    "junit": _one_text(
        "junit.xml", "hops, panels and causes as JUnit's XML", lambda document, _: junit_of_run(document)
    ),
    "sarif": _one_text(
        "causes.sarif", "the causes as SARIF 2.1.0", lambda document, _: dumps(causes_sarif(document)) + "\n"
    ),
}
USUAL = ("json", "md", "html", "csv")
"""The formats where none are named."""
_OF_LOKI = (DECISIONS, TOP_DOMAINS)


def write_evidence(
    folder: Path, document: "Document", formats: Collection[str] = USUAL, beside: Sequence[Path] = ()
) -> list[Path]:
    """Write a document in these formats, README.md and manifest.json; returns the paths in that order.

    The folder is made; files of the same names are replaced, each whole or not at all. `beside` are decisions that were
    written there already, in place of those of the document. Raises InputError when it cannot be written.
    """
    tables = [table for table in evidence_tables(document) if table.kind is not DECISIONS or not beside]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{error.filename or folder}: {error.strerror}", with_room(error, HINT)) from error
    meanings = {kind.name: f"{kind.title}: {kind.meaning}" for kind in _OF_LOKI}
    told = [(path.name, meanings[path.stem]) for path in beside]
    for format_, write in FORMATS.items():
        if format_ in formats:
            told += write(folder, document, tables)
    kinds = [table.kind for table in tables] + (list(_OF_LOKI) if beside else [])
    write_result(folder / "README.md", _readme(document, told, kinds), HINT)
    names = [name for name, _ in told] + ["README.md"]
    write_result(folder / "manifest.json", dumps(_manifest(folder, document, names)) + "\n", HINT)
    return [folder / name for name in (*names, "manifest.json")]


def _readme(document: "Document", told: Sequence[tuple[str, str]], kinds: Sequence[TableKind]) -> str:
    head = f"# Evidence of obs-check {in_markdown(document.get('command'))}"
    run = f"Run {in_markdown(document['run'])}, " if document.get("run") else ""
    parts = [
        head,
        f"{run}verdict {in_markdown(document.get('verdict'))}. Written by obs-check {__version__}.",
        "`manifest.json` lists every file with its size and SHA-256; `sha256sum` computes the same.",
        "\n".join(f"* `{name}`: {meaning}" for name, meaning in told),
        "Times are UTC, RFC 3339 with nanoseconds (in Parquet a timestamp of nanoseconds in UTC). A `decision` is the "
        "firewall's, a `verdict` obs-check's. What was logged is text: a cell that would begin a formula has an "
        "apostrophe in front.",
    ]
    for kind in kinds:
        rows = [f"| `{c.name}` | {c.type} | {c.meaning.replace('|', '&#124;')} |" for c in kind.columns]
        lines = "\n".join(["| column | type | meaning |", "| --- | --- | --- |", *rows])
        parts.append(f"## {kind.name}\n\n{kind.meaning}\n\n{lines}")
    return "\n\n".join(parts) + "\n"


def _manifest(folder: Path, document: "Document", names: Sequence[str]) -> dict[str, Any]:
    files = []
    for name in names:
        content = (folder / name).read_bytes()
        files.append({"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()})
    return {
        "schema": "obs-check/1",
        "command": "export",
        "verdict": document.get("verdict"),
        "run": document.get("run"),
        "by": __version__,
        "files": files,
    }
