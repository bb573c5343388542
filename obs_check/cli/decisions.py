"""`obs-check decisions --to DIR`: every audited request that Loki has of a window."""

import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.cli.options import Output, common, echo
from obs_check.errors import UsageError
from obs_check.model.times import rfc3339_nano
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.app.decisions import Collected
    from obs_check.model.window import Window


def _formats(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    named = tuple(part.strip() for part in value.split(",") if part.strip())
    if wrong := [name for name in named if name not in ("csv", "jsonl", "parquet")]:
        raise UsageError(f"--format: unknown format: {wrong[0]!r}", "one or more of csv,jsonl,parquet")
    return named


@click.command()
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write."
)
@click.option(
    "--since",
    default="24h",
    show_default=True,
    metavar="DURATION",
    help="How long before the end, for example 90m or 7d.",
)
@click.option(
    "--until", metavar="TIME", help="The end: RFC 3339, or as Grafana writes it, for example now-1d/d.  [default: now]"
)
@click.option(
    "--format",
    "formats",
    default="csv",
    show_default=True,
    metavar="LIST",
    callback=_formats,
    help="csv, jsonl, parquet, with commas between.",
)
@common
def decisions(folder: Path, since: str, until: str | None, formats: tuple[str, ...], out: Output) -> None:
    """Write every audited request of a window, and the domains they are about, from Loki.

    It reads page by page. When it is interrupted, the same command with the same folder goes on where it stopped.

    \b
    obs-check decisions --to decisions --since 24h
    obs-check decisions --to decisions --since 7d --format csv,parquet
    """
    from obs_check.cli.query_window import given_window
    from obs_check.report.json import document

    window = given_window(since, None, until, time.time_ns())
    written, found = from_loki(window, folder, formats, out)
    if not out.json:
        for path in written:
            echo(path)
        span = f"from {rfc3339_nano(found.window.start_ns)} to {rfc3339_nano(found.window.end_ns)}"
        echo(f"{count_noun(found.rows, 'decision')} {span}, of both paths")
    verdict = "unknown" if found.crowded else "ok"
    rest = {"window": found.window.to_json(), "rows": found.rows, "crowded": found.crowded}
    out.finish(document("decisions", verdict, None, **rest, files=[str(p) for p in written]), 3 if found.crowded else 0)


def from_loki(window: "Window", folder: Path, formats: Collection[str], out: Output) -> "tuple[list[Path], Collected]":
    """Write the decisions of a window from Loki, page by page, and say where it did not give all; ConfigError without
    a Loki to ask."""
    from obs_check.app.decisions import collect, forget
    from obs_check.app.systems.systems import open_loki
    from obs_check.report.decisions import write_decisions

    config = out.config()
    with insistent_interrupt(out.limit_s()), closing(open_loki(config)) as loki:
        found = collect(loki, window, folder, out.say)
    written = write_decisions(folder, formats)
    forget(folder)
    if found.crowded:
        out.say(f"at {found.crowded} moments Loki has more lines than it gives at once: the rest of them is missing")
    return written, found
