"""`obs-check verify`: inject, follow, read the panels; one exit code."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.load import verify_load
from obs_check.cli.options import Output, deadline, judging_options, pointed
from obs_check.cli.sending import event_options, loaded, through
from obs_check.cli.shipper_targets import pods_option

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending
    from obs_check.app.systems.load import Load


@click.command()
@pointed
@event_options(10)
@through
@loaded
@pods_option
@click.option("--timeout", type=click.FloatRange(1), help="Seconds that a hop may take after the hop before it.")
@deadline
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the JSON document in this file.")
@judging_options
def verify(
    allow: int,
    deny: int,
    pods: Path | None,
    timeout: float | None,
    deadline: float | None,
    save: Path | None,
    sending: "Sending",
    load: "Load | None",
    out: Output,
) -> None:
    """Send tagged events and follow each to its panels: 0 all arrived, 1 something is broken, 3 unknown.

    \b
    obs-check verify
    obs-check verify --allow 3 --deny 3 --junit verify.xml -o json
    obs-check verify --grafana https://grafana.example --proxy http://127.0.0.1:8080 \
      --allow-url https://allowed.example/ --deny-url https://denied.example/
    """
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.check import Check
    from obs_check.app.verify.outcome import Outcome
    from obs_check.errors import UsageError

    if load is not None:
        verify_load(load, sending, out, timeout, deadline, save)
    if allow + deny == 0:
        raise UsageError("verify needs at least one event", "give --allow or --deny a number above 0")
    outcome = Outcome("verify")
    with (
        keep_document(out, outcome, save, out.limit_s(deadline)),
        open_systems(out.config(), out.env, hop_s=timeout, detail=out.detail, pods=pods) as systems,
    ):
        check = Check(systems, outcome, out.say)
        check.run(allow, deny, sending)
        check.explain()
        out.show_outcome(outcome, diffs="none")
    out.finish(outcome.to_json(), outcome.exit_code)
