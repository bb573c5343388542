"""`obs-check doctor`: what of the configuration works."""

import sys

import click

from obs_check.cli.options import Output, common, echo


@click.command()
@common
def doctor(out: Output) -> None:
    """Ask every address of obs-check.yaml once and open every file, and say what is missing.

    Nothing is sent through the firewall and nothing is changed. 0 all that is set works, 1 a part is broken, 3 somebody
    does not answer, 4 somebody does not let us in.

    \b
    obs-check doctor
    obs-check doctor --config staging.yaml -o json
    """
    from obs_check.app.setup.checkup import check_all, exit_code, what_next
    from obs_check.cli.interrupt import insistent_interrupt
    from obs_check.errors import ConfigError
    from obs_check.report.checkup import checkup_document, print_checkup

    config = out.config(asks=False)
    if config.path is None:
        raise ConfigError("no obs-check.yaml in this directory", "obs-check init https://grafana.example writes one")
    checks = []
    with insistent_interrupt(out.limit_s()):
        config = out.config()
        for check in check_all(config, out.env):
            out.detail(f"{check.part}: {check.state}")
            checks.append(check)
    code = exit_code(checks)
    document = checkup_document("doctor", checks, code)
    if not out.json:
        print_checkup(document, sys.stdout, out.color, out.verbose > 0)
        if code == 0:
            echo(f"next: {what_next(config, out.repeated())}")
    out.finish(document, code)
