"""What docs/bundle.md and docs/auditor.md show is what the commands print."""

import json
import re
import shlex
from pathlib import Path

import pytest

from obs_check.cli.main import main
from tests.report.pages import demonstration

DOCS = Path(__file__).parent.parent.parent / "docs"
_BLOCK = re.compile(r"^```\n(\$ .*?)^```$", re.DOTALL | re.MULTILINE)
_CASE = re.compile(r"^\$ (.*)\n((?:[^$].*\n)*)", re.MULTILINE)


@pytest.mark.parametrize("page", ["bundle.md", "auditor.md"])
def test_the_examples(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps(demonstration()), "utf-8")
    if page == "auditor.md":
        assert main(["bundle", "run.json", "--to", "run.zip"]) == 0
        capsys.readouterr()
    cases = [case for block in _BLOCK.findall((DOCS / page).read_text("utf-8")) for case in _CASE.findall(block)]
    assert cases
    for command, printed in cases:
        assert main(shlex.split(command)[1:]) == 0
        assert capsys.readouterr().out == printed
