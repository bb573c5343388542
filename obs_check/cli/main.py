"""The command `obs-check`: subcommands loaded when they are called, errors as one line, exit codes."""

import importlib
import os
import signal
import stat
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click

from obs_check import __version__
from obs_check.cli.interrupt import Stopped, insistent_interrupt
from obs_check.cli.options import Group
from obs_check.errors import NO_ROOM, ObsCheckError, QueryError, with_room
from obs_check.model.secret import shorten

READER_LEFT = 130
INTERNAL = 70
"""EX_SOFTWARE of sysexits.h: an error of obs-check itself, which claims nothing about anything."""


class Subcommand(NamedTuple):
    """A subcommand: where it is, and its line in `--help` (kept here so that help imports nothing)."""

    name: str
    module: str
    attribute: str
    summary: str


COMMANDS: tuple[Subcommand, ...] = (
    Subcommand(
        "demo", "obs_check.cli.demo", "demo", "The whole job on the embedded lab: break, follow, diagnose, fix."
    ),
    Subcommand("init", "obs_check.cli.init", "init", "Write an obs-check.yaml that works, from Grafana's address."),
    Subcommand("doctor", "obs_check.cli.doctor", "doctor", "What of obs-check.yaml works, and what to do."),
    Subcommand("diagnose", "obs_check.cli.diagnose", "diagnose", "What each panel reads, why, with proof, and a fix."),
    Subcommand(
        "verify", "obs_check.cli.verify", "verify", "Inject events and follow each to its panels; one exit code."
    ),
    Subcommand("watch", "obs_check.cli.watch", "watch", "Verify on a schedule, with metrics for Prometheus."),
    Subcommand("inject", "obs_check.cli.inject", "inject", "Send tagged allow and deny events through the firewall."),
    Subcommand("trace", "obs_check.cli.trace", "trace", "Follow the events of a kept run hop by hop."),
    Subcommand("runs", "obs_check.cli.runs", "runs", "List the runs that are kept, or remove old ones."),
    Subcommand("decisions", "obs_check.cli.decisions", "decisions", "Write every audited request of a window."),
    Subcommand("confirm", "obs_check.cli.confirm", "confirm", "Run again after a fix and compare panel by panel."),
    Subcommand("query", "obs_check.cli.query", "query", "Run a LogQL query on files, Loki or Loki behind Grafana."),
    Subcommand("lint", "obs_check.cli.lint", "lint", "Check dashboards, queries and shipper configurations offline."),
    Subcommand(
        "test", "obs_check.cli.test", "test", "Unit tests of dashboards and queries; --mutate for what they miss."
    ),
    Subcommand("explain", "obs_check.cli.explain", "explain", "The page of a cause or of a rule of lint."),
    Subcommand("dashboard", "obs_check.cli.dashboard", "dashboard", "Print one of our own dashboards, or install it."),
    Subcommand("export", "obs_check.cli.export", "export", "Write evidence tables from a kept document."),
    Subcommand(
        "bundle", "obs_check.cli.bundle", "bundle", "One archive of a run that proves itself; `verify` checks it."
    ),
    Subcommand(
        "shipper", "obs_check.cli.shipper", "shipper", "A log shipper: dry-run its stages, ask it what it read."
    ),
    Subcommand("lab", "obs_check.cli.lab", "lab", "Run the embedded stack to try things on."),
)


class _ReaderLeft(Exception):
    """Whoever read our output stopped. Click would end with 1, which here means a finding, for a BrokenPipeError."""


class LazyGroup(Group):
    """A group that imports a subcommand's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names in the order of COMMANDS."""
        del ctx
        return [command.name for command in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand, imported now; None when there is none of that name."""
        del ctx
        for command in COMMANDS:
            if command.name == cmd_name:
                found = getattr(importlib.import_module(command.module), command.attribute)
                if not isinstance(found, click.Command):
                    raise TypeError(f"{command.module}.{command.attribute} is not a command")
                return found
        return None

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderLeft from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of subcommands, from COMMANDS."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(command.name, command.summary) for command in COMMANDS])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="obs-check")
def cli() -> None:
    """Follow agent egress events to a Grafana panel and explain panels that read zero.

    Exit codes: 0 all ok, 1 a finding, 2 usage or configuration, 3 unknown (a system did not answer), 4 not allowed,
    70 an error of obs-check itself, 129, 130 and 143 ended by a signal: the verdict is unknown.
    """


def main(args: Sequence[str]) -> int:
    """Run with arguments (without the program's name); returns the exit code and never raises."""
    try:
        with insistent_interrupt():
            answer = cli.main(list(args), prog_name="obs-check", standalone_mode=False)
            sys.stdout.flush()
        return answer if isinstance(answer, int) else 0
    except ObsCheckError as error:
        return _say(error.message, error.hint, error.exit_code, error.caret() if isinstance(error, QueryError) else "")
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        hint = f"{error.ctx.command_path} --help" if isinstance(error, click.UsageError) and error.ctx else ""
        return _say(" ".join(error.format_message().split()), hint, 2)
    except (click.Abort, KeyboardInterrupt) as error:
        stopped = error.__cause__ if isinstance(error.__cause__, Stopped) else error
        if not isinstance(stopped, Stopped):
            stopped = Stopped(signal.SIGINT)
        hint = "--deadline, or timeouts.command_s of the configuration, gives it more" if stopped.out_of_time else ""
        return _say(str(stopped), hint, stopped.exit_code)
    except (_ReaderLeft, BrokenPipeError):
        _close_stdout()
        return READER_LEFT
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            named = error.filename or ("standard output" if _stdout_may_be_full() else "a file that was being written")
            _close_stdout()
            return _say(f"{named}: {error.strerror}", with_room(error, "write elsewhere"), 2)
        told = f"internal error, nothing is claimed: {_place(error)}; please report this line and the command"
        return _say(f"{told} (-v shows more)", "", INTERNAL)


def _stdout_may_be_full() -> bool:
    """A file or a device may, a terminal and a pipe have no disk."""
    mode = os.fstat(sys.stdout.fileno()).st_mode
    return stat.S_ISREG(mode) or (stat.S_ISCHR(mode) and not sys.stdout.isatty())


def _close_stdout() -> None:
    """Let go of what is still buffered: it must not raise again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, hint: str, code: int, caret: str = "") -> int:
    from obs_check.report.terminal import escape_controls

    lines = [f"obs-check: error: {message.rstrip()}", *caret.splitlines()]
    if hint:
        lines.append(f"hint: {hint}")
    click.echo(escape_controls("\n".join(lines)), err=True)
    return code


def _place(error: Exception) -> str:
    """Type, text and innermost place of an error that nobody foresaw, in one line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "?") if trace else "?"
    line = trace.tb_lineno if trace else 0
    return f"{type(error).__name__}: {shorten(' '.join(str(error).split()), 200)} ({module}:{line})"
