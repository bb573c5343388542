"""Decisions of a window: all of them, each once, whatever a page holds and wherever reading stopped."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from obs_check.app.decisions import ROWS, STATE, collect, decision_of, rows_of
from obs_check.boundary.coderd import AgentLog, Workspace, human_line, json_line, request_fields
from obs_check.client.loki.client import LokiClient, StoredLine
from obs_check.config import host_port
from obs_check.errors import InputError
from obs_check.lab.loki import LabLoki
from obs_check.model.window import NS, Window
from obs_check.report.decisions import write_decisions
from obs_check.standin.loki.limits import Limits
from tests.full_disk import room
from tests.lab.loki_client import LokiClient as LokiPush

BASE = time.time_ns() // NS * NS - 60 * NS
WINDOW = Window(BASE, BASE + 50 * NS)
LINES = 23
BOUNDARY = "time=2026-11-24T00:00:00.603Z level=WARN msg=DENY method=GET url=http://h{}.example/{} host=h{}.example"
FIELDS = request_fields(Workspace(), AgentLog(True, BASE, "POST", "http://a.example/?q=1", "domain=a.example"))


@pytest.fixture(scope="module")
def loki() -> Iterator[LokiClient]:
    """23 lines of boundary, eight of one moment (a page has nine), four of coderd, and lines that say nothing."""
    at = [BASE + (n if n < 10 else max(n - 7, 10)) * NS // 2 for n in range(LINES)]
    boundary = [[str(ts), BOUNDARY.format(n % 3, n, n % 3)] for n, ts in enumerate(at)]
    coderd = [[str(BASE + n * NS), json_line(BASE, FIELDS)] for n in range(4)]
    noise = [[str(BASE + n * NS), f"msg=ALLOWED line {n}"] for n in range(4)]
    with LabLoki(limits=Limits(max_entries_per_query=9)) as server:
        pushed = (({"job": "b"}, boundary[::2]), ({"job": "c"}, boundary[1::2]), ({"job": "d"}, coderd + noise))
        for labels, rows in pushed:
            assert LokiPush(server.url, None).push((labels, rows)).status_code == 204
        yield LokiClient.direct(server.url, time.time_ns, {host_port(server.url)})


def test_every_decision_is_read_once(loki: LokiClient, tmp_path: Path) -> None:
    found = collect(loki, WINDOW, tmp_path, lambda _text: None)
    rows = list(rows_of(tmp_path))
    assert (found.rows, found.crowded, found.done) == (LINES + 4, 0, True)
    assert sum(row["path"] == "A" for row in rows) == LINES
    assert [row["stored"] for row in rows if row["path"] == "A"] == sorted(
        row["stored"] for row in rows if row["path"] == "A"
    )
    assert {row["host"] for row in rows} == {"h0.example", "h1.example", "h2.example", "a.example"}


class Stopped(Exception):
    pass


@pytest.mark.parametrize("pages", [1, 2, 3, 5])
def test_an_interrupted_one_goes_on(pages: int, loki: LokiClient, tmp_path: Path) -> None:
    left = pages

    def say(_text: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Stopped

    with pytest.raises(Stopped):
        collect(loki, WINDOW, tmp_path, say)
    with (tmp_path / ROWS).open("ab") as file:
        file.write(b'{"half')
    found = collect(loki, Window(0, 1), tmp_path, lambda _text: None)
    assert (found.rows, found.window) == (LINES + 4, WINDOW)
    assert len(list(rows_of(tmp_path))) == LINES + 4


@pytest.mark.parametrize(("size", "file", "hint"), [(50, STATE, "file"), (1000, ROWS, "folder")])
def test_one_without_room_names_its_file_and_goes_on_when_there_is_some(
    size: int, file: str, hint: str, loki: LokiClient, tmp_path: Path
) -> None:
    with room(size), pytest.raises(InputError) as caught:
        collect(loki, WINDOW, tmp_path, lambda _text: None)
    assert caught.value.message == f"{tmp_path / file}: File too large"
    assert caught.value.hint == f"make room, or name a {hint} that can be written"
    assert collect(loki, WINDOW, tmp_path, lambda _text: None).rows == len(list(rows_of(tmp_path))) == LINES + 4


def test_what_cannot_be_asked_for_is_counted(loki: LokiClient, tmp_path: Path) -> None:
    found = collect(loki, WINDOW, tmp_path, lambda _text: None, page=2)
    assert found.crowded > 0
    assert found.rows < LINES + 4


def test_the_files(loki: LokiClient, tmp_path: Path) -> None:
    collect(loki, WINDOW, tmp_path, lambda _text: None)
    written = write_decisions(tmp_path, ("csv", "jsonl", "parquet"))
    assert [path.name for path in written] == [
        "decisions.csv",
        "decisions.jsonl",
        "decisions.parquet",
        "top_domains.csv",
        "top_domains.jsonl",
    ]
    with (tmp_path / "decisions.csv").open() as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert [row["stored"] for row in rows] == [line["stored"] for line in lines]
    with duckdb.connect() as database:
        counted = database.execute(f"SELECT count(*), min(epoch_ns(stored)) FROM '{tmp_path}/decisions.parquet'")
        assert counted.fetchall() == [(LINES + 4, BASE)]
    domains = [json.loads(line) for line in (tmp_path / "top_domains.jsonl").read_text().splitlines()]
    assert [(row["host"], row["requests"], row["allowed"], row["denied"]) for row in domains] == [
        ("h0.example", 8, 0, 8),
        ("h1.example", 8, 0, 8),
        ("h2.example", 7, 0, 7),
        ("a.example", 4, 4, 0),
    ]


@pytest.mark.parametrize("line", [json_line(BASE, FIELDS), json_line(BASE, FIELDS, True), human_line(BASE, FIELDS)])
def test_a_line_of_coderd_in_each_of_its_forms(line: str) -> None:
    row = decision_of("B", StoredLine({}, 1, line))
    assert row is not None
    assert (row["decision"], row["method"], row["url"], row["host"], row["owner"]) == (
        *("allow", "POST", "http://a.example/?q=1", "a.example", "joe"),
    )


def test_a_state_of_something_else_is_named(loki: LokiClient, tmp_path: Path) -> None:
    (tmp_path / "decisions.part.json").write_text("[]")
    with pytest.raises(InputError, match="not what an earlier command left"):
        collect(loki, WINDOW, tmp_path, lambda _text: None)
