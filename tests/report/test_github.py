"""Annotations of GitHub Actions: one line each, whatever a text holds, and a summary behind what the step has."""

import os
from pathlib import Path
from typing import Any

import pytest

from obs_check.cli.main import main
from obs_check.report.github import annotations
from obs_check.report.json import document

BAD = "sum(\n"
HEAD = document("verify", "fail", "abcd")
CASES = {
    "a cause": (
        {"findings": [{"cause": "a.b", "severity": "error", "claim": "x, y: 100%\nz", "panels": [1, 2]}]},
        ["::error title=a.b::x, y: 100%25%0Az%0Aexplains panels 1, 2"],
    ),
    "at a file": (
        {"findings": [{"cause": "a.b", "severity": "info", "claim": "c", "fix": {"summary": "s", "path": "b,c.yaml"}}]},
        ["::notice title=a.b,file=b%2Cc.yaml::c%0As"],
    ),
    "a file elsewhere": (
        {"findings": [{"cause": "a.b", "severity": "warning", "claim": "c", "fix": {"path": "/etc/p.yaml"}}]},
        ["::warning title=a.b::c"],
    ),
    "unexplained and unknown": (
        {"unexplained": ["p"], "outages": ["loki"], "ended": "interrupted"},
        [
            "::error title=unexplained::p",
            "::warning title=did not answer::loki",
            "::warning title=did not come to its end::interrupted",
        ],
    ),
    "after the fixes": ({"findings": [{"cause": "a"}], "after": {"findings": []}}, []),
}


@pytest.mark.parametrize(("given", "wanted"), CASES.values(), ids=CASES.keys())
def test_a_document(
    given: dict[str, object], wanted: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b,c.yaml").write_text("")
    found: Any = {**HEAD, **given}
    assert list(annotations(found)) == wanted


def test_lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q.logql").write_text(f"# one\n{BAD}")
    Path("summary.md").write_text("before\n")
    monkeypatch.setitem(os.environ, "GITHUB_STEP_SUMMARY", "summary.md")
    assert main(["lint", str(tmp_path / "q.logql"), "-o", "github", "--junit", "lint.xml"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=query-syntax,file=q.logql,line=3,col=1::")
    assert Path("summary.md").read_text() == "before\nobs-check lint: 1 finding\n"
    assert 'tests="1" failures="1"' in Path("lint.xml").read_text()


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--ignore", "query-syntax"], 0),
        (["--select", "query-syntax"], 1),
        (["--select", "masked-zero"], 0),
        (["--select", "query-sintax"], 2),
    ],
)
def test_what_fails(args: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "q.logql").write_text(BAD)
    assert main(["lint", str(tmp_path), *args]) == code
    if code == 2:
        assert "did you mean query-syntax?" in capsys.readouterr().err
