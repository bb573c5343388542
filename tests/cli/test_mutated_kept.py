"""A kept document with one thing changed is read, or named with exit 2; nothing is asked before."""

import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.app.recompute.document import recompute
from obs_check.app.verify.comparison import compare, compare_hops
from obs_check.app.verify.kept import load_document, load_run, read_document
from obs_check.cli.main import main
from obs_check.errors import InputError
from obs_check.report.evidence import write_evidence
from obs_check.report.html.page import to_html
from obs_check.report.json import dumps
from obs_check.report.markdown import to_markdown
from obs_check.report.tables import evidence_tables
from tests.mutants import mutants
from tests.report.pages import small

AT = 1_795_478_400_000_000_000
WINDOW = {"start_ns": AT, "end_ns": AT + 9}
EVENT = {
    "tag": "abcdef-1-deny",
    "decision": "deny",
    "method": "GET",
    "url": "http://denied.invalid/?obs=abcdef-1-deny",
    "sent_ns": AT,
    "status": 403,
    "verdict": "deny",
    "client": "curl",
    "error": "",
    "answered_ns": AT,
}
HOP = {
    "path": "A",
    "hop": "loki",
    "sent": 1,
    "seen": 0,
    "missing": ["abcdef-1-deny"],
    "latency_ms": None,
    "verdict": "fail",
    "note": "n",
}
PANEL = {
    "id": 1,
    "title": "t",
    "path": "A",
    "reads": "No data",
    "of_run": "",
    "state": "no_series",
    "verdict": "fail",
    "wanted": "1",
    "differs": "d",
    "cause": "c",
    "notes": ["n"],
}
PROBE = {"system": "loki", "request": "GET /q", "window": WINDOW, "answer": {"a": [1]}, "at": AT}
FINDING = {
    "cause": "pipeline.wrong-parser",
    "severity": "error",
    "hop": "panel",
    "subject": {"dashboard": "d", "panel": 1, "target": "A"},
    "claim": "c",
    "evidence": {"kind": "proof"},
    "probes": [PROBE],
    "fix": {"summary": "s", "diff": "-a\n+b\n", "safety": "safe", "path": "dashboard:d"},
    "panels": [1],
}
PART: Any = {
    "schema": "obs-check/1",
    "command": "verify",
    "verdict": "fail",
    "run": "abcdef",
    "window": WINDOW,
    "through": {
        "via": "kubectl",
        "place": "p",
        "proves": "a",
        "proves_not": "b",
        "wrap": {"kind": "nsjail", "evidence": ["e"], "tool_call": False},
        "hold": "h",
    },
    "events": [EVENT],
    "hops": [HOP],
    "panels": [PANEL],
    "control": [{"id": 1, "title": "t", "before": "0", "after": "1", "meaning": "live", "words": "w", "differs": ""}],
    "findings": [FINDING],
    "unexplained": ["u"],
    "suggested": [{"cause": "c", "id": 1, "title": "t", "reads": "0", "would_read": "1", "verdict": "ok"}],
    "outages": ["o"],
    "changes": ["g"],
    "ended": "",
}
DOCUMENT = {**PART, "after": PART, "comparison": compare(PART, PART), "hop_comparison": compare_hops(PART, PART)}
MUTANTS = 1000


def test_a_mutated_document_is_read_or_named(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    refused = 0
    for number, text in enumerate(mutants(DOCUMENT, MUTANTS, 1)):
        path.write_bytes(text)
        try:
            document = load_document(path)
        except InputError as error:
            assert error.message.startswith(f"{path}: ")
            assert "\n" not in str(error)
            refused += 1
            continue
        tables = evidence_tables(document)
        to_markdown(document, tables)
        if number % 20 == 0:
            to_html(document)
        dumps(document)
        compare(document, PART)
        compare_hops(document, PART)
        try:
            assert load_run(path).events
        except InputError as error:
            assert error.message.startswith(f"{path}: ")
    assert MUTANTS / 4 < refused < MUTANTS


def test_a_mutated_document_with_raw_answers_is_made_anew_or_told() -> None:
    read = 0
    for number, text in enumerate(mutants(small(), 60, 4)):
        try:
            document = read_document(text, "kept.json")
        except InputError:
            continue
        read += 1
        recompute(document)
        if number % 6 == 0:
            to_html(document)
    assert read > 25


def test_the_whole_document_is_read(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps({**DOCUMENT, "new": 1}))
    assert load_run(path).to_json() == {"id": "abcdef", **{k: PART[k] for k in ("window", "through", "events")}}
    assert len(write_evidence(tmp_path / "out", load_document(path))) == 15


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "obs-check/2"}, "not a document of obs-check"),
        ({"verdict": "good"}, "Invalid enum value 'good' - at `$.verdict`"),
        ({"events": [{**EVENT, "tag": "x"}]}, "at `$.events[0].tag`"),
        ({"events": [{**EVENT, "tag": "other1-1-deny"}]}, "an event is not of run abcdef"),
        ({"events": []}, "holds no run"),
        ({"window": None}, "holds no run"),
        ({"window": {"start_ns": 9, "end_ns": 1}}, "the window ends before it starts"),
        ({"window": {"start_ns": -9, "end_ns": 1}}, "at `$.window.start_ns`"),
        ({"hops": {}}, "at `$.hops`"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    change: dict[str, Any], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps({**PART, **change}))
    assert main(["trace", str(path)]) == 2
    assert says in capsys.readouterr().err


def test_there_has_to_be_something_to_compare_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kept.json"
    path.write_text(json.dumps({**PART, "events": [], "panels": []}))
    assert main(["confirm", str(path)]) == 2
    assert "holds no panels to compare with" in capsys.readouterr().err
