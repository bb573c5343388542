"""`obs-check dashboard NAME`: one of our own dashboards, printed or put into a Grafana."""

import sys
from contextlib import closing

import click

from obs_check.cli.options import Output, common, completing, echo, pointed_grafana
from obs_check.errors import UsageError


@click.command()
@click.argument("name", metavar="[NAME]", default="", shell_complete=completing(lambda: _names()))
@click.option("--install", is_flag=True, help="Put it into the Grafana of the configuration, after a yes.")
@click.option("--folder", metavar="UID", help="The folder there.  [default: where it is, else General]")
@click.option("--datasource", "pairs", multiple=True, metavar="TYPE=UID", help="Of several of a type, this one.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@pointed_grafana
@common
def dashboard(name: str, install: bool, folder: str | None, pairs: tuple[str, ...], yes: bool, out: Output) -> None:
    """Print one of obs-check's own dashboards as JSON, or list them; with --install save it in a Grafana.

    --install says what it would change and asks; --yes does without. It takes a token with the role Editor. The
    dashboard asks that Grafana's datasources: those with the uid that it has, else the only one of the type.

    \b
    obs-check dashboard
    obs-check dashboard agent-firewall
    obs-check dashboard obs-check-watch --install --yes
    """
    from obs_check.app.setup.install import own_dashboard, own_dashboards, prepare
    from obs_check.app.systems.systems import open_grafana
    from obs_check.cli.interrupt import insistent_interrupt
    from obs_check.cli.shipper_targets import named_values
    from obs_check.data import DASHBOARDS
    from obs_check.report.json import document

    if not install and (folder or pairs or yes):
        raise UsageError("--folder, --datasource and --yes are for --install", "add --install, or leave them out")
    out.detail(f"our own dashboards: {DASHBOARDS}")
    if not name:
        if install:
            raise UsageError("--install needs a NAME", "obs-check dashboard lists them")
        found = own_dashboards()
        if not out.json:
            for uid, title in found.items():
                echo(f"{uid}  {title}")
        rows = [{"uid": uid, "title": title} for uid, title in found.items()]
        out.finish(document("dashboard", "ok", None, dashboards=rows), 0)
    if not install:
        # The text of its file with -o json, too: it is the dashboard that is asked for.
        echo(own_dashboard(name), nl=False)
        return
    if not yes and not sys.stdin.isatty():
        raise UsageError("--install changes a Grafana, and nobody can be asked here", "add --yes")
    config = out.config()
    with insistent_interrupt(out.limit_s()), closing(open_grafana(config)) as client:
        ready = prepare(name, client, named_values("--datasource", pairs))
        for line in ready.changes:
            out.say(line)
        if not yes and not click.confirm("save it?", err=True):
            out.say("nothing was changed")
            return
        saved = client.save_dashboard(ready.model, f"obs-check dashboard {name} --install", folder).value
    url = f"{client.url}/d/{name}"
    out.detail(f"Grafana saved it as version {saved['version']}")
    if not out.json:
        echo(url)
    rest = {"dashboards": [{"uid": name, "title": ready.model["title"]}], "url": url, "changes": list(ready.changes)}
    out.finish(document("dashboard", "ok", None, **rest), 0)


def _names() -> list[str]:
    from obs_check.app.setup.install import own_dashboards

    return list(own_dashboards())
