"""`obs-check runs`: what earlier commands kept."""

import sys
from typing import TYPE_CHECKING, Any

import click

from obs_check.cli.option_groups import Count
from obs_check.cli.options import Output, common, echo

if TYPE_CHECKING:
    from obs_check.client.files.run_store import KeptFile


@click.command()
@click.option("--keep", type=Count(0), metavar="N", help="Remove all but the newest N.")
@click.option("--limit", type=Count(1), default=20, show_default=True, metavar="N", help="Show at most so many.")
@common
def runs(keep: int | None, limit: int, out: Output) -> None:
    """List kept runs, the newest first.

    `trace`, `confirm` and `export` take RUN as the id here, the beginning of one, `last`, or a file.

    \b
    obs-check runs
    obs-check runs --keep 20
    """
    from obs_check.report.json import document
    from obs_check.report.runs import print_runs

    store = out.store()
    if keep is not None:
        out.say(f"{store.prune(keep)} removed")
    files = store.files()
    rows = [_row(one) for one in files[:limit]]
    if not out.json:
        print_runs(rows, sys.stdout, out.color)
        if len(files) > limit:
            echo(f"and {len(files) - limit} older; --limit shows more")
    out.finish(document("runs", "ok", None, runs=rows, more=max(0, len(files) - limit)), 0)


def _row(one: "KeptFile") -> dict[str, Any]:
    from obs_check.app.verify.kept import load_document
    from obs_check.errors import InputError
    from obs_check.report.tables import sent_events

    row = {"id": one.id, "at": one.at, "command": one.command, "file": str(one.path)}
    try:
        found = load_document(one.path)
    except InputError as error:
        return {
            **row,
            "verdict": "unknown",
            "events": 0,
            "panels": 0,
            "broken": 0,
            "causes": [],
            "ended": error.message,
        }
    # Of a demonstration its verdict is that after the fixes, and so is what stands beside it.
    last = found.get("after") or found
    return {
        **row,
        "verdict": found["verdict"],
        "events": sent_events(found),
        "panels": len(last.get("panels") or ()),
        "broken": sum(panel["verdict"] == "fail" for panel in last.get("panels") or ()),
        "causes": list(dict.fromkeys(finding["cause"] for finding in last.get("findings") or ())),
        "ended": found.get("ended") or "",
    }
