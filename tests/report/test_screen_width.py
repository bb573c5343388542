"""What is printed on a terminal has no row beyond its last column, be that one narrow."""

import io
from collections.abc import Callable
from typing import Any, TextIO

import pytest
from rich.cells import cell_len

from obs_check.model.result import Matrix, Series
from obs_check.report.checkup import print_checkup
from obs_check.report.lint import print_lint
from obs_check.report.query_result import print_result
from obs_check.report.runs import print_runs
from obs_check.report.screen import print_document
from tests.report.pages import DOCUMENTS

LONG = (
    "a title that is as long as titles are, with an/address/without/a/blank/that/is/longer/than/eighty/characters/are"
)
PLACES = [{"line": 3, "subject": {"dashboard": "d", "panel": n, "target": "A"}} for n in (1, 2)]
LINT = {
    "files": 1,
    "disabled": [],
    "findings": [
        {
            "path": f"dashboards/{LONG[-60:]}.json",
            "line": 103,
            "column": 11,
            "severity": "error",
            "rule": "masked-zero",
            "subject": PLACES[0]["subject"],
            "claim": LONG,
            "places": PLACES,
            "copies": [f"{LONG[-30:]}.json", f"{LONG[-30:]}.yaml"],
            "fix": {"summary": LONG},
        }
    ],
}
CHECKUP = {
    "checks": [
        {"part": part, "state": state, "place": LONG, "said": LONG, "remedy": LONG}
        for part, state in (("grafana", "ok"), ("boundary logs", "not allowed"), ("coderd logs", "not set"))
    ]
}
RUN = {"id": "7vawjg", "at": "20261129T223918.123456789Z", "command": "diagnose", "verdict": "fail", "ended": ""}
COUNTS = {"events": 20, "panels": 12, "broken": 9, "causes": ["pipeline.wrong-parser", "file.level-hides-allow"] * 2}
VALUES = Matrix([Series({"decision": "deny", "pod": LONG}, [(10**18 + n, n / 7) for n in range(40)])])
PRINTED: dict[str, Callable[[TextIO], None]] = {
    "lint": lambda file: print_lint(LINT, file, color=False),
    "doctor": lambda file: print_checkup(CHECKUP, file, color=False, everything=True),
    "runs": lambda file: print_runs([{**RUN, **COUNTS}], file, color=False),
    "query": lambda file: print_result(VALUES, file, color=False),
}


class Terminal(io.StringIO):
    """A file that says that somebody looks at it."""

    def isatty(self) -> bool:
        """As a terminal."""
        return True


def printed(show: Callable[[TextIO], None], columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    show(terminal)
    return terminal.getvalue().splitlines()


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("name", PRINTED)
def test_a_table_fits(name: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = printed(PRINTED[name], columns, monkeypatch)
    assert len(rows) > 2
    assert [row for row in rows if cell_len(row) > columns] == []


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("name", ["negative", "unknown", "confirm"])
def test_a_document_fits(name: str, everything: bool, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    document = DOCUMENTS[name]()

    def show(file: TextIO) -> None:
        print_document(document, file, color=False, diffs="none", everything=everything)

    rows = printed(show, columns, monkeypatch)
    assert [row for row in rows if cell_len(row) > columns] == []
    assert "verdict" in rows[0]


def test_a_change_is_cut_where_there_is_no_room_and_whole_when_all_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    change = {"id": 1, "title": LONG, "before": "No data", "after": LONG, "change": "fixed"}
    document: Any = {"command": "confirm", "verdict": "ok", "comparison": [change]}
    cut = printed(lambda file: print_document(document, file, color=False), 80, monkeypatch)
    [row] = [row for row in cut if " fixed " in row]
    assert len(row) == 80
    assert row.startswith("   1 fixed         a title that is a") and "…: No data -> a title that is" in row
    whole = printed(lambda file: print_document(document, file, color=False, everything=True), 80, monkeypatch)
    assert "".join(" ".join(whole).split()).count("".join(LONG.split())) == 2


def test_a_finding_of_lint_is_one_row_for_whoever_is_no_terminal() -> None:
    file = io.StringIO()
    print_lint(LINT, file, color=False)
    assert file.getvalue().startswith(
        f"dashboards/{LONG[-60:]}.json:103:11: error masked-zero: panel 1, query A: {LONG}\n"
    )
