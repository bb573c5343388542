"""`obs-check confirm BEFORE`: run again what was diagnosed and compare hop by hop and panel by panel."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.ending import keeping
from obs_check.cli.options import Output, common, echo
from obs_check.cli.sending import through

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending


@click.command()
@click.argument("before_file", metavar="BEFORE", type=click.Path(path_type=Path))
@through
@common
def confirm(before_file: Path, sending: "Sending", out: Output) -> None:
    """Send as many events as in BEFORE (a file of `verify --save` or `diagnose --save`) and compare hops and
    panels."""
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.check import Check
    from obs_check.app.verify.comparison import compare, compare_hops
    from obs_check.app.verify.kept import load_judged
    from obs_check.app.verify.outcome import Outcome

    before = load_judged(before_file)
    outcome = Outcome("confirm")
    decisions = [e["decision"] for e in before["events"]]
    with (
        keeping(out, outcome, limit_s=out.limit_s()),
        open_systems(out.config_path, out.env, detail=out.detail) as systems,
    ):
        check = Check(systems, outcome, out.say)
        if decisions:
            check.run(decisions.count("allow"), decisions.count("deny"), sending)
        else:
            check.panels(None)
        check.explain()
        out.show_outcome(outcome)
    document = outcome.to_json()
    document["comparison"] = compare(before, document)
    document["hop_comparison"] = compare_hops(before, document)
    if not out.json:
        for row in document["hop_comparison"]:
            echo(f"{row['path']:>4} {row['change']:13} {row['hop']}: {row['before']} -> {row['after']}")
        for row in document["comparison"]:
            echo(f"{row['id']:>4} {row['change']:13} {row['title']}: {row['before']} -> {row['after']}")
    out.finish(document, outcome.exit_code)
