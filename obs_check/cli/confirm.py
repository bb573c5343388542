"""`obs-check confirm BEFORE`: run again what was diagnosed and compare hop by hop and panel by panel."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.ending import keep_document
from obs_check.cli.options import Output, deadline, judging_options, pointed
from obs_check.cli.sending import through
from obs_check.cli.shipper_targets import pods_option

JUDGED = ("verify", "diagnose", "confirm", "demo")
"""Commands whose documents say what panels read."""

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending


@click.command()
@click.argument("named", metavar="BEFORE")
@pointed
@through
@pods_option
@deadline
@judging_options
def confirm(named: str, sending: "Sending", pods: Path | None, deadline: float | None, out: Output) -> None:
    """Send as many events as in BEFORE and compare hops and panels. BEFORE is the id of a kept run, the beginning of
    it, `last`, or a file.

    \b
    obs-check confirm last
    """
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.check import Check
    from obs_check.app.verify.kept import load_document, load_judged
    from obs_check.app.verify.outcome import Outcome

    before = load_judged(out.store().find(named, JUDGED, lambda path: bool(load_document(path)["panels"])))
    outcome = Outcome("confirm", compared_with=before)
    decisions = [e["decision"] for e in before.get("events") or ()]
    with (
        keep_document(out, outcome, limit_s=out.limit_s(deadline)),
        open_systems(out.config(), out.env, detail=out.detail, pods=pods) as systems,
    ):
        check = Check(systems, outcome, out.say)
        if decisions:
            check.run(decisions.count("allow"), decisions.count("deny"), sending)
        else:
            check.panels(None)
        check.explain()
        out.show_outcome(outcome)
    out.finish(outcome.to_json(), outcome.exit_code)
