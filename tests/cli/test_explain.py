"""`explain` shows the pages of causes and rules."""

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from obs_check.causes.registry import CAUSES
from obs_check.cli.explain import explain
from obs_check.cli.main import cli
from obs_check.errors import UsageError
from obs_check.lint.registry import IDS


def test_every_cause_and_rule_has_a_page() -> None:
    for name in [*(cause.id for cause in CAUSES), *IDS]:
        assert CliRunner().invoke(explain, [name]).output.startswith(f"# {name}\n"), name


def test_the_nearest_name_is_told() -> None:
    result = CliRunner().invoke(explain, ["shipper.path-not-colected"])
    assert isinstance(result.exception, UsageError)
    assert result.exception.hint == "did you mean shipper.path-not-collected?"


def test_all_are_listed_with_a_sentence_each() -> None:
    lines = CliRunner().invoke(explain).output.splitlines()
    told = dict(line.split(maxsplit=1) for line in lines)
    assert list(told) == [*sorted({cause.id for cause in CAUSES}), *(name for name in told if name in IDS)]
    assert set(IDS) <= set(told)
    assert all(len(text.split()) > 3 and text.endswith(".") for text in told.values()), told


def test_a_name_that_is_like_none_is_told_where_they_are() -> None:
    result = CliRunner().invoke(explain, ["zzzz"])
    assert isinstance(result.exception, UsageError)
    assert result.exception.hint == "obs-check explain lists them"


@pytest.mark.parametrize(
    ("line", "typed", "found"),
    [
        (["explain"], "pipeline.wrong", "pipeline.wrong-parser"),
        (["explain"], "masked", "masked-zero"),
        (["dashboard"], "obs", "obs-check-watch"),
        (["demo", "--fault"], "panel-logf", "panel-logfmt"),
        (["lab", "up", "--fault"], "panel-logf", "panel-logfmt"),
    ],
)
def test_a_shell_completes_names(line: list[str], typed: str, found: str) -> None:
    shell = ShellComplete(cli, {}, "obs-check", "_OBS_CHECK_COMPLETE")
    assert [item.value for item in shell.get_completions(line, typed)] == [found]
