"""`obs-check inject`: send tagged events and keep the run for `trace`."""

import json
import time
from pathlib import Path

import click

from obs_check.cli.options import Output, common


@click.command()
@click.option("--allow", type=click.IntRange(0, 1000), default=10, show_default=True, help="Allowed events to send.")
@click.option("--deny", type=click.IntRange(0, 1000), default=10, show_default=True, help="Denied events to send.")
@click.option(
    "--save", type=click.Path(path_type=Path, dir_okay=False), help="Keep the run here [default: run-<id>.json]."
)
@common
def inject(allow: int, deny: int, save: Path | None, out: Output) -> None:
    """Send tagged allow and deny events through the firewall."""
    from obs_check.app.systems.injection import send_run
    from obs_check.config import ENVIRONMENT, load_config
    from obs_check.errors import InputError, UsageError
    from obs_check.model.verdict import Verdict

    if allow + deny == 0:
        raise UsageError("inject needs at least one event", "give --allow or --deny a number above 0")
    config = load_config(out.config_path, out.env)
    run = send_run(config, allow, deny, time.time_ns)
    document = {"schema": "obs-check/1", "command": "inject", "run": run.id, **run.to_json()}
    verdict = Verdict.OK if all(s.as_expected for s in run.sent) else Verdict.FAIL
    document["verdict"] = str(verdict)
    path = save or Path(f"run-{run.id}.json")
    try:
        path.write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name a file that can be written") from error
    out.say(f"run {run.id} kept in {path}; follow it with: obs-check trace {path}")
    if not out.json:
        for sent in run.sent:
            click.echo(
                f"{sent.event.tag}  {sent.answer.verdict}  {sent.answer.status or ''} {sent.answer.error}".rstrip()
            )
    if config.boundary.proxy == ENVIRONMENT:
        # boundary ends with its command, and v0.9.0 without the last events that it has not handed on yet.
        out.say(f"waiting {config.inject.settle_s:g} s, so that boundary hands on its last events")
        time.sleep(config.inject.settle_s)
    out.finish(document, verdict.exit_code)
