"""`obs-check verify`: inject, follow, read the panels; one exit code."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.load import verify_load
from obs_check.cli.options import Output, deadline, judging_options, pointed
from obs_check.cli.sending import EventCount, Following, event_options, following_options, loaded, through

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending
    from obs_check.app.systems.load import Load


@click.command()
@pointed
@event_options(10)
@through
@loaded
@following_options
@deadline
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the JSON document in this file.")
@judging_options
def verify(
    events: EventCount,
    following: Following,
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

    if load is not None:
        verify_load(load, sending, out, following.timeout, deadline, save)
    events.needs_one("verify")
    outcome = Outcome("verify")
    with (
        keep_document(out, outcome, save, out.limit_s(deadline)),
        open_systems(out.config(), out.env, hop_s=following.timeout, detail=out.detail, pods=following.pods) as systems,
    ):
        check = Check(systems, outcome, out.say)
        check.run(events.allow, events.deny, sending)
        check.explain()
        out.show_outcome(outcome, diffs="none")
    out.finish(outcome.to_json(), outcome.exit_code)
