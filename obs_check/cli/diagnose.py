"""`obs-check diagnose`: what each panel reads, why, with proof, and what to change."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.applying import Applying, applying_options
from obs_check.cli.ending import keep_document
from obs_check.cli.options import Output, deadline, judging_options, pointed
from obs_check.cli.sending import event_options, through
from obs_check.cli.shipper_targets import pods_option

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending


@click.command()
@pointed
@click.option("--panel", type=int, help="Only the panel with this id.")
@click.option(
    "--viewport",
    type=click.IntRange(100, 20_000),
    default=1846,
    show_default=True,
    metavar="PX",
    help="The width of the dashboard in a browser.",
)
@pods_option
@click.option("--no-split", is_flag=True, help="Ask Loki for whole ranges, where a browser asks day by day.")
@click.option("--inject/--no-inject", "with_run", default=False, help="Send events and see which panels they move.")
@event_options(1)
@through
@click.option("--suggest", is_flag=True, help="Show the fixes as diffs, and what panels would read.")
@applying_options
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the JSON document in this file.")
@deadline
@judging_options
def diagnose(
    panel: int | None,
    viewport: int,
    pods: Path | None,
    no_split: bool,
    with_run: bool,
    allow: int,
    deny: int,
    suggest: bool,
    save: Path | None,
    deadline: float | None,
    fixes: Applying,
    sending: "Sending",
    out: Output,
) -> None:
    """Explain the panels of a dashboard. Nothing is changed without --apply.

    \b
    obs-check diagnose
    obs-check diagnose --inject --suggest
    obs-check diagnose --grafana https://grafana.example --dashboard agent-firewall --panel 4
    obs-check diagnose --inject --apply --yes --only pipeline.wrong-parser
    """
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.check import Check
    from obs_check.app.verify.outcome import Outcome
    from obs_check.errors import UsageError

    if with_run and allow + deny == 0:
        raise UsageError("--inject needs at least one event", "give --allow or --deny a number above 0")
    fixes.check()
    outcome = Outcome("diagnose")
    opened = open_systems(out.config(), out.env, viewport=viewport, split=not no_split, detail=out.detail, pods=pods)
    with keep_document(out, outcome, save, out.limit_s(deadline)), opened as systems:
        only = None if panel is None or systems.missing else systems.board.only(panel)
        check = Check(systems, outcome, out.say, only, tells_zeros=with_run)
        if with_run:
            check.run(allow, deny, sending)
        else:
            check.panels(None)
        check.explain()
        if suggest or fixes.apply:
            check.suggest()
        out.show_outcome(outcome, diffs="all" if suggest else "short" if fixes.apply else "none")
        fixes.run(systems, outcome, out)
    out.finish(outcome.to_json(), outcome.exit_code)
