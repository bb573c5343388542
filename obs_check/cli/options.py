"""Options that all commands share, and where a command's results go."""

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.errors import InputError, ObsCheckError, UsageError

if TYPE_CHECKING:
    from obs_check.app.verify.outcome import Outcome
    from obs_check.config import Config
    from obs_check.logql.settings import EngineSettings

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Output:
    """The shared options of one call: results go to stdout in `format`, everything else to stderr."""

    format: str
    config_path: Path | None
    color: bool
    verbose: int
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    @property
    def json(self) -> bool:
        """Whether stdout is one JSON document."""
        return self.format == "json"

    def config(self) -> "Config":
        """The configuration; raises ConfigError."""
        from obs_check.config import load_config

        return load_config(self.config_path, self.env)

    def say(self, text: str) -> None:
        """One line of progress on stderr."""
        from obs_check.report.terminal import visible

        click.echo(visible(text), err=True)

    def detail(self, text: str) -> None:
        """One line on stderr, only with -v."""
        if self.verbose:
            self.say(text)

    def show_outcome(self, outcome: "Outcome", diffs: bool = True) -> None:
        """The tables of an outcome on stdout (nothing with -o json: there the document follows at the end)."""
        if not self.json:
            self._show(outcome.to_json(), diffs)

    def finish(self, document: Mapping[str, Any], exit_code: int) -> NoReturn:
        """Print the document when JSON was asked for, and end."""
        if self.json:
            self._print(document)
        raise SystemExit(exit_code)

    @contextmanager
    def kept(self, outcome: "Outcome", save: Path | None) -> Iterator[None]:
        """Write the document to `save` whatever happens inside; after an interruption also show what was found.

        A system that does not answer or does not let us in makes the verdict unknown; wrong usage before anything was
        looked at leaves no document.
        """
        try:
            with insistent_interrupt():
                yield
        except UsageError:
            if outcome.run is not None:
                _save(outcome.to_json(), save)
            raise
        except ObsCheckError as error:
            outcome.failed(error)
            if self.json:
                self._print(outcome.to_json())
            _save(outcome.to_json(), save)
            raise
        except KeyboardInterrupt:
            document = {**outcome.to_json(), "interrupted": True}
            if self.json:
                self._print(document)
            else:
                self._show(document, diffs=True)
            _save(document, save)
            raise
        except BaseException:
            _save(outcome.to_json(), save)
            raise
        _save(outcome.to_json(), save)

    def write_evidence(self, folder: Path, document: Mapping[str, Any]) -> list[Path]:
        """Write the evidence files of a document; returns their paths."""
        from obs_check.report.evidence import write_evidence

        return write_evidence(folder, document)

    def _show(self, document: Mapping[str, Any], diffs: bool) -> None:
        from obs_check.report.console import print_document

        print_document(document, sys.stdout, self.color, diffs)

    def _print(self, document: Mapping[str, Any]) -> None:
        from obs_check.report.json import dumps

        click.echo(dumps(document))


def _save(document: Mapping[str, Any], save: Path | None) -> None:
    if save is None:
        return
    from obs_check.report.json import dumps

    try:
        save.write_text(dumps(document) + "\n", "utf-8")
    except OSError as error:
        raise InputError(f"{save}: {error.strerror}", "name a file that can be written") from error


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

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def command(
            *args: Any, format_: str, config_path: Path | None, no_color: bool, verbose: int, **kwargs: Any
        ) -> Any:
            color = not no_color and not os.environ.get("NO_COLOR")
            return function(*args, out=Output(format_, config_path, color, verbose), **kwargs)

        decorated: Any = command
        for option in reversed(options):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def common(function: F) -> F:
    """Decorator: the shared options with -o table|json, as `out: Output`."""
    return with_formats("table", "json")(function)


def settings_of(loki_version: str | None) -> "EngineSettings":
    """What the engine has to know where no Loki is asked; UsageError for a --loki-version that is none."""
    from obs_check.logql.settings import EngineSettings, read_version

    if loki_version is None:
        return EngineSettings(time.time_ns)
    version = read_version(loki_version)
    if version is None:
        raise UsageError(f"--loki-version {loki_version!r} is no version of Loki", "for example 3.7")
    return EngineSettings(time.time_ns, version)
