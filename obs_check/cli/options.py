"""Options that all commands share, and where a command's results go."""

import os
import shlex
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.cli.option_groups import F, Seconds, Take, gathering, with_options, wrapping
from obs_check.errors import InputError, ObsCheckError, UsageError
from obs_check.model.tree import mappings_at

if TYPE_CHECKING:
    from obs_check.app.systems.forwarding import Forwards
    from obs_check.app.verify.document import Document
    from obs_check.app.verify.outcome import Outcome
    from obs_check.client.files.run_store import RunStore
    from obs_check.config import Config, TimeoutConfig
    from obs_check.config.given import Given
    from obs_check.logql.settings import EngineSettings
    from obs_check.report.screen import Diffs

T = TypeVar("T")
_GIVEN = "obs_check.given"
_FORWARDS = "obs_check.forwards"


@dataclass(frozen=True, slots=True)
class Output:
    """The shared options of one call: results go to stdout in `format`, everything else to stderr."""

    format: str
    config_path: Path | None
    color: bool
    verbose: int
    junit: Path | None = None
    """Where the document of a run goes as JUnit's XML."""
    summary: Path | None = None
    """Where it goes as Markdown."""
    fail_on: str = "error"
    """What ends with 1: `error`, `warning` or `never`."""
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    given: Mapping[str, str] = field(default_factory=dict)
    """What options say in place of the configuration: the fields of `Given`."""
    _said: list[str] = field(default_factory=list)
    _unwritten: list[InputError] = field(default_factory=list)

    @property
    def json(self) -> bool:
        """Whether stdout is one JSON document."""
        return self.format == "json"

    def panel(self) -> int | None:
        """The panel that the address of --grafana shows alone; None for none. Raises UsageError."""
        address = self._given().address()
        return address.panel if address else None

    def config(self, asks: bool = True, one_panel: bool = False) -> "Config":
        """The configuration; raises ConfigError. What of it is the environment's is said once, unless none of its
        systems is asked, and that a panel is shown alone where the command does not read `one_panel`."""
        from obs_check.config.given import given_config

        config, taken = given_config(self.config_path, self.env, self._given())
        for sentence in taken if asks else ():
            self._once(sentence, self.say)
        if asks and not one_panel and (panel := self.panel()) is not None:
            self._once(f"all panels are read, not {panel} alone: that is for obs-check diagnose", self.say)
        self._once(f"configuration: {config.path or 'none'}", self.detail)
        if config.cluster is None or not asks:
            return config
        return self._forwards().reached(config)

    def _forwards(self) -> "Forwards":
        """Those of this call of the command; they end with it."""
        from obs_check.app.systems.forwarding import Forwards

        context = click.get_current_context()
        found: Forwards | None = context.meta.get(_FORWARDS)
        if found is None:
            found = context.meta[_FORWARDS] = Forwards(self.env, self.detail)
            context.call_on_close(found.close)
        return found

    def _once(self, sentence: str, show: Callable[[str], None]) -> None:
        if sentence not in self._said:
            self._said.append(sentence)
            show(sentence)

    def _given(self) -> "Given":
        from obs_check.config.given import Given

        return Given(**self.given)

    def store(self) -> "RunStore":
        """The runs that are kept."""
        from obs_check.client.files.run_store import RunStore
        from obs_check.config import state_directory

        directory = state_directory(self.env)
        self._once(f"kept runs: {directory or 'none, no directory is named for them'}", self.detail)
        return RunStore(directory)

    def limit_s(self, asked: float | None = None, configured: bool = True) -> float:
        """Seconds that the command may take: those asked for, else the configured ones, or the default where the
        command asks for no configuration; raises ConfigError."""
        if asked is not None:
            return asked
        return (self.config(asks=False).timeouts if configured else _default_timeouts()).command_s

    def say(self, text: str) -> None:
        """One line of progress on stderr."""
        echo(text, err=True)

    def warn(self, text: str) -> None:
        """One line on stderr, also where progress is not shown."""
        self.say(text)

    def detail(self, text: str) -> None:
        """One line on stderr, only with -v."""
        if self.verbose:
            self.say(text)

    def show_outcome(self, outcome: "Outcome", diffs: "Diffs" = "short", leads_on: bool = True) -> None:
        """The tables of an outcome on stdout, or its annotations (nothing with -o json: there the document follows at
        the end). What to type next is left out unless this `leads_on` to it: `show_next` says it later."""
        if not self.json:
            self._show(outcome.to_json(), diffs, leads_on)

    def show_next(self, outcome: "Outcome") -> None:
        """What to type next, on stdout below tables."""
        if self.format == "table":
            from obs_check.report.screen import print_next

            print_next(outcome.to_json(), sys.stdout, self.color, self.repeated())

    def show(self, document: "Document") -> None:
        """A document on stdout, in the format that was asked for."""
        if self.json:
            self.print_json(document)
        else:
            self._show(document, "short")

    @contextmanager
    def saving(self) -> Iterator[None]:
        """A file that cannot be written inside of the block takes nothing from stdout: `finish` raises its error behind
        the document, or `tell_unwritten` says it beside another."""
        try:
            yield
        except InputError as error:
            self._unwritten.append(error)

    @property
    def unwritten(self) -> bool:
        """Whether a file could not be written."""
        return bool(self._unwritten)

    def tell_unwritten(self) -> None:
        """Say on stderr which files could not be written."""
        while self._unwritten:
            self.say(f"obs-check: error: {self._unwritten.pop(0)}")

    def write_summary(self, document: "Document") -> None:
        """Write the document of a run as a page of Markdown where that was asked for; see `saving`."""
        if self.summary is not None:
            from obs_check.client.files.text_files import write_result
            from obs_check.report.markdown import to_markdown
            from obs_check.report.tables import evidence_tables

            with self.saving():
                write_result(self.summary, to_markdown(document, evidence_tables(document)))

    def write_junit(self, path: Path | None, written: Callable[[T], str], document: T) -> None:
        """Write a document as JUnit's XML where that was asked for; see `saving`."""
        if path is not None:
            from obs_check.client.files.text_files import write_result

            with self.saving():
                write_result(path, written(document))

    def annotate(self, commands: Iterable[str], summary: str) -> None:
        """Workflow commands of GitHub Actions on stdout, and Markdown at the end of the step's summary, where the
        environment names one."""
        from obs_check.client.files.text_files import append_text
        from obs_check.report.github import SUMMARY_VARIABLE

        for line in commands:
            echo(line)
        if self.env.get(SUMMARY_VARIABLE):
            with self.saving():
                append_text(Path(self.env[SUMMARY_VARIABLE]), f"{summary}\n")

    def finish(self, document: Mapping[str, object], exit_code: int) -> NoReturn:
        """Print the document when JSON was asked for, and end: with 1 as `fail_on` says it. InputError where a file of
        it could not be written."""
        if self.json:
            self.print_json(document)
        if self._unwritten:
            last = self._unwritten.pop()
            self.tell_unwritten()
            raise last
        warned = any(finding.get("severity") == "warning" for finding in mappings_at(document, "findings"))
        if exit_code == 1 and self.fail_on == "never":
            exit_code = 0
        raise SystemExit(1 if exit_code == 0 and self.fail_on == "warning" and warned else exit_code)

    def write_evidence(
        self, folder: Path, document: "Document", formats: Collection[str] = (), beside: Sequence[Path] = ()
    ) -> list[Path]:
        """Write the evidence files of a document, in these formats or the usual ones, and list the decisions `beside`
        them; returns their paths."""
        from obs_check.report.evidence import USUAL, write_evidence

        return write_evidence(folder, document, formats or USUAL, beside)

    def repeated(self) -> str:
        """The options that the next command needs, too."""
        named = "" if self.config_path is None else f" --config {shlex.quote(str(self.config_path))}"
        return named + self._given().options()

    def _show(self, document: "Document", diffs: "Diffs", leads_on: bool = True) -> None:
        if self.format == "github":
            from obs_check.report.github import annotations
            from obs_check.report.markdown import to_markdown
            from obs_check.report.tables import evidence_tables

            self.annotate(annotations(document), to_markdown(document, evidence_tables(document)))
            return
        from obs_check.report.screen import print_document

        everything = self.verbose > 0
        print_document(document, sys.stdout, self.color, diffs, everything, self.repeated(), leads_on)

    def print_json(self, document: Mapping[str, object]) -> None:
        """A document as JSON on stdout."""
        from obs_check.report.json import dumps

        echo(dumps(document))


