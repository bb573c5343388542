"""`obs-check lint`: dashboards, queries and shipper configurations checked without asking any system."""

import sys
from pathlib import Path

import click

from obs_check.cli.options import Output, echo, settings_of, with_formats


@click.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--sample",
    "samples",
    multiple=True,
    metavar="[{LABELS}=]FILE",
    help="""Log lines to hold queries and stages to; '{job="x"}=FILE' says whose.""",
)
@click.option(
    "--datasources",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Grafana's datasources: the provisioning file, or what /api/datasources answered.",
)
@click.option(
    "--root", metavar="DIR", type=click.Path(path_type=Path), help="What stands for / : paths are held to its files."
)
@click.option("--loki-version", metavar="X.Y", help="Run stages as this Loki does: 3.5, 3.6, 3.7.  [default: 3.5]")
@with_formats("table", "json", "sarif")
def lint(
    paths: tuple[Path, ...],
    samples: tuple[str, ...],
    datasources: Path | None,
    root: Path | None,
    loki_version: str | None,
    out: Output,
) -> None:
    """Check dashboards, queries and shipper configurations offline.

    PATHs are files or directories: dashboards (JSON, ConfigMaps), queries (.logql), promtail or Alloy configurations.
    Give them together, then labels that a selector uses and no job sets are found too. docs/lint.md says what each rule
    looks for and how to switch it off. 0 no error, 1 an error, 2 a file that is broken.

    \b
    obs-check lint dashboards queries promtail.yaml
    obs-check lint dashboards --datasources datasources.yaml --sample '{job="boundary"}=boundary.log' -o sarif
    """
    from obs_check.lint.run import lint as run
    from obs_check.lint.sources import read_material
    from obs_check.report.json import dumps
    from obs_check.report.lint import lint_document, print_lint
    from obs_check.report.sarif import sarif

    own = out.config().lint
    material, skipped, broken = read_material(
        paths, samples, datasources or own.datasources, root or own.root, out.env, settings_of(loki_version)
    )
    for note in (note for shipper in material.shippers for note in shipper.config.notes):
        out.detail(f"note: {note}")
    for name in skipped:
        out.detail(f"left out: {name} is no dashboard, query or shipper configuration")
    result = run(material)
    for unused in result.unused:
        out.detail(f"{unused.spot.path}:{unused.spot.line}: {unused.rule} is switched off, but finds nothing there")
    document = lint_document(result, len(material.texts))
    if out.format == "sarif":
        echo(dumps(sarif(result, material.texts)))
    elif not out.json:
        print_lint(document, sys.stdout, out.color)
    if broken:
        if out.json:
            echo(dumps(document))
        for error in broken[:-1]:
            out.say(f"obs-check: error: {error.message}")
        raise broken[-1]
    out.finish(document, result.verdict.exit_code)
