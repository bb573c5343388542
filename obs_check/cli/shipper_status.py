"""`obs-check shipper status`: what a running shipper read, dropped and sent, and which files it does not read."""

import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.cli.option_groups import Seconds
from obs_check.cli.options import Output, common, deadline


@click.command()
@click.option(
    "--shipper-url", "url", metavar="URL", help="promtail or Alloy.  [default: shipper.url of the configuration]"
)
@click.option("--positions", type=click.Path(path_type=Path), metavar="FILE", help="Its positions file.")
@click.option(
    "--log", type=click.Path(path_type=Path), metavar="FILE", help="Its own log: Loki's words on refused pushes."
)
@click.option(
    "--root", type=click.Path(path_type=Path), metavar="DIR", help="Where its file system is seen.  [default: /]"
)
@click.option("--for", "seconds", type=Seconds(0.1, 3600), metavar="S", help="Look twice, S seconds apart.")
@deadline
@common
def status(
    url: str | None,
    positions: Path | None,
    log: Path | None,
    root: Path | None,
    seconds: float | None,
    deadline: float | None,
    out: Output,
) -> None:
    """Ask a running shipper about its files, targets and destinations.

    With --for it also accounts for the lines read in that time: read = dropped by stages + dropped by the client +
    sent + in flight. 0 all is read and sent, 1 something is not, 3 the shipper does not say.

    \b
    obs-check shipper status
    kubectl port-forward -n logging ds/promtail 3101 &
    obs-check shipper status --shipper-url http://127.0.0.1:3101 --positions positions.yaml
    """
    from obs_check.client.shipper.disk import Disk
    from obs_check.client.shipper.kind import shipper_client, shipper_kind
    from obs_check.client.shipper.sources import Sources
    from obs_check.config import host_port
    from obs_check.errors import UsageError
    from obs_check.follow.shipping import ShippingEvidence
    from obs_check.model.shipping_account import account
    from obs_check.report.shipper_status import print_status, status_document

    config = out.config()
    where = url.rstrip("/") if url else config.shipper.url
    if where is None:
        raise UsageError("no shipper is named", "give --shipper-url URL, or set shipper.url in obs-check.yaml")
    if not where.startswith(("http://", "https://")):
        raise UsageError(f"--shipper-url {where!r} is not a URL", "for example http://127.0.0.1:9080")
    allowed = {*config.hosts, host_port(where)}
    globs = tuple(glob for glob in (config.boundary.logs, config.coderd.logs) if glob)
    own = config.shipper
    sources = Sources(positions or own.positions, log or own.log, Disk(root or Path("/")), globs)
    with (
        insistent_interrupt(out.limit_s(deadline)),
        closing(shipper_client(shipper_kind(where, allowed), where, time.time_ns, allowed, sources)) as client,
    ):
        state = client.state().value
        found = None
        if seconds is not None:
            out.say(f"looking again in {seconds:g} s")
            time.sleep(seconds)
            before, state = state, client.state().value
            found = account(before, state)
            state = replace(state, refusals=tuple(ShippingEvidence(state, {}, before).refusals))
    document, verdict = status_document(state, found)
    if not out.json:
        print_status(document, sys.stdout, out.color)
    out.finish(document, verdict.exit_code)