class Group(click.Group):
    """A group that names the nearest command in the error about one that there is not."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's."""
        from obs_check.documents.nearest import nearest

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = nearest(args[0], self.list_commands(ctx)) if args else ""
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near}?", error.ctx) from None


def echo(text: object, err: bool = False, nl: bool = True) -> None:
    """Write a text to stdout, or to stderr, without the secrets that are known and without what steers a terminal."""
    from obs_check.report.terminal import escape_controls

    click.echo(escape_controls(str(text)), err=err, nl=nl)


def with_formats(*formats: str) -> Callable[[F], F]:
    """Decorator: adds -o (the first format is the default), --config, --no-color and -v, and hands them to the command
    as `out: Output`."""
    options = (
        click.option(
            "-o",
            "--output",
            "format_",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="Format.",
        ),
        click.option(
            "--config",
            "config_path",
            type=click.Path(path_type=Path),
            help="Configuration file.  [default: $OBS_CHECK_CONFIG, ./obs-check.yaml]",
        ),
        click.option("--no-color", is_flag=True, help="No colours (also $NO_COLOR)."),
        click.option("-v", "--verbose", count=True, help="Say more on stderr."),
    )

    def gather(take: Take) -> Mapping[str, object]:
        color = not take("no_color") and not os.environ.get("NO_COLOR")
        given = click.get_current_context().meta.get(_GIVEN, {})
        judging = take("run_junit", None), take("run_summary", None), take("run_fail_on", "error")
        return {"out": Output(take("format_"), take("config_path"), color, take("verbose"), *judging, given=given)}

    return lambda function: with_options(gathering(_traced(function), gather), *options)


