"""`inject --via` and `--dry-run` from the command line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from obs_check.cli.inject import inject
from obs_check.cli.main import main
from obs_check.errors import ObsCheckError
from obs_check.follow.journal import journal_path, read_journal
from obs_check.lab.origin import Origin

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


def test_a_dry_run_of_a_large_run_through_an_executor_tells_its_pace_and_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("obs_check.app.systems.load_there.BATCH", 4)
    monkeypatch.setattr("obs_check.app.systems.load.BATCH", 4)
    asked = ("--via", "command", "--count", "9", "--rate", "2", "--parallel", "3", "--dry-run")
    result = run(tmp_path, *asked)
    assert result.exit_code == 0, result.output
    for told in ("2 a second", "3 at once", "3 batches of at most 4 events", "may take 48 s", "timeouts.start_s"):
        assert told in result.output
    listed, _, program = result.output.partition("the program that sends the first batch:")
    assert (listed.count("(allow)"), listed.count("(deny)")) == (5, 4)
    assert program.count("GET http") == 4


def test_a_large_run_goes_through_an_executor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OBS_CHECK_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("obs_check.app.systems.load_there.BATCH", 4)
    monkeypatch.setattr("obs_check.client.executors.probe.FLUSH_S", 0)
    with Origin() as origin:
        url = f"http://127.0.0.1:{origin.port}"
        (tmp_path / "obs-check.yaml").write_text(
            f"inject: {{allow_url: '{url}/ok', deny_url: '{url}/no'}}\nexecutors: {{command: {{run: '{{cmd}}'}}}}\n"
        )
        args = ["inject", "--via", "command", "--count", "9", "--rate", "100", "--parallel", "3", "-o", "json"]
        code = main([*args, "--config", str(tmp_path / "obs-check.yaml")])
    document = json.loads(capsys.readouterr().out)
    # Nobody denies here: each of the four is missing at the firewall.
    assert (code, document["load"]["sent"]) == (1, 9)
    for row in document["hops"]:
        assert [tag.split("-", 1)[1] for tag in row["missing"]] == ["2-deny", "4-deny", "6-deny", "8-deny"]
    assert document["through"]["wrap"]["kind"] == "not wrapped"
    run, planned = read_journal(journal_path(tmp_path / "state", document["run"]))
    assert (planned, {one.answer.verdict for one in run.sent}, {one.client for one in run.sent}) == (
        9,
        {"allow"},
        {"python"},
    )
    assert all(one.event.sent_ns <= one.answered_ns for one in run.sent)


def test_a_chat_carries_no_large_run(tmp_path: Path) -> None:
    chat = "  chat: {url: https://coder.example, token: {env: T}, organization: o, workspace: w}\n"
    (tmp_path / "boundary.yaml").write_text(RULES)
    (tmp_path / "obs-check.yaml").write_text(CONFIG + chat)
    args = ["--config", str(tmp_path / "obs-check.yaml"), "--count", "9", "--via", "chat"]
    error = CliRunner().invoke(inject, args).exception
    assert isinstance(error, ObsCheckError)
    assert "--count cannot be sent through chat" in error.message


WRONG: dict[tuple[str, ...], tuple[str, str]] = {
    ("--via", "kubctl"): ("unknown executor: 'kubctl'", "did you mean kubectl?"),
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
