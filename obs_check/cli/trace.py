"""`obs-check trace RUN`: where the events of an earlier run are now."""

from pathlib import Path

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.load import trace_large
from obs_check.cli.options import Output, common, deadline, pointed

SENT = ("inject", "verify", "diagnose", "confirm", "demo")
"""Commands whose documents may have a run."""


@click.command()
@click.argument("named", metavar="RUN")
@pointed
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the JSON document in this file.")
@deadline
@common
def trace(named: str, save: Path | None, deadline: float | None, out: Output) -> None:
    """Follow the run RUN hop by hop: its id, the beginning of it, `last`, or a file. A run whose command was killed is
    followed as far as it was sent.

    \b
    obs-check trace last
    obs-check trace run.json
    """
    from obs_check.app.systems.load import LARGE
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.check import Check
    from obs_check.app.verify.kept import find_run, load_document
    from obs_check.app.verify.outcome import Outcome
    from obs_check.config import state_directory

    def kept() -> Path:
        return out.store().find(named, SENT, lambda path: bool(load_document(path)["events"]))

    run = find_run(named, state_directory(out.env), out.say, kept)
    if len(run.sent) > LARGE:
        trace_large(run, out, deadline, save)
    outcome = Outcome("trace")
    with (
        keep_document(out, outcome, save, out.limit_s(deadline)),
        open_systems(out.config(), out.env, detail=out.detail) as systems,
    ):
        check = Check(systems, outcome, out.say)
        check.follow(run)
        out.show_outcome(outcome)
    out.finish(outcome.to_json(), outcome.exit_code)
