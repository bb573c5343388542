"""`explain` shows the pages of causes and rules."""

from click.testing import CliRunner

from obs_check.causes.registry import CAUSES
from obs_check.cli.explain import explain
from obs_check.errors import UsageError
from obs_check.lint.registry import IDS


def test_every_cause_and_rule_has_a_page() -> None:
    for name in [*(cause.id for cause in CAUSES), *IDS]:
        assert CliRunner().invoke(explain, [name]).output.startswith(f"# {name}\n"), name


def test_the_nearest_name_is_told() -> None:
    result = CliRunner().invoke(explain, ["shipper.path-not-colected"])
    assert isinstance(result.exception, UsageError)
    assert result.exception.hint == "did you mean shipper.path-not-collected?"
