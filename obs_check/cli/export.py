"""`obs-check export RUN`: evidence tables from a kept document."""

from pathlib import Path

import click

from obs_check.cli.options import Output, common, echo


@click.command()
@click.argument("named", metavar="RUN")
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write."
)
@common
def export(named: str, folder: Path, out: Output) -> None:
    """Write CSV, JSON, Markdown and one HTML file of a kept run: RUN is its id, the beginning of one, `last`, or a
    file."""
    from obs_check.app.verify.kept import load_document

    for path in out.write_evidence(folder, load_document(out.store().find(named))):
        echo(path)
