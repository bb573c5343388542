"""`obs-check export RUN`: everything of a kept run as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from obs_check.cli.options import Output, common, echo
from obs_check.errors import UsageError

if TYPE_CHECKING:
    from obs_check.app.verify.document import Document


def _formats(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    from obs_check.report.evidence import FORMATS, USUAL

    named = tuple(part.strip() for part in value.split(",") if part.strip()) if value is not None else USUAL
    if wrong := [name for name in named if name not in FORMATS]:
        raise UsageError(f"--format: unknown format: {wrong[0]!r}", f"one or more of {','.join(FORMATS)}")
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
@click.option(
    "--decisions",
    "with_decisions",
    is_flag=True,
    help="Ask Loki for every decision of the run's window; else `decisions` are those of the run.",
)
@common
def export(named: str, folder: Path, formats: tuple[str, ...], with_decisions: bool, out: Output) -> None:
    """Write all of a kept run to a folder: RUN is its id, the beginning of one, `last`, or a file.

    README.md there says what each file and column is; manifest.json has their SHA-256.

    \b
    obs-check export last --to evidence
    obs-check export last --to evidence --format html,csv,junit
    """
    from obs_check.app.verify.kept import load_document
    from obs_check.report.json import document

    found = load_document(out.store().find(named))
    beside: list[Path] = []
    crowded = 0
    if with_decisions:
        beside, crowded = _decisions(found, folder, formats, out)
    written = beside + out.write_evidence(folder, found, formats, beside)
    if not out.json:
        for path in written:
            echo(path)
    said = document(
        "export",
        "unknown" if crowded else "ok",
        found.get("run"),
        of=found["verdict"],
        files=[str(path) for path in written],
    )
    out.finish(said, 3 if crowded else 0)


def _decisions(document: "Document", folder: Path, formats: Sequence[str], out: Output) -> tuple[list[Path], int]:
    """The files of all decisions from the first event until the command looked, and at how many moments Loki has more
    than it gives."""
    from obs_check.cli.decisions import from_loki
    from obs_check.model.window import Window
    from obs_check.report.decisions import FORMATS

    window, span = document.get("window"), document.get("span")
    if window is None:
        raise UsageError("--decisions: this document has no run, and so no window", "obs-check decisions takes one")
    asked = Window(window["start_ns"], max(window["end_ns"], span["end_ns"] if span else 0))
    written, found = from_loki(asked, folder, [name for name in FORMATS if name in formats] or ["csv"], out)
    return written, found.crowded
