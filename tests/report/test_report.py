"""Console tables, JSON, and the evidence files."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from obs_check.app.verify.outcome import Outcome
from obs_check.documents.yaml_tree import load
from obs_check.errors import InputError
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Result, Sample, Scalar, Series, Streams, Vector
from obs_check.report.console import hop_table, panel_table
from obs_check.report.evidence import write_evidence
from obs_check.report.json import document, dumps
from obs_check.report.junit import junit
from obs_check.report.markdown import to_markdown
from obs_check.report.query_result import print_result, result_json, to_csv, to_jsonl
from obs_check.report.screen import Diffs, next_step, print_document, summary
from obs_check.report.shipper_trace import print_kept, print_trace
from obs_check.report.tables import evidence_tables, told_findings
from obs_check.report.terminal import escape_controls, in_one_line
from obs_check.shipper.simulate import run
from obs_check.shipper.stages.registry import read_stages
from tests.report.pages import demonstration, healthy, negative
from tests.report.test_screen_width import Terminal

AT = 1_795_480_918_603_000_000
HOP = {
    "path": "A",
    "hop": "loki",
    "sent": 5,
    "seen": 1,
    "missing": ["abcd-1-deny", "abcd-2-deny", "abcd-3-deny", "abcd-4-deny"],
    "latency_ms": None,
    "verdict": "fail",
    "note": "[red]not markup[/red]",
}
PANEL = {
    "id": 3,
    "title": "Denied <b>",
    "path": "B",
    "reads": "0",
    "state": "zero",
    "verdict": "fail",
    "wanted": "5",
    "cause": "pipeline.wrong-parser",
}
FINDING = {
    "cause": "pipeline.wrong-parser",
    "severity": "error",
    "hop": "panel",
    "subject": {"dashboard": "agent-firewall", "panel": 3, "target": "A"},
    "claim": "as written 0; with | json 5 \x1b[31m",
    "probes": [
        {
            "system": "loki",
            "request": "GET query",
            "window": {"start_ns": AT, "end_ns": AT + 1},
            "answer": {"n": 5, "sample": "<script>alert(1)</script> ``` |"},
            "at": AT,
        }
    ],
    "fix": {"summary": "parse as JSON", "diff": "--- a\n+++ b\n-old\n+new\n", "safety": "safe", "path": "dashboard"},
    "panels": [3],
}
EVENT = {
    "tag": "abcd-1-deny",
    "decision": "deny",
    "method": "GET",
    "url": "http://denied.example/?obs=abcd-1-deny",
    "sent_ns": AT,
    "status": None,
    "verdict": "no_answer",
    "error": "",
}
DOCUMENT: Any = {
    **document("demo", "fail", "abcd"),
    "events": [EVENT, {**EVENT, "status": 403}],
    "hops": [HOP],
    "panels": [PANEL],
    "findings": [FINDING],
    "unexplained": ["panel 4"],
    "suggested": [
        {"cause": "c", "id": 3, "title": "Denied", "reads": "No data", "would_read": "42", "verdict": "ok"},
    ],
    "outages": ["grafana"],
    "after": {**document("demo", "ok", "efgh"), "panels": [{**PANEL, "reads": "5", "verdict": "ok"}]},
    "changes": ["panel 3 saved"],
    "comparison": [{"id": 3, "title": "Denied <b>", "before": "0", "after": "5", "change": "fixed"}],
}


def shown(doc: Any, diffs: Diffs = "short") -> str:
    file = io.StringIO()
    print_document(doc, file, color=True, diffs=diffs)
    return file.getvalue()


def test_console() -> None:
    text = shown(DOCUMENT)
    for part in (
        "abcd-1-deny",
        "abcd-3-deny +1",
        "[red]not markup[/red]",
        "Denied <b>",
        "1. pipeline.wrong-parser error",
        "as written 0; with | json 5 \\x1b[31m",
        "loki: GET query ->",
        "fix (safe): parse as JSON in dashboard",
        "safe: changes what is shown only, and was read with it",
        "+new",
        "with the fixes, read without saving them: 1 of 1 panels right",
        "unexplained: panel 4",
        "did not answer: grafana",
        "run abcd: verdict fail",
    ):
        assert part in text.replace("\n", " ") or part in text
    assert "\x1b" not in text
    assert "+new" not in shown(DOCUMENT, diffs="none")


def with_panels(*rows: dict[str, object]) -> Any:
    """A document of panels alone."""
    return {"panels": rows}


def test_the_causes_and_their_panels_are_counted() -> None:
    failed = {**PANEL, "verdict": "fail"}
    rows = [{**failed, "cause": "a"}, {**failed, "cause": "a"}, {**failed, "cause": ""}, {**PANEL, "verdict": "ok"}]
    assert summary(with_panels(*rows)) == "1 cause explains 2 of 4 panels, 1 panel unexplained"
    assert summary(with_panels({**failed, "cause": "a"}, {**failed, "cause": "b"})) == "2 causes explain 2 of 2 panels"
    assert summary(with_panels({**PANEL, "verdict": "ok"})) == ""


def test_a_cause_on_the_way_is_not_told_of_panels_that_are_right() -> None:
    rows = [{"id": n, "verdict": "ok" if n == 2 else "fail", "cause": "a.b"} for n in (1, 2, 3)]
    on_the_way = {"cause": "a.b", "claim": "c", "severity": "error", "panels": [1, 2, 3]}
    masked = {**on_the_way, "subject": {"panel": 2}, "panels": [2]}
    zero = {**on_the_way, "severity": "info", "panels": [2]}
    found: Any = {"verdict": "fail", "panels": rows, "findings": [on_the_way, masked, zero]}
    assert [one["panels"] for one in told_findings(found)] == [[1, 3], [2], [2]]
    # As many as the first line counts.
    text = shown(found)
    assert "1 cause explains 2 of 3 panels" in text
    assert "explains panels 1, 3;" in text
    assert "Explains panels 1, 3." in to_markdown(found, [])


def test_the_screen_begins_with_the_verdict_and_shows_what_is_wrong_only() -> None:
    good = {**PANEL, "id": 9, "title": "A good one", "verdict": "ok"}
    doc = {**DOCUMENT, "panels": [PANEL, good], "hops": [HOP, {**HOP, "hop": "egress", "verdict": "ok"}]}
    text = shown(doc)
    assert text.startswith("run abcd: verdict fail: 1 cause explains 1 of 2 panels\n1. pipeline.wrong-parser")
    assert "A good one" not in text
    assert "1 of 2 hops as they should be" in text
    assert "\n--- a\n+++ b\n-old\n+new\n" in text


def test_a_narrow_table_leaves_out_what_says_least() -> None:
    hop = {**HOP, "missing": ["abcd-1-allow", "abcd-2-deny", "abcd-3-allow", "abcd-4-deny"]}
    wide, narrow = (list(hop_table([hop], narrow).columns[4].cells) for narrow in (False, True))
    assert [str(cell) for cell in wide] == ["abcd-1-allow, abcd-2-deny, abcd-3-allow +1"]
    assert [str(cell) for cell in narrow] == ["abcd-1-allow +3"]
    assert "missing" not in [str(c.header) for c in hop_table([hop], narrow=True, tags_left_out=True).columns]
    panel = {"id": 1, "title": "t", "path": "B", "reads": "0", "wanted": "1", "state": "s"}
    panel |= {"verdict": "fail", "cause": "c"}
    whole, cut = ([str(c.header) for c in panel_table([panel], narrow).columns] for narrow in (False, True))
    assert whole == ["id", "title", "path", "reads", "wanted", "state", "verdict", "cause"]
    assert [name for name in whole if name not in cut] == ["path", "state"]
    # What is said of no panel is no column.
    assert "wanted" not in [str(c.header) for c in panel_table([{**panel, "wanted": ""}]).columns]


def test_a_narrow_screen_has_as_much_of_a_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Any = {"verdict": "fail", "findings": [{"cause": "a.b", "claim": f"{'word ' * 24}0 of 20"}]}
    for columns in (40, 80):
        monkeypatch.setenv("COLUMNS", str(columns))
        screen = Terminal()
        print_document(found, screen, color=False)
        assert "0 of 20" in " ".join(screen.getvalue().split())


@pytest.mark.parametrize(("causes", "screens"), [(3, 2), (1, 1), (0, 1)])
def test_a_run_fits_its_screens(causes: int, screens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen has 24 rows of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    found = negative() if causes else healthy()
    if causes == 1:
        found["findings"] = found["findings"][:1]
        explained = found["findings"][0]["panels"]
        for row in found["panels"]:
            row |= {"cause": found["findings"][0]["cause"]} if row["id"] in explained else {"verdict": "ok"}
        for row in found["hops"]:
            row |= {"verdict": "ok"} if row["path"] == "B" else {}
    terminal = Terminal()
    print_document(found, terminal, color=False, diffs="none")
    rows = terminal.getvalue().splitlines()
    assert max(map(len, rows)) <= 80
    assert len(rows) <= 24 * screens, terminal.getvalue()
    if causes:
        assert "verdict fail" in rows[0]
        assert rows[1].startswith(f"1. {found['findings'][0]['cause']} error, proved")
        assert found["findings"][0]["claim"].startswith(rows[2].strip())
    assert sum(" ┃ " not in row and f"{n}. " in row[:3] for row in rows for n in range(1, 4)) == causes


def test_a_longer_patch_is_shown_when_asked_for() -> None:
    long = {**FINDING, "fix": {"diff": "--- a\n+++ b\n" + "+x\n" * 20, "path": "/etc/p.yaml"}}
    document = {**DOCUMENT, "findings": [FINDING, long]}
    assert "+new\n" in shown(document) and "-v shows 1 longer patch\n" in shown(document)
    whole = shown(document, diffs="all")
    assert "\n# to apply it as text: cd /etc && patch -p1\n--- a\n+++ b\n+x\n" in whole
    assert "longer" not in whole


def test_what_only_grafana_holds_is_no_file_to_patch() -> None:
    fix = {"diff": "--- a\n+++ b\n-old\n+new\n", "safety": "safe", "path": "dashboard:d"}
    document: Any = {"verdict": "fail", "command": "diagnose", "findings": [{**FINDING, "fix": fix}], "suggested": [{}]}
    assert "\n# dashboard:d, which --apply saves in Grafana: no file to patch\n--- a\n" in shown(document, diffs="all")
    assert next_step(document) == "obs-check diagnose --inject --apply, then obs-check confirm last"


def test_a_panel_that_needs_two_fixes_counts_once() -> None:
    rows = [
        {"cause": cause, "id": 3, "title": "Denied", "reads": "No data", "would_read": reads, "verdict": verdict}
        for cause, reads, verdict in (("select.label-name-absent", "No data", "fail"), ("c", "42", "ok"))
    ]
    text = shown({**DOCUMENT, "suggested": rows})
    assert "with the fixes, read without saving them: 1 of 1 panels right" in text
    assert "would read" not in text


NEXT = {
    ("ok", "verify"): "",
    ("unknown", "verify"): "obs-check verify --config a.yaml again, once all of the above answers",
    ("unknown", "diagnose"): "obs-check diagnose --config a.yaml again, once all of the above answers",
    ("unknown", "confirm"): "obs-check confirm last --config a.yaml again, once all of the above answers",
    ("unknown", "trace"): "obs-check trace ab12cd --config a.yaml again, once all of the above answers",
    ("fail", "verify"): "obs-check diagnose --config a.yaml --inject --suggest shows the patches",
    ("fail", "demo"): "",
}


@pytest.mark.parametrize(("verdict", "command"), NEXT)
def test_the_next_command_is_spelled_out(verdict: str, command: str) -> None:
    finding = {"cause": "a.b", "fix": {"diff": "-a\n+b\n"}}
    document: Any = {"verdict": verdict, "command": command, "run": "ab12cd", "findings": [finding]}
    assert next_step(document, " --config a.yaml") == NEXT[verdict, command]


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        (["dashboard d saved as version 2"], "obs-check confirm last --config a.yaml"),
        (["/etc/p.yaml changed"], "restart what reads the files, then obs-check confirm last --config a.yaml"),
    ],
)
@pytest.mark.parametrize("verdict", ["fail", "unknown"])
def test_what_was_applied_is_confirmed_next(verdict: str, changes: list[str], step: str) -> None:
    fixes = [{"diff": "-a\n+b\n", "path": "dashboard:d"}, {"diff": "-a\n+b\n", "path": "/etc/p.yaml"}]
    findings = [{"cause": "a.b", "fix": fix} for fix in fixes]
    document: Any = {"verdict": verdict, "command": "diagnose", "findings": findings, "changes": changes}
    assert next_step(document, " --config a.yaml") == step


def test_a_diagnosis_without_events_leads_to_one_with_them() -> None:
    document: Any = {"verdict": "unknown", "command": "diagnose", "run": None}
    assert next_step(document) == ("obs-check diagnose --inject sends events, and tells a true zero from a broken one")
    silent: Any = {**document, "outages": ["loki"]}
    assert next_step(silent).endswith("again, once all of the above answers")
    cut: Any = {**document, "ended": "interrupted"}
    assert next_step(cut) == ""


def test_a_confirmation_shows_what_changed_and_ends_with_the_next_command() -> None:
    change = {"id": 1, "title": "Denied", "before": "No data", "after": "1", "change": "fixed"}
    same = {"path": "A", "hop": "file", "before": "1 of 1", "after": "1 of 1", "change": "unchanged"}
    text = shown({**DOCUMENT, "command": "confirm", "comparison": [change], "hop_comparison": [same]})
    assert "\n   1 fixed         Denied: No data -> 1\n1 of 2 hops and panels unchanged\n" in text
    assert "   explains panel 3; obs-check explain pipeline.wrong-parser\n" in text
    assert text.splitlines()[-1].startswith("next: obs-check diagnose")


def test_console_of_a_positive_control() -> None:
    row = {
        "id": 3,
        "title": "Denied",
        "before": "No data",
        "after": "1",
        "meaning": "broken_zero",
        "words": "broken zero",
    }
    text = shown({"verdict": "ok", "control": [row]})
    assert "Positive control" in text
    assert "broken zero" in text
    above = shown({"verdict": "fail", "control": [row], "panels": [PANEL]})
    assert "positive control: 1 of 1 panels do not move as the events do" in above
    assert "broken zero" not in above


def test_console_of_an_empty_document() -> None:
    assert shown({"verdict": "ok", "run": None}) == "verdict ok\n"
    assert "only what was found so far" in shown({"verdict": "unknown", "ended": "interrupted"})


def test_json_starts_as_the_contract_says_and_has_no_nan() -> None:
    text = dumps(document("verify", "ok", None, value=float("nan"), other=[float("-inf")], path=Path("a")))
    assert list(json.loads(text)) == ["schema", "command", "verdict", "run", "value", "other", "path"]
    assert json.loads(text)["value"] == "NaN" and json.loads(text)["other"] == ["-Inf"]


def test_evidence(tmp_path: Path) -> None:
    written = write_evidence(tmp_path / "new" / "folder", DOCUMENT)
    names = [p.name for p in written]
    assert names == [
        "evidence.json",
        "evidence.md",
        "evidence.html",
        "verdict.csv",
        "events.csv",
        "hop_totals.csv",
        "panels.csv",
        "suggested.csv",
        "causes.csv",
        "probes.csv",
        "comparison.csv",
        "README.md",
        "manifest.json",
    ]
    files = {p.name: p.read_text("utf-8") for p in written}
    assert json.loads(files["evidence.json"]) == DOCUMENT
    events = list(csv.DictReader(io.StringIO(files["events.csv"])))
    assert [e["sent"] for e in events] == ["2026-11-24T00:41:58.603000000Z"] * 2
    assert [e["status"] for e in events] == ["", "403"]
    assert [(e["decision"], e["decided"], e["verdict"]) for e in events] == [("deny", "no_answer", "unknown")] * 2
    hop = next(csv.DictReader(io.StringIO(files["hop_totals.csv"])))
    assert hop["missing"] == "abcd-1-deny abcd-2-deny abcd-3-deny abcd-4-deny"
    runs = [(row["run"], row["reads"]) for row in csv.DictReader(io.StringIO(files["panels.csv"]))]
    assert runs == [("abcd", "0"), ("efgh", "5")]
    assert "&lt;script&gt;" in files["evidence.html"]
    assert "src=" not in files["evidence.html"] and 'href="http' not in files["evidence.html"]
    assert '<span class="add">+new\n</span>' in files["evidence.html"]
    assert r"| 3 | Denied \<b\> | 0 | 5 | fixed |" in files["evidence.md"]
    assert "````\nloki: GET query" in files["evidence.md"]
    assert "```diff\n--- a" in files["evidence.md"]


def test_evidence_of_next_to_nothing(tmp_path: Path) -> None:
    nothing: Any = document("verify", "unknown", None)
    assert [p.name for p in write_evidence(tmp_path, nothing)] == [
        "evidence.json",
        "evidence.md",
        "evidence.html",
        "verdict.csv",
        "README.md",
        "manifest.json",
    ]


def test_what_was_interrupted_says_so_at_the_top_of_every_format(tmp_path: Path) -> None:
    outcome = Outcome("verify")
    outcome.stop("interrupted")
    written = write_evidence(tmp_path, outcome.to_json())
    files = {path.name: path.read_text("utf-8") for path in written}
    assert json.loads(files["evidence.json"])["verdict"] == "unknown"
    first, second = files["evidence.md"].split("\n\n")[:2]
    assert (first, second[:37]) == ("# obs-check verify: unknown", "It did not come to its end: interrupt")
    assert "<h1>Nothing is claimed: it did not come to its end: interrupted.</h1>" in files["evidence.html"]
    assert files["verdict.csv"].splitlines()[1].startswith("verify,unknown,,interrupted,")
    assert shown(outcome.to_json()) == "verdict unknown (interrupted: only what was found so far)\n"


def test_of_a_demonstration_each_run_says_how_it_was() -> None:
    told, (verdicts, *_) = demonstration(), evidence_tables(demonstration())
    told["result"], told["after"]["result"] = (
        {"head": head, "parts": []} for head in ("DOCUMENTED NEGATIVE", "SUCCESS")
    )
    assert [(row["run"], row["verdict"]) for row in verdicts.rows] == [
        (told["run"], "fail"),
        (told["after"]["run"], "ok"),
    ]
    text = to_markdown(told, [])
    # As the page of HTML and the verdict have it.
    assert text.startswith("# SUCCESS, obs-check demo: ok\n")
    assert f"Run {told['run']} before the fixes, 20 events." in text
    assert f"Run {told['after']['run']} after the fixes, 20 events." in text
    assert text.count("As written:") > 2 and text.count("Changed:") > 2
    answers = [block.split("\n", 2)[2] for block in text.split("```")[1::2] if not block.startswith("diff")]
    assert answers and all(json.loads(answer) is not None for answer in answers)


def test_evidence_needs_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        write_evidence(tmp_path / "file", DOCUMENT)


STREAMS = Streams(
    [
        LogStream({"a": "1"}, [Entry(AT + 2, "third"), Entry(AT, "first", {"line": "x"})]),
        LogStream({"b": "2"}, [Entry(AT + 1, 'sec\x1bond "q",')]),
    ]
)


def test_lines_of_a_query() -> None:
    assert (
        to_jsonl(STREAMS).splitlines()[2] == f'{{"ts": "{AT}", "labels": {{"a": "1", "line": "x"}}, "line": "first"}}'
    )
    assert to_csv(STREAMS).splitlines() == [
        "ts,a,b,label.line,line",
        f"{AT + 2},1,,,third",
        f'{AT + 1},,2,,"sec\\x1bond ""q"","',
        f"{AT},1,,x,first",
    ]
    file = io.StringIO()
    print_result(STREAMS, file, color=False)
    assert [line.split("} ")[1] for line in file.getvalue().splitlines()] == ["third", 'sec\\x1bond "q",', "first"]
    assert file.getvalue().startswith('2026-11-24T00:41:58.603Z {a="1"} ')


@pytest.mark.parametrize(
    ("result", "kind", "values"),
    [
        (Vector([Sample({"a": "b"}, AT, 22.0), Sample({}, AT, float("nan"))]), "vector", [22.0, "NaN"]),
        (Matrix([Series({}, [(AT, 1.5), (AT + 1, float("inf"))])]), "matrix", [1.5, "+Inf"]),
        (Scalar(AT, 2.0), "scalar", [2.0]),
        (Vector([]), "vector", []),
    ],
)
def test_values_of_a_query(result: Result, kind: str, values: list[object]) -> None:
    found = result_json(result)
    assert found["type"] == kind
    assert [row["value"] for row in found["rows"]] == values
    assert len(to_csv(result).splitlines()) == 1 + len(values)
    file = io.StringIO()
    print_result(result, file, color=False)
    assert ("labels" in file.getvalue()) == bool(values)


def test_text_from_elsewhere_is_made_safe() -> None:
    assert escape_controls("a\x1b[31m\t\x9b\u202eb\nc") == "a\\x1b[31m\t\\x9b\\u202eb\nc"
    assert in_one_line("a\nb\x7f") == "a\\nb\\x7f"


def test_nothing_that_was_logged_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    [node] = load("[{template: {source: t, template: '{{ .Entry }}!'}}]", "stages.yaml")
    lines = ["GET /\x1b[2J\x9b5m"]
    result = run(read_stages(node), {"job": "\x1b]0;x\x07"}, lines, 0)
    print_kept(result, color=False)
    print_trace(result, lines, color=False)
    shown = capsys.readouterr().out
    assert r"GET /\x1b[2J\x9b5m" in shown
    assert not set(shown) & {"\x1b", "\x9b", "\x07"}


def test_junit_stays_xml_whatever_was_logged() -> None:
    check = {"subject": "a\x00", "verdict": "fail", "differs": "b\x1b", "want": ["c\x0b"], "got": ["d\ufffd"]}
    suite = {"file": "f", "cases": [{"name": "n\x01", "seconds": 0.5, "checks": [check]}]}
    root = ElementTree.fromstring(junit({"suites": [suite], "ended": ""}))
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == (r"b\x1b", "want c\\x0b\ngot  d\ufffd")


def test_junit_of_tests_that_were_interrupted_has_an_error() -> None:
    root = ElementTree.fromstring(junit({"suites": [], "ended": "interrupted"}))
    assert [node.get("message") for node in root.iter("error")] == ["interrupted"]
