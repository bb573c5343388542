"""`obs-check test`: expectations hold or are named, mutants are noticed or survive, and a wrong file is named."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from obs_check.cli.main import cli, main

OWN = Path(__file__).parents[2] / "dashboards/agent-firewall.test.yaml"
DASHBOARD = {
    "uid": "d",
    "title": "d",
    "time": {"from": "now-1h", "to": "now"},
    "panels": [
        {
            "id": 1,
            "type": "stat",
            "title": "Denials",
            "datasource": {"type": "loki", "uid": "loki"},
            "options": {"reduceOptions": {"calcs": ["sum"]}},
            "targets": [
                {
                    "refId": "A",
                    "expr": 'sum(count_over_time({job="boundary"} | logfmt | msg="DENY" [$__range]))',
                    "queryType": "instant",
                }
            ],
        }
    ],
}
COUNTED = "'sum by (msg) (count_over_time({job=\"b\"} | logfmt [1h]))'"
TWO_DENIED = '{decision: deny, url: "http://c.invalid/x", count: 2}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.json").write_text(json.dumps(DASHBOARD))
    return tmp_path


def run(*args: str) -> tuple[int, str]:
    found = CliRunner().invoke(cli, ["test", *args], standalone_mode=True)
    return found.exit_code, found.output


def write(folder: Path, tests: str, head: str = "dashboard: d.json\n") -> str:
    (folder / "t.yaml").write_text(f"{head}tests:\n{tests}")
    return "t.yaml"


def document(*args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CliRunner().invoke(cli, ["test", "-o", "json", *args]).stdout)
    return found


def test_our_own_dashboard_passes_and_every_mutant_is_noticed() -> None:
    found = document(str(OWN), "--mutate")
    assert found["verdict"] == "ok"
    (suite,) = found["suites"]
    assert {case["verdict"] for case in suite["cases"]} == {"ok"}
    assert len(suite["mutants"]) >= 100
    assert [m for m in suite["mutants"] if not m["noticed_by"]] == []
    dashboard = json.loads(OWN.with_name("agent-firewall.json").read_text())
    queried = {p["id"] for p in dashboard["panels"] if p.get("targets")}
    assert {m["panel"] for m in suite["mutants"]} == queried


@pytest.mark.parametrize(
    ("want", "differs"),
    [
        ("{text: '2', number: 2, state: ok, rows: 1}", ""),
        ("{text: '3'}", "text '2' instead of '3'"),
        ("{number: 3}", "number 2 instead of 3"),
        ("{state: no_series}", "state ok instead of no_series"),
        ("{rows: 4}", "1 row instead of 4"),
        ("{values: {x: 2}}", "x is not shown"),
    ],
)
def test_a_panel_is_compared_with_what_is_wanted(folder: Path, want: str, differs: str) -> None:
    file = write(folder, f"  - name: n\n    given: {{events: [{TWO_DENIED}]}}\n    panels: {{1: {want}}}\n")
    code, text = run(file)
    assert code == (1 if differs else 0)
    assert differs in text


def test_a_version_of_loki_says_which_value_of_a_key_counts(folder: Path) -> None:
    given = "{logs: [{labels: {job: b}, lines: [{line: msg=first msg=last, ago: 1m}]}]}"
    query = "{query: 'count_over_time({job=\"b\"} | logfmt [1h])', want: [{labels: {job: b, msg: first}, value: 1}]}"
    file = write(folder, f"  - name: n\n    given: {given}\n    queries: [{query}]\n", head="")
    assert (run(file)[0], run(file, "--loki-version", "v3.7.6")[0]) == (1, 0)


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        (f"{{query: {COUNTED}, want: [{{labels: {{msg: a}}, value: 2}}]}}", True),
        (f"{{query: {COUNTED}, want: [{{labels: {{msg: a}}, value: 3}}]}}", False),
        ("{query: 'sum(count_over_time({job=\"b\"}[1m]))', range: 2m, step: 1m, want: [{values: 1 1}]}", True),
        ('{query: \'{job="b"} |= "x=1"\', lines: [msg=a x=1]}', True),
        ("{query: '{job=\"b\"}', lines: [msg=a x=2, msg=a x=1]}", False),
        ("{query: '{job=\"none\"}', lines: []}", True),
        ("{query: '{', error: syntax error}", True),
        ("{query: '{job=\"b\"}', error: syntax error}", False),
        ("{query: '{', lines: []}", False),
        ("{file: q.logql, lines: [msg=a x=1, msg=a x=2]}", True),
    ],
)
def test_a_query_is_compared_with_what_is_wanted(folder: Path, query: str, passes: bool) -> None:
    (folder / "q.logql").write_text('# id: q\n{job="b"}\n')
    given = "{logs: [{labels: {job: b}, lines: [{line: msg=a x=1, ago: 1m}, {line: msg=a x=2, ago: 0}]}]}"
    file = write(folder, f"  - name: n\n    given: {given}\n    queries: [{query}]\n", head="")
    code, text = run(file)
    assert code == (0 if passes else 1), text


def test_a_metric_is_given_in_promtools_notation(folder: Path) -> None:
    panel = {**DASHBOARD["panels"][0], "datasource": {"type": "prometheus", "uid": "p"}}  # type: ignore[index]
    panel["targets"] = [{"refId": "A", "expr": "sum(increase(c[10m]))", "instant": True}]
    (folder / "d.json").write_text(json.dumps({**DASHBOARD, "panels": [panel]}))
    tests = (
        "  - name: n\n    given: {metrics: [{series: 'c{a=\"b\"}', values: 0+1x20}]}\n    panels: {1: {number: 10}}\n"
    )
    assert run(write(folder, tests)) == (0, "ok      n\n1 test, 1 check, 0 failed\n")


def test_a_change_that_no_test_notices_survives_and_fails(folder: Path) -> None:
    lax = f"  - name: lax\n    given: {{events: [{TWO_DENIED}]}}\n    panels: {{1: {{state: ok}}}}\n"
    code, text = run(write(folder, lax), "--mutate")
    assert code == 1
    assert "survived panel 1 Denials, target A: sum became count" in text
    assert "survived panel 1 Denials, target A: deleted" not in text


def test_run_picks_tests_diff_shows_both_sides_and_junit_is_written(folder: Path) -> None:
    one = f"    given: {{events: [{TWO_DENIED}]}}\n    panels: {{1: {{number: 3}}}}\n"
    file = write(folder, f"  - name: first\n{one}  - name: second\n{one}")
    code, text = run(file, "--run", "sec", "--diff", "--junit", "out.xml")
    assert code == 1
    assert "first" not in text
    assert "-number: 3" in text and "+number: 2" in text
    suite = ElementTree.parse(folder / "out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert suite[0].get("classname") == "second"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tests: [{nam: x}]", "t.yaml: tests[0]: unknown key 'nam'"),
        ("tests: [{name: x, panels: {1: {text: a}}}]", "no panel 1 in the dashboard"),
        ("dashboard: d.json\ntests: [{name: x, panels: {9: {text: a}}}]", "no panel 9 in the dashboard"),
        ("dashboard: d.json\ntests: [{name: x, panels: {1: {}}}]", "tests[0].panels.1: nothing is expected"),
        ("dashboard: d.json\ntests: [{name: x, panels: {1: {state: fine}}}]", "panels.1.state: 'fine' does not fit"),
        ("dashboard: nope.json\ntests: [{name: x}]", "nope.json: No such file or directory"),
        ("tests: [{name: x}]", "test 'x' checks nothing"),
        ("tests: []", "no `tests` in it"),
        ("tests: [", "t.yaml:1:"),
        ("tests: [{name: x, given: {events: [{decision: maybe, url: u}]}}]", "events[0].decision: 'maybe'"),
        ("tests: [{name: x, given: {events: [{decision: deny, url: u, ago: soon}]}}]", "events[0].ago: 'soon'"),
        ("tests: [{name: x, given: {metrics: [{series: a, values: 1..2}]}}]", "'1..2' is not in promtool's notation"),
        ("tests: [{name: x, queries: [{query: '{a=\"b\"}'}]}]", "exactly one of want, lines and error"),
        ("tests: [{name: x, given: {logs: [{labels: {a-b: c}, lines: [x]}]}}]", "Loki refuses a line"),
        (
            "dashboard: d.json\ntests: [{name: x, variables: {v: 1}, panels: {1: {text: a}}}]",
            "unknown variable: 'v'",
        ),
    ],
)
def test_a_wrong_file_is_named_with_the_place(
    folder: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "t.yaml").write_text(text)
    assert main(["test", "t.yaml"]) == 2
    said = capsys.readouterr().err
    assert says in said
    assert "hint: " in said
