"""`obs-check lint`: dashboards, queries and shipper configurations checked without asking any system."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click

from obs_check.cli.option_groups import as_record
from obs_check.cli.options import Output, echo, junit_option, settings_of, with_formats
from obs_check.model.wording import count_noun

_SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside the files that are checked."""

    samples: tuple[str, ...]
    datasources: Path | None
    root: Path | None
    loki_version: str | None


@dataclass(frozen=True, slots=True)
class Judging:
    """Which rules count, and which severity ends with 1."""

    selected: tuple[str, ...]
    ignored: tuple[str, ...]
    fail_on: str

    def fails(self, severity: str) -> bool:
        """Whether a finding of this severity ends with 1."""
        return self.fail_on != "never" and _SEVERITIES.index(severity) <= _SEVERITIES.index(self.fail_on)


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
@click.option("--select", "selected", multiple=True, metavar="RULE", help="Only this rule.  Repeatable.")
@click.option("--ignore", "ignored", multiple=True, metavar="RULE", help="Not this rule.  Repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="error",
    show_default=True,
    help="What ends with 1.",
)
@junit_option
@with_formats("table", "json", "sarif", "github")
@as_record("beside", Beside)
@as_record("judging", Judging)
def lint(paths: tuple[Path, ...], beside: Beside, judging: Judging, junit: Path | None, out: Output) -> None:
    """Check dashboards, queries and shipper configurations offline.

    PATHs are files or directories: dashboards (JSON, ConfigMaps), queries (.logql), promtail or Alloy configurations.
    Give them together, then labels that a selector uses and no job sets are found too. docs/lint.md says what each rule
    looks for and how to switch it off. 0 no error, 1 an error, 2 a file that is broken.

    \b
    obs-check lint dashboards queries promtail.yaml
    obs-check lint dashboards --datasources datasources.yaml --sample '{job="boundary"}=boundary.log' -o sarif
    """
    from obs_check.lint.run import lint as run
    from obs_check.lint.run import narrow_result
    from obs_check.lint.sources import read_material
    from obs_check.report.github import lint_annotations
    from obs_check.report.json import dumps
    from obs_check.report.junit import junit_of_lint
    from obs_check.report.lint import lint_document, print_lint
    from obs_check.report.sarif import sarif

    own = out.config(asks=False).lint
    material, skipped, broken = read_material(
        paths,
        beside.samples,
        beside.datasources or own.datasources,
        beside.root or own.root,
        out.env,
        settings_of(beside.loki_version),
    )
    for note in (note for shipper in material.shippers for note in shipper.config.notes):
        out.detail(f"note: {note}")
    for note in material.notes:
        out.detail(f"note: {note}")
    for sentence in skipped:
        out.detail(f"left out: {sentence}")
    result = narrow_result(replace(run(material), whole=not broken), judging.selected, judging.ignored)
    for unused in result.unused:
        out.detail(f"{unused.spot.path}:{unused.spot.line}: {unused.rule} is switched off, but finds nothing there")
    document = lint_document(result, material.texts)
    out.write_junit(junit, junit_of_lint, document)
    if out.format == "github":
        out.annotate(lint_annotations(document), f"obs-check lint: {count_noun(len(document['findings']), 'finding')}")
    elif out.format == "sarif":
        echo(dumps(sarif(result, material.texts)))
    elif not out.json:
        print_lint(document, sys.stdout, out.color)
    if broken:
        if out.json:
            echo(dumps(document))
        out.tell_unwritten()
        for error in broken[:-1]:
            out.say(f"obs-check: error: {error.message}")
        raise broken[-1]
    out.finish(document, int(any(judging.fails(issue.severity) for issue in result.issues)))
