"""`obs-check shipper`: a shipper's configuration run on log lines, and what a running one says of itself."""

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.shipper_status import status
from obs_check.cli.shipper_targets import targets
from obs_check.errors import InputError, UsageError

if TYPE_CHECKING:
    from obs_check.model.entry import Labels
    from obs_check.shipper.model import ScrapeJob
    from obs_check.shipper.simulate import Simulation


@click.group()
def shipper() -> None:
    """Look into a log shipper: its configuration, its files, what it says of itself."""


shipper.add_command(targets)
shipper.add_command(status)


@shipper.command("dry-run")
@click.option(
    "--config", "config", required=True, metavar="FILE", type=click.Path(path_type=Path), help="promtail YAML."
)
@click.option("--job", metavar="NAME", help="Scrape job; needed when there are several.")
@click.option("--label", "pairs", multiple=True, metavar="K=V", help="Labels of the lines instead of the target's.")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--trace", is_flag=True, help="On stderr: what every stage did to every line.")
@click.option("--no-color", is_flag=True, help="No colours (also $NO_COLOR).")
@click.option("-v", "--verbose", count=True, help="Say more on stderr.")
@click.argument("files", nargs=-1, metavar="[FILE... | -]")
def dry_run(
    config: Path,
    job: str | None,
    pairs: tuple[str, ...],
    output: str,
    trace: bool,
    no_color: bool,
    verbose: int,
    files: tuple[str, ...],
) -> None:
    """Run log lines (files, or standard input) through a job's pipeline and print what would be shipped.

    Without --label the labels are those of the job's first static target, and `filename` for a file. JSON is one object
    a kept line; `ts` is null where the shipper takes the time of reading. What was dropped is told on stderr.
    """
    from obs_check.shipper.read import read_shipper
    from obs_check.shipper.simulate import run

    chosen = read_shipper(config, os.environ).job(job)
    given = _labels(pairs)
    now_ns = time.time_ns()
    for note in chosen.pipeline.notes():
        click.echo(f"note: {note}", err=True)
    for name in files or ("-",):
        lines = _lines(name)
        labels = given or _target_labels(chosen, None if name == "-" else name)
        result = run(chosen.pipeline, labels, lines, now_ns, trace)
        if trace:
            _print_trace(result)
        if output == "json":
            _print_json(result)
        else:
            _print_table(result, not no_color and not os.environ.get("NO_COLOR"))
        if verbose or result.dropped or len(result.shipped) != len(lines):
            reasons = "".join(f", dropped by {reason}: {n}" for reason, n in sorted(result.dropped.items()))
            click.echo(f"{name}: {len(lines)} lines read, {len(result.shipped)} kept{reasons}", err=True)


def _labels(pairs: tuple[str, ...]) -> "Labels":
    labels = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--label {pair!r} is not K=V", "for example --label job=boundary")
        labels[name] = value
    return labels


def _target_labels(job: "ScrapeJob", filename: str | None) -> "Labels":
    """The labels of the first static target that relabeling keeps, without names that start with `__`."""
    from obs_check.shipper.relabel import relabel

    kept = [labels for target in job.targets if (labels := relabel(target, job.relabel)) is not None]
    labels = {name: value for name, value in (kept[0] if kept else {}).items() if not name.startswith("__")}
    return labels if filename is None else {**labels, "filename": filename}


def _lines(name: str) -> list[str]:
    """The lines of a file or of standard input (`-`, where promtail skips empty lines); bytes that are no UTF-8 are
    replaced and counted on stderr. Raises InputError."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}", "check path and rights") from None
    if b"\0" in data:
        raise InputError(f"{name}: this is a binary file, no log", "give a text file with one entry a line")
    text = data.decode("utf-8", "replace")
    if replaced := text.count("\ufffd") - data.count("\ufffd".encode()):
        click.echo(f"{name}: {replaced} undecodable bytes replaced", err=True)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [stripped for line in lines if (stripped := line.rstrip("\r"))] if name == "-" else lines


def _print_json(result: "Simulation") -> None:
    for one in result.shipped:
        entry = {"ts": None if one.ts is None else str(one.ts), "labels": one.labels, "line": one.line}
        click.echo(json.dumps(entry | ({"metadata": one.metadata} if one.metadata else {}), ensure_ascii=False))


def _print_table(result: "Simulation", color: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None)
    table.add_column("time", no_wrap=True, min_width=30)
    table.add_column("labels", overflow="fold")
    table.add_column("line", overflow="fold")
    for one in result.shipped:
        labels = ", ".join(f'{name}="{value}"' for name, value in sorted((one.labels | one.metadata).items()))
        when = Text("(time of reading)") if one.ts is None else Text(_time(one.ts))
        table.add_row(when, Text(f"{{{labels}}}"), Text(one.line))
    Console(no_color=not color, highlight=False).print(table)


def _print_trace(result: "Simulation") -> None:
    for effect in result.effects:
        reason = f" ({effect.reason})" if effect.reason else ""
        click.echo(f"line {effect.number}: {effect.stage}: {effect.outcome}{reason}", err=True)
        for what, before, after in effect.changes:
            click.echo(f"    {what}: {_short(before)} -> {_short(after)}", err=True)


def _short(value: object) -> str:
    text = "(none)" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "..."


def _time(ns: int) -> str:
    """RFC 3339 in UTC with nanoseconds."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:09d}Z"
