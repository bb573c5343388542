"""Tables with types: what stands in each format is what the document says, to the nanosecond."""

import csv
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import duckdb
import pytest

from obs_check.cli.main import main
from obs_check.errors import UsageError
from obs_check.model.times import rfc3339
from obs_check.report.evidence import FORMATS, write_evidence
from obs_check.report.json import document
from obs_check.report.tables import TABLES, evidence_tables

AT = 1_795_480_918_603_000_007
LINE = {"line": "=cmd() obs=abcd-1-deny", "cut": 0, "file": "/b.log", "offset": 7, "labels": None, "ts_ns": None}
EXCHANGE = {"method": "GET", "target": "/q?a=b", "body": None, "status": 200, "bytes": 12, "sha256": "0" * 64}
PROBE = {"system": "loki", "request": "GET /q", "window": {"start_ns": AT, "end_ns": AT + 1}, "answer": [], "at": AT}
READING = {
    "of": "run",
    "range": {"start_ns": AT, "end_ns": AT + 5},
    "requests": [{"body": {"queries": [{"expr": "sent"}]}}],
    "number": "+Inf",
    "values": [{"name": "n", "number": 1.5, "text": "2", "events": ["abcd-1-deny"]}],
    "probes": [{**PROBE, "exchange": EXCHANGE}],
}
DOCUMENT: Any = {
    **document("verify", "fail", "abcd"),
    "events": [
        {
            "tag": "abcd-1-deny",
            "decision": "deny",
            "method": "GET",
            "url": "http://denied.example:81/?obs=abcd-1-deny",
            "sent_ns": AT - 1_500_000,
            "status": 403,
            "verdict": "deny",
            "error": "",
        }
    ],
    "hops": [
        {
            "path": "A",
            "hop": "file",
            "sent": 1,
            "seen": 1,
            "verdict": "ok",
            "events": [{"tag": "abcd-1-deny", "seen_ns": AT, "lines": [LINE]}],
            "probes": [PROBE],
        },
        {
            "path": "A",
            "hop": "loki",
            "sent": 1,
            "seen": 0,
            "verdict": "fail",
            "note": "nothing",
            "events": [{"tag": "abcd-1-deny", "seen_ns": None, "lines": []}],
        },
    ],
    "panels": [
        {
            "id": 1,
            "title": "-1+2",
            "reads": "0",
            "verdict": "fail",
            "proof": {
                "type": "stat",
                "targets": [{"text": "written"}],
                "readings": [READING, {**READING, "of": "range"}],
            },
        },
        {"id": 2, "title": "u", "reads": "", "verdict": "unknown"},
    ],
    "findings": [
        {
            "cause": "file.unreadable",
            "severity": "error",
            "claim": "c",
            "probes": [PROBE],
            "fix": {"summary": "f", "path": "/etc/promtail.yaml", "safety": "review"},
            "panels": [1],
        },
        {"cause": "panel.zero-masked", "severity": "warning", "claim": "w"},
    ],
}
CELLS = {
    ("events", "sent"): [AT - 1_500_000],
    ("events", "host"): ["denied.example"],
    ("events", "verdict"): ["ok"],
    ("hops", "seen"): [AT, None],
    ("hops", "latency_ms"): [1.5, None],
    ("hops", "verdict"): ["ok", "fail"],
    ("hops", "byte"): [7, None],
    ("panels", "query"): ["written", ""],
    ("panels", "sent"): ["sent", ""],
    ("panels", "range_end"): [AT + 5, None],
    ("panels", "number_of_run"): [float("inf"), None],
    ("panel_values", "events"): ["abcd-1-deny"] * 2,
    ("probes", "subject"): ["1 file.unreadable", "A file", "1 run", "1 range"],
    ("probes", "bytes"): [None, None, 12, 12],
    ("causes", "safety"): ["review", None],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence")
    write_evidence(path, DOCUMENT, FORMATS)
    return path


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_a_column(table: str, column: str, folder: Path) -> None:
    """The same in the rows and, with types, in Parquet."""
    wanted = CELLS[table, column]
    found = next(one for one in evidence_tables(DOCUMENT) if one.name == table)
    assert [row[column] for row in found.rows] == wanted
    kind = next(one.type for one in found.kind.columns if one.name == column)
    read = f"epoch_ns({column})" if kind == "time" else column
    assert [row[0] for row in asked(f"SELECT {read} FROM '{folder / table}.parquet'")] == wanted


def asked(query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        return database.execute(query).fetchall()


def test_times_are_written_to_the_nanosecond(folder: Path) -> None:
    assert rfc3339(AT) == "2026-11-24T00:41:58.603000007Z"
    row = next(csv.DictReader(io.StringIO((folder / "hops.csv").read_text())))
    assert row["seen"] == rfc3339(AT)
    lines = [json.loads(line) for line in (folder / "hops.jsonl").read_text().splitlines()]
    assert [line["seen"] for line in lines] == [rfc3339(AT), None]
    kinds = {row[0]: row[1] for row in asked(f"DESCRIBE SELECT * FROM '{folder}/hops.parquet'")}
    assert (kinds["seen"], kinds["latency_ms"], kinds["lines"]) == ("TIMESTAMP_NS", "DOUBLE", "BIGINT")


def test_no_cell_of_a_workbook_is_calculated(folder: Path) -> None:
    with ZipFile(folder / "evidence.xlsx") as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "worksheets/sheet" in name]
    assert len(sheets) == len(evidence_tables(DOCUMENT))
    whole = "".join(sheets)
    assert "<f>" not in whole
    assert "hyperlink" not in whole
    assert "'=cmd() obs=abcd-1-deny" in whole
    assert "'-1+2" in whole


def test_the_manifest_has_every_file(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {row["name"] for row in manifest["files"]} == {p.name for p in folder.iterdir()} - {"manifest.json"}
    for row in manifest["files"]:
        content = (folder / row["name"]).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (row["bytes"], row["sha256"])
    readme = (folder / "README.md").read_text()
    for row in manifest["files"]:
        assert row["name"] == "README.md" or f"`{row['name']}`" in readme


def test_a_run_as_junit(folder: Path) -> None:
    root = ElementTree.fromstring((folder / "junit.xml").read_text())
    found = {s.get("name"): (s.get("tests"), s.get("failures"), s.get("errors")) for s in root}
    assert found == {
        "verify abcd hops": ("2", "1", "0"),
        "verify abcd panels": ("2", "1", "1"),
        "verify abcd causes": ("2", "1", "0"),
    }


def test_causes_as_sarif(folder: Path) -> None:
    (run,) = json.loads((folder / "causes.sarif").read_text())["runs"]
    first, second = run["results"]
    assert (first["level"], first["message"]["text"], second["level"]) == ("error", "c. f", "warning")
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///etc/promtail.yaml"
    assert "locations" not in second


def test_every_column_is_documented_once() -> None:
    assert len({kind.name for kind in TABLES}) == len(TABLES)
    for kind in TABLES:
        assert len({column.name for column in kind.columns}) == len(kind.columns), kind.name
        assert all(column.meaning for column in kind.columns), kind.name


def test_an_unknown_format_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "last", "--to", "x", "--format", "csv,pdf"]) == UsageError.exit_code
    assert "--format: unknown format: 'pdf'" in capsys.readouterr().err
