"""`obs-check export RUN`: evidence tables from a kept document."""

from pathlib import Path

import click

from obs_check.cli.options import Output, common, echo


@click.command()
@click.argument("document_file", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write."
)
@common
def export(document_file: Path, folder: Path, out: Output) -> None:
    """Write CSV, JSON, Markdown and one HTML file from the document that `verify --save` or `diagnose --save` kept."""
    from obs_check.app.verify.kept import load_document

    for path in out.write_evidence(folder, load_document(document_file)):
        echo(path)
