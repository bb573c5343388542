"""`obs-check query --explain` as a person reads it and as a program does."""

import io
import json
import time
from pathlib import Path

import pytest

from obs_check.cli.main import main
from obs_check.lab.loki import LabLoki
from obs_check.logql import parse
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.explain.run import explain
from obs_check.model.entry import Entry, LogStream
from obs_check.model.window import NS, Window
from obs_check.report.explanation import print_explanation
from tests.engine_settings import SETTINGS
from tests.lab.loki_client import LokiClient

LINES = ["level=WARN msg=DENY host=a.example", "level=INFO msg=ALLOW host=b.example", "panic: no pairs"]
QUERY = 'sum by (host) (count_over_time({job="b"} |= `msg` | logfmt | msg=`Deny` [1h]))'
SHOWN = Path(__file__).parent.parent / "fixtures" / "cli" / "explain.txt"


def test_the_tree_in_a_terminal() -> None:
    source = ListSource([LogStream({"job": "b"}, [Entry(NS * n, line) for n, line in enumerate(LINES, 1)])])
    out = io.StringIO()
    print_explanation(
        explain(parse(QUERY), source, Window(0, 10 * NS), None, SETTINGS), out, False, "now", "2 requests"
    )
    assert [line.rstrip() for line in out.getvalue().splitlines()] == SHOWN.read_text("utf-8").splitlines()


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.log").write_text("".join(f"2026-11-24T00:00:0{n}Z {line}\n" for n, line in enumerate(LINES)))
    arguments = ["query", QUERY, "--instant", "--file", str(tmp_path / "a.log"), "--label", "job=b", "--explain"]
    assert main([*arguments, "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["conclusion"].startswith('`| msg="Deny"` drops all 2 lines')
    stages = document["explain"]["children"][0]["children"]
    assert [(s["lines_in"], s["lines_out"]) for s in stages] == [(None, 3), (3, 2), (2, 2), (2, 0)]
    assert document["cost"] is None
    assert main([*arguments, "-o", "csv"]) == 2
    assert "--explain has no -o csv" in capsys.readouterr().err


def test_loki(capsys: pytest.CaptureFixture[str]) -> None:
    with LabLoki() as loki:
        now = time.time_ns()
        rows = [[str(now - NS + n), line] for n, line in enumerate(LINES)]
        assert LokiClient(loki.url, None).push(({"job": "b"}, rows)).status_code == 204
        assert main(["query", QUERY, "--instant", "--loki", loki.url, "--explain"]) == 0
        out = capsys.readouterr().out
        assert main(["query", '{job="b"}', "--limit", "6000", "--loki", loki.url]) == 2
    err = capsys.readouterr().err
    assert err.startswith("obs-check: error: loki refuses the query: max entries limit")
    assert err.endswith("hint: ask for fewer: --limit\n")
    assert "values  msg: ALLOW" in out
    assert "requests, Loki read" in out.splitlines()[-1]


def test_an_explanation_stays_a_tree(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text('{"ts":"2026-11-24T00:00:00Z","a":"x\\ny"}\n')
    query = '{job="b"} | json | a="z"'
    assert main(["query", query, "--file", str(tmp_path / "a.log"), "--label", "job=b", "--explain"]) == 0
    out = capsys.readouterr().out
    assert "values  a: x\\ny 1\n" in out
    assert "drops the only line that reaches it: a is `x\\ny`" in out
