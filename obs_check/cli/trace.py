"""`obs-check trace RUN`: where the events of an earlier run are now."""

from pathlib import Path

import click

from obs_check.cli.ending import keeping
from obs_check.cli.options import Output, common


@click.command()
@click.argument("run_file", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the JSON document in this file.")
@common
def trace(run_file: Path, save: Path | None, out: Output) -> None:
    """Follow the run in the file RUN, as `inject` or `verify --save` kept it, hop by hop."""
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.check import Check
    from obs_check.app.verify.kept import load_run
    from obs_check.app.verify.outcome import Outcome

    run = load_run(run_file)
    outcome = Outcome("trace")
    with (
        keeping(out, outcome, save, out.limit_s()),
        open_systems(out.config_path, out.env, detail=out.detail) as systems,
    ):
        check = Check(systems, outcome, out.say)
        check.follow(run)
        out.show_outcome(outcome)
    out.finish(outcome.to_json(), outcome.exit_code)
