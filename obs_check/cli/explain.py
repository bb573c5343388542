"""`obs-check explain CAUSE|RULE`: what a cause or a rule of lint means, how it is proved, and its fix."""

import re

import click

from obs_check.cli.options import echo
from obs_check.data import CAUSES, RULES
from obs_check.documents.nearest import did_you_mean
from obs_check.errors import UsageError


@click.command()
@click.argument("name", metavar="CAUSE|RULE")
def explain(name: str) -> None:
    """Show the page of a cause (`pipeline.wrong-parser`) or of a rule of lint (`masked-zero`).

    \b
    obs-check explain shipper.path-not-collected
    obs-check explain masked-zero
    """
    pages = _pages()
    if name not in pages:
        raise UsageError(f"unknown cause or rule: {name!r}", did_you_mean(name, pages))
    echo(pages[name].rstrip())


def _pages() -> dict[str, str]:
    """Name -> Markdown: the pages of all causes, the sections of all rules."""
    pages = {path.stem: path.read_text("utf-8") for path in sorted(CAUSES.glob("*.md")) if path.stem != "README"}
    sections = re.split(r"^## (?=[a-z-]+\n)", RULES.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return pages | {section.partition("\n")[0]: f"# {section}" for section in sections}
