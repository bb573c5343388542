"""What was logged is text in every format: no formula, no markup, no link, nothing that steers what shows it."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

import obs_check.report.html
from obs_check.cli.options import echo
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Sample, Streams, Vector
from obs_check.report.evidence import write_evidence
from obs_check.report.html.page import to_html
from obs_check.report.json import document
from obs_check.report.query_result import to_csv, to_jsonl, to_lines
from obs_check.report.terminal import escape_controls, in_cell, in_one_line
from tests.report.reading_html import read_html

PARTS = Path(obs_check.report.html.__path__[0]) / "templates"
HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r\n=1+1",
    "  =1+1",
    "\uff1d1+1",
    "a\u202eb\u2066c\u200fd\u061ce",
    "\x1b[31mred\x9b\x7f\x00",
    "one\u2028two\u2029three",
    "<img src=x onerror=alert(1)> <script>alert(1)</script>",
    "[link](javascript:alert(1)) ![image](http://evil.example/x.png) <http://evil.example>",
    "http://evil.example www.evil.example a@evil.example #12",
    "*bold* **bold** _it_ __it__ ~~gone~~ `code` ``code` &copy; &#x3c;b> \\*",
    "# heading",
    "1. item",
    "- item",
    "+ item",
    "> quote",
    "===",
    "---",
    "| a | b |",
    "a | b \\| c ` | `",
    "```\n<b>\n```",
]
DIRECTIONS = {0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}
LINKED = ("://", "www.", "@", "#12")


def steering(text: str) -> set[str]:
    """The characters that should not be in any file as they are."""
    return {
        char
        for char in text
        if (ord(char) < 0x20 and char not in "\t\n")
        or 0x7F <= ord(char) < 0xA0
        or 0xD800 <= ord(char) < 0xE000
        or ord(char) in DIRECTIONS | {0x2028, 0x2029}
    }


def evidence(text: str) -> Any:
    """A document that has a text wherever something from elsewhere may stand."""
    probe = {"system": text, "request": text, "window": None, "answer": {"a": text, text: 1}, "at": 1}
    fix = {"summary": text, "diff": f"-{text}\n+{text}", "safety": text, "path": text}
    finding = {
        "cause": text,
        "severity": text,
        "claim": text,
        "hop": text,
        "probes": [probe],
        "fix": fix,
        "panels": [1],
    }
    panel = {"id": 1, "title": text, "reads": text, "wanted": text, "verdict": "fail", "cause": text}
    hop = {"path": text, "hop": text, "sent": -1, "seen": 1, "missing": [text, text], "verdict": "fail", "note": text}
    event = {"tag": text, "url": text, "error": text, "sent_ns": 1, "status": None}
    rest = {"findings": [finding], "panels": [panel], "hops": [hop], "events": [event], "changes": [text]}
    return {**document("verify", "fail", text), **rest, "ended": text}


def raw_evidence(text: str) -> Any:
    """As `evidence`, with the text in whatever a run keeps of what it stands on."""
    found = evidence(text)
    probe = found["findings"][0]["probes"][0]
    line = {"line": text, "file": text, "offset": 1, "labels": None, "ts_ns": None, "cut": 0}
    stored = {**line, "file": "", "labels": {"a": text, text: "b"}, "ts_ns": 1}
    hop = {**found["hops"][0], "probes": [probe], "events": [{"tag": text, "seen_ns": 1, "lines": [line, stored]}]}
    query = {"refId": text, "expr": text, "datasource": {"type": "loki", "uid": text}}
    sent = {"method": text, "target": "/api/ds/query", "body": {"queries": [query], "from": text}, "status": 200}
    kept = {**probe, "exchange": {**sent, "bytes": 1, "sha256": "0" * 64}, "window": {"start_ns": 1, "end_ns": 2}}
    value = {"name": text, "number": 1, "text": text, "events": [text]}
    reading = {"of": text, "reads": text, "state": text, "error": text, "values": [value], "probes": [kept]}
    reading |= {"requests": [{"body": {"queries": [query]}}], "steps": [{"name": text, "rows": 1}]}
    proof = {"type": text, "targets": [{"ref_id": text, "text": text}], "readings": [reading]}
    file = {"role": text, "path": text, "text": text, "bytes": 1, "sha256": text, "problem": text}
    return {
        **found,
        "panels": [{**found["panels"][0], "proof": proof}],
        "hops": [hop, {**hop, "hop": "loki"}],
        "inputs": {
            "dashboard": {"title": text, "uid": text, "version": text},
            "addresses": {"grafana": f"http://{text}", text: text},
            "files": [file, {**file, "problem": ""}],
            "expectations": [{"panel": text, "path": text, "kind": text, "by": text, "decision": text}],
        },
        "versions": {"grafana": text, text: text},
        "clocks": [{"system": text, "least_ms": 1, "most_ms": 2, "answers": 1}],
        "answers": {"0" * 64: text},
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_the_page_of_raw_answers_is_inert(text: str) -> None:
    written = to_html(raw_evidence(text))
    assert not steering(written)
    check_page(written, text)


TEXTS = ("json", "md", "html", "csv", "jsonl", "junit", "sarif")


@pytest.mark.parametrize("text", HOSTILE)
def test_exports_are_inert(text: str, tmp_path: Path) -> None:
    given = evidence(text)
    for path in write_evidence(tmp_path, given, TEXTS):
        with path.open(encoding="utf-8", newline="") as file:
            written = file.read()
        assert not steering(written), path.name
        match path.suffix:
            case ".json" if path.stem == "evidence":
                assert json.loads(written) == given
            case ".csv":
                assert not formulas(written)
            case ".html":
                check_page(written, text)
            case ".md" if path.stem == "evidence":
                check_markdown(written, text)


def formulas(written: str) -> list[str]:
    """The cells that a spreadsheet would calculate; a number is none."""
    cells = [cell for row in csv.reader(io.StringIO(written, newline="")) for cell in row]
    return [cell for cell in cells if cell.lstrip()[:1] in {*"=+-@\uff1d"} and not is_number(cell)]


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def check_page(written: str, text: str) -> None:
    """What was logged is text of the page, and no element of it."""
    root = read_html(written)
    assert not root.all("img", "b")
    assert [node.said for node in root.all("script")] == [(PARTS / "page.js").read_text("utf-8")]
    assert " ".join(escape_controls(text).split()) in root.text


def check_markdown(written: str, text: str) -> None:
    """What is made of it has the text, and no other element than those of the report."""
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(written)
    inner = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inner) if token.nesting >= 0}
    report = {"heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item"}
    assert kinds <= {*(f"{name}_open" for name in report), "inline", "text", "code_inline", "fence"}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h1", "h2", "h3", "h2", "h2", "h2"]
    cells = [content(tokens[n + 1]) for n, token in enumerate(tokens) if token.type == "td_open"]
    wanted = " ".join(in_one_line(text).split())
    assert len(cells) == 9 + 10
    assert cells[:2] == [wanted, wanted]
    assert wanted in [content(tokens[n + 1]) for n, token in enumerate(tokens) if token.type == "paragraph_open"]
    assert not [child.content for child in inner if child.type == "text" and any(m in child.content for m in LINKED)]


def content(token: Any) -> str:
    """The text of a paragraph or a cell."""
    return "".join(child.content for child in token.children)


@pytest.mark.parametrize("text", [*HOSTILE, "half \ud800 of a pair"])
def test_the_result_of_a_query_is_inert(text: str) -> None:
    result = Streams([LogStream({"a": text, text: "b"}, [Entry(1, text)])])
    for written in (to_csv(result), to_jsonl(result), to_lines(result)):
        assert not steering(written)
    assert not formulas(to_csv(result))
    assert json.loads(to_jsonl(result)) == {"ts": "1", "labels": {"a": text, text: "b"}, "line": text}


def test_numbers_stay_numbers() -> None:
    for number in ("-1", "+2.5", "-1e-9", "1795480918603000000", "-Inf", "+Inf"):
        assert in_cell(number) == number
    assert in_cell(-1.5) == -1.5
    assert in_cell("+49 30 1") == "'+49 30 1"
    rows = to_csv(Vector([Sample({"a": "-5"}, 1, -2.0), Sample({}, 1, float("-inf"))]))
    assert rows == "ts,a,value\n1,-5,-2.0\n1,,-Inf\n"


def test_what_a_command_prints_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    echo("a\x1b[31m\u202eb\n\tc \ud800")
    assert capsys.readouterr().out == "a\\x1b[31m\\u202eb\n\tc \\ud800\n"
