"""`obs-check lab`: the embedded stack, to try things on."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import click

from obs_check.cli import ENDINGS
from obs_check.cli.option_groups import F
from obs_check.cli.options import Group, completing, echo
from obs_check.lab.native import PROGRAMS


def native(function: F) -> F:
    """Decorator: adds --native, as `programs: tuple[str, ...]`."""
    return click.option(
        "--native",
        "programs",
        multiple=True,
        type=click.Choice(PROGRAMS),
        help="Run this program from PATH in place of the lab's own. Repeatable.",
    )(function)


def fault_option(help_text: str) -> Callable[[F], F]:
    """Decorator: --fault, as `faults: tuple[str, ...]`."""

    def ids() -> list[str]:
        from obs_check.lab.faults.registry import FAULTS

        return [fault.id for fault in FAULTS]

    return click.option(
        "--fault", "faults", multiple=True, metavar="ID", shell_complete=completing(ids), help=help_text
    )


@click.group(cls=Group)
def lab() -> None:
    """The embedded stack: boundary, coderd, shipper, Loki, Prometheus and Grafana on loopback."""


@lab.command()
@fault_option("What to break; see `demo --list-faults`.")
@click.option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False), help="Keep the lab's files here.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep Loki's lines and coderd's rows here over a restart.",
)
@click.option(
    "--kubernetes", is_flag=True, help="A node of a cluster: the shipper finds pods at a stand-in of the API."
)
@native
def up(
    faults: tuple[str, ...], directory: Path | None, data: Path | None, kubernetes: bool, programs: tuple[str, ...]
) -> None:
    """Run the lab until Ctrl-C.

    \b
    obs-check lab up
    obs-check lab up --fault panel-logfmt --dir lab
    """
    from obs_check.lab.reloading import Reloading
    from obs_check.lab.stack import Lab, LabShape

    broken = tuple(f for f in faults if f != "none")
    with (
        Lab(
            directory.resolve() if directory else None,
            broken,
            data,
            say=_say,
            shape=LabShape(native=programs, kubernetes=kubernetes),
        ) as stack,
        Reloading(stack.directory, stack.reload),
    ):
        # Only now: while it starts, a signal ends that.
        stop = threading.Event()
        for number in ENDINGS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: stop.set())
        echo(f"lab is up; use it with: obs-check verify --config {stack.config_path}")
        for system, url in stack.addresses.items():
            echo(f"  {system:<10} {url}")
        echo(f"after an edit of its files: obs-check lab reload --dir {stack.directory}")
        echo("stop it with Ctrl-C")
        stop.wait()


@lab.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="The folder of a lab that is up.",
)
def reload(directory: Path) -> None:
    """Have a lab read its boundary.yaml and its shipper's configuration again.

    Grafana's dashboards are read anew by themselves.

    \b
    obs-check lab reload --dir lab
    """
    from obs_check.lab.reloading import ask_reload

    ask_reload(directory.resolve())
    echo("reloaded: boundary was started again, and the shipper read its configuration")


@lab.command()
@click.option("--listen", default="127.0.0.1:3100", show_default=True, metavar="HOST:PORT", help="Where it answers.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Keep the lines here over a restart.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A name with dots by which it may be asked; * for all, and for web pages. Repeatable.",
)
def loki(listen: str, data: Path | None, hosts: tuple[str, ...]) -> None:
    """Run only the lab's Loki until Ctrl-C.

    \b
    obs-check lab loki --listen 127.0.0.1:3100 --data lines
    """
    from obs_check.lab.loki_run import run_forever

    run_forever(listen, data, say=_say, hosts=None if "*" in hosts else hosts)


def _say(text: str) -> None:
    echo(text, err=True)
