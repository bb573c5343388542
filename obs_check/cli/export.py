"""`obs-check export RUN`: everything of a kept run as files."""

from pathlib import Path

import click

from obs_check.cli.options import Output, common, echo
from obs_check.errors import UsageError


def _formats(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    from obs_check.report.evidence import FORMATS, USUAL

    named = tuple(part.strip() for part in value.split(",") if part.strip()) if value is not None else USUAL
    if wrong := [name for name in named if name not in FORMATS]:
        raise UsageError(f"--format {wrong[0]!r} is none", f"one or more of {','.join(FORMATS)}")
    return named


@click.command()
@click.argument("named", metavar="RUN")
@click.option(
    "--to", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write."
)
@click.option(
    "--format",
    "formats",
    metavar="LIST",
    callback=_formats,
    help="json, md, html, csv, jsonl, parquet, xlsx, junit, sarif, with commas between.  [default: json,md,html,csv]",
)
@common
def export(named: str, folder: Path, formats: tuple[str, ...], out: Output) -> None:
    """Write all of a kept run to a folder: RUN is its id, the beginning of one, `last`, or a file.

    README.md there says what each file and column is; manifest.json has their SHA-256.
    """
    from obs_check.app.verify.kept import load_document
    from obs_check.report.json import document

    found = load_document(out.store().find(named))
    written = out.write_evidence(folder, found, formats)
    if not out.json:
        for path in written:
            echo(path)
    out.finish(document("export", "ok", found.get("run"), of=found["verdict"], files=[str(p) for p in written]), 0)