def _traced(function: F) -> F:
    """The command, which shows with -v where an error came from that is none of ours."""

    def command(*args: object, out: Output, **given: object) -> object:
        try:
            return function(*args, out=out, **given)
        except (ObsCheckError, click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except Exception:
            out.detail(traceback.format_exc().rstrip())
            raise

    return wrapping(function, command)


def judging_options(function: F) -> F:
    """Decorator: the shared options of commands that judge a run, with -o table|json|github, --junit, --summary and
    --fail-on, as `out: Output`."""
    file = click.Path(path_type=Path, dir_okay=False)
    return with_options(
        with_formats("table", "json", "github")(function),
        click.option("--junit", "run_junit", metavar="FILE", type=file, help="Write JUnit XML."),
        click.option("--summary", "run_summary", metavar="FILE", type=file, help="Write a page of Markdown."),
        click.option(
            "--fail-on",
            "run_fail_on",
            type=click.Choice(["error", "warning", "never"]),
            default="error",
            show_default=True,
            help="What ends with 1; unknown stays 3.",
        ),
    )


def junit_option(function: F) -> F:
    """Decorator: --junit, as `junit: Path | None`."""
    file = click.Path(path_type=Path, dir_okay=False)
    return click.option("--junit", metavar="FILE", type=file, help="Write JUnit XML.")(function)


def _note_given(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta.setdefault(_GIVEN, {})[parameter.name] = value


def given_option(name: str, metavar: str, text: str) -> Callable[[F], F]:
    """Decorator: an option that is said in place of the configuration, as a field of `Given`."""
    return click.option(f"--{name}", metavar=metavar, expose_value=False, callback=_note_given, help=text)


def pointed_grafana(function: F) -> F:
    """Decorator: --grafana, which `Output.config` heeds."""
    return given_option(
        "grafana", "URL", "This Grafana, or a dashboard of it.  [default: grafana.url; or $GRAFANA_URL]"
    )(function)


def pointed(function: F) -> F:
    """Decorator: --grafana, --dashboard and --loki, which `Output.config` heeds."""
    return with_options(
        function,
        pointed_grafana,
        given_option("dashboard", "UID|FILE", "Another dashboard than the configured one, or a JSON file."),
        given_option("loki", "URL", "Ask this Loki.  [default: loki.url; without a file $LOKI_ADDR]"),
    )


def common(function: F) -> F:
    """Decorator: the shared options with -o table|json, as `out: Output`."""
    return with_formats("table", "json")(function)


def deadline(function: F) -> F:
    """Decorator: adds --deadline, as `deadline: float | None`, for `Output.limit_s`."""
    return click.option(
        "--deadline",
        type=Seconds(1),
        metavar="S",
        help="Seconds that the whole command may take.  [default: timeouts.command_s of the configuration, else 1800]",
    )(function)


def limited(function: F) -> F:
    """Decorator for a command that asks for no configuration: adds --deadline, and ends it when that is up."""

    def command(*args: object, deadline: float | None, **given: object) -> object:
        with insistent_interrupt(_default_timeouts().command_s if deadline is None else deadline):
            return function(*args, **given)

    return deadline(wrapping(function, command))


def completing(known: Callable[[], Iterable[str]]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """click's `shell_complete` of a name that is one of `known`, which are asked for only then."""
    return lambda _context, _parameter, typed: sorted(name for name in known() if name.startswith(typed))


def _default_timeouts() -> "TimeoutConfig":
    from obs_check.config import TimeoutConfig

    return TimeoutConfig()


def settings_of(loki_version: str | None) -> "EngineSettings":
    """What the engine has to know where no Loki is asked; UsageError for a --loki-version that is none."""
    from obs_check.logql.settings import EngineSettings, read_version

    if loki_version is None:
        return EngineSettings(time.time_ns)
    version = read_version(loki_version)
    if version is None:
        raise UsageError(f"--loki-version {loki_version!r} is not a version of Loki", "for example 3.7")
    return EngineSettings(time.time_ns, version)
