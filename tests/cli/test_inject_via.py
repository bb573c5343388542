"""`inject --via` and `--dry-run` from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from obs_check.cli.inject import inject
from obs_check.errors import ObsCheckError

CONFIG = """\
boundary: {config: boundary.yaml, proxy: "http://127.0.0.1:9"}
executors:
  command: {run: "sh -c {cmd}"}
"""
RULES = 'allowlist:\n- "domain=*.allowed.example path=/ok/*"\n'


def run(folder: Path, *args: str) -> Result:
    (folder / "obs-check.yaml").write_text(CONFIG)
    (folder / "boundary.yaml").write_text(RULES)
    return CliRunner().invoke(inject, ["--config", str(folder / "obs-check.yaml"), *args])


def test_a_dry_run_prints_targets_and_program_and_sends_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "--via", "command", "--allow", "1", "--deny", "1", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "GET https://www.allowed.example/ok/x?obs=" in result.output
    assert "-2-deny.obs-check.invalid/denied?obs=" in result.output
    assert "by_python() {" in result.output
    assert not list(tmp_path.glob("run-*.json"))


def test_a_dry_run_of_a_large_run_sends_nothing_either(tmp_path: Path) -> None:
    result = run(tmp_path, "--count", "5", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "5 requests from here" in result.output
    assert result.output.count("(allow)") == 3
    assert "sending" not in result.output


def test_a_large_run_is_sent_from_here(tmp_path: Path) -> None:
    error = run(tmp_path, "--count", "9", "--via", "command").exception
    assert isinstance(error, ObsCheckError)
    assert "--count sends from here" in error.message


WRONG: dict[tuple[str, ...], tuple[str, str]] = {
    ("--via", "kubctl"): ("there is no executor 'kubctl'", "did you mean kubectl?"),
    ("--via", "kubectl"): ("executors.kubectl is not set", ""),
    ("--client", "curl"): ("--client is for the probe", ""),
    ("--rate", "5"): ("--rate needs --count", "say how many events"),
}


@pytest.mark.parametrize("args", WRONG)
def test_a_wrong_executor_is_named(args: tuple[str, ...], tmp_path: Path) -> None:
    message, hint = WRONG[args]
    error = run(tmp_path, *args, "--dry-run").exception
    assert isinstance(error, ObsCheckError)
    assert message in error.message
    assert hint in error.hint
    assert error.exit_code == 2
