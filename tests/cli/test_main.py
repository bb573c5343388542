"""Errors as one line, exit codes, and commands that exist."""

import importlib
import inspect
import signal
import sys
from collections.abc import Callable

import click
import pytest

from obs_check.cli import main as module
from obs_check.cli.interrupt import Stopped
from obs_check.cli.main import COMMANDS, Subcommand, main
from obs_check.errors import (
    ConfigError,
    InputError,
    NotAllowed,
    ObsCheckError,
    QueryError,
    Refused,
    Unavailable,
    UsageError,
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_can_be_loaded(command: Subcommand) -> None:
    found = getattr(importlib.import_module(command.module), command.attribute)
    assert isinstance(found, click.Command)
    assert found.name == command.name


def raising(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> int:
    """The exit code of a command that does one thing."""

    class One:
        one = click.Command("one", callback=act)

    monkeypatch.setitem(sys.modules, "one_command", One)
    monkeypatch.setattr(module, "COMMANDS", (Subcommand("one", "one_command", "one", "Does one thing."),))
    return main(["one"])


def throw(error: BaseException) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


def test_an_error_is_not_made_without_a_remedy() -> None:
    """But for a query's, which is in the words of Loki."""
    for kind in (ObsCheckError, UsageError, ConfigError, InputError, Unavailable, Refused, NotAllowed):
        assert inspect.signature(kind).parameters["hint"].default is inspect.Parameter.empty


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (UsageError("a is wrong", "write b"), 2, ["obs-check: error: a is wrong", "hint: write b"]),
        (InputError("f: no", ""), 2, ["obs-check: error: f: no"]),
        (QueryError("unexpected }", "{a=}", 3, 4), 2, ["obs-check: error: unexpected }", "{a=}", "   ^"]),
        (Unavailable("loki down", ""), 3, ["obs-check: error: loki down"]),
        (Refused("loki: 400", 400, "x", ""), 3, ["obs-check: error: loki: 400"]),
        (NotAllowed("grafana: 403", ""), 4, ["obs-check: error: grafana: 403"]),
        (KeyboardInterrupt(), 130, ["obs-check: error: interrupted"]),
        (Stopped(signal.SIGTERM), 143, ["obs-check: error: terminated"]),
        (Stopped(signal.SIGHUP), 129, ["obs-check: error: hung up"]),
        (SystemExit(1), 1, []),
        (click.BadParameter("no"), 2, ["obs-check: error: Invalid value: no"]),
    ],
)
def test_errors(
    error: BaseException,
    code: int,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert raising(monkeypatch, throw(error)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line for line in shown.err.splitlines() if line][: len(lines)] == lines
    assert "Traceback" not in shown.err


def test_what_nobody_foresaw_claims_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert raising(monkeypatch, throw(KeyError("x\ny"))) == 70
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("obs-check: error: internal error, nothing is claimed: KeyError: ")
    assert "(tests.cli.test_main:" in line
    assert "please report this line" in line


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--help"], 0, "Commands:"),
        (["--version"], 0, "obs-check, version"),
        (["nonsense"], 2, "No such command 'nonsense'"),
        (["--nonsense"], 2, "obs-check --help"),
        ([], 2, "Commands:"),
    ],
)
def test_top_level(arguments: list[str], code: int, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert text in shown.out + shown.err


def test_the_nearest_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verfy"]) == 2
    assert "No such command 'verfy'. Did you mean verify?" in capsys.readouterr().err
    assert main(["zzzzzz"]) == 2
    assert "Did you mean" not in capsys.readouterr().err
