"""`obs-check shipper`: a shipper's configuration run on log lines, and what a running one says of itself."""

import click

from obs_check.cli.options import Group
from obs_check.cli.shipper_dry_run import dry_run
from obs_check.cli.shipper_status import status
from obs_check.cli.shipper_targets import targets


@click.group(cls=Group)
def shipper() -> None:
    """Look into a log shipper: its configuration, its files, what it says of itself."""


shipper.add_command(dry_run)
shipper.add_command(targets)
shipper.add_command(status)
