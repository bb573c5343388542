"""`obs-check diagnose`: what each panel reads, why, with proof, and what to change."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.applying import Applying, applying_options
from obs_check.cli.ending import keep_document
from obs_check.cli.option_groups import Count, as_record
from obs_check.cli.options import Output, deadline, judging_options, pointed
from obs_check.cli.sending import EventCount, event_options, through
from obs_check.cli.shipper_targets import pods_option

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending
    from obs_check.report.screen import Diffs


@dataclass(frozen=True, slots=True)
class Looking:
    """What is looked at, and how: `panel` alone, as a browser `viewport` pixels wide would, after events of its own
    where `with_run`; `suggest` shows fixes."""

    panel: int | None
    viewport: int
    pods: Path | None
    no_split: bool
    with_run: bool
    suggest: bool


@click.command()
@pointed
@click.option("--panel", type=int, metavar="ID", help="Only the panel with this id.  [default: viewPanel of --grafana]")
@click.option(
    "--viewport",
    type=Count(100, 20_000),
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
@as_record("looking", Looking)
def diagnose(
    looking: Looking,
    events: EventCount,
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

    if looking.with_run:
        events.needs_one("--inject")
    fixes.check()
    outcome = Outcome("diagnose")
    panel = out.panel() if looking.panel is None else looking.panel
    opened = open_systems(
        out.config(one_panel=True),
        out.env,
        viewport=looking.viewport,
        split=not looking.no_split,
        detail=out.detail,
        pods=looking.pods,
    )
    with keep_document(out, outcome, save, out.limit_s(deadline)), opened as systems:
        only = None if panel is None or systems.missing else systems.board.only(panel)
        check = Check(systems, outcome, out.say, only, tells_zeros=looking.with_run)
        if looking.with_run:
            check.run(events.allow, events.deny, sending)
        else:
            check.panels(None)
        check.explain()
        if looking.suggest or fixes.apply:
            check.suggest()
        diffs: Diffs = "all" if looking.suggest else "short" if fixes.apply else "none"
        out.show_outcome(outcome, diffs, leads_on=False)
        fixes.run(systems, outcome, out)
        out.show_next(outcome)
    out.finish(outcome.to_json(), outcome.exit_code)
