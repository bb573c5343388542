"""`obs-check explain [CAUSE|RULE]`: what a cause or a rule of lint means, how it is proved, and its fix."""

import re

import click

from obs_check.cli.options import completing, echo
from obs_check.data import CAUSES, RULES
from obs_check.documents.nearest import nearest
from obs_check.errors import UsageError

_SENTENCE = re.compile(r"(?:(?:Error|Warning|Info)\. )?(?:Wants .*?\. )?.*?\.(?=\s|$)")


@click.command()
@click.argument("name", metavar="[CAUSE|RULE]", default="", shell_complete=completing(lambda: _pages()))
def explain(name: str) -> None:
    """Show the page of a cause (`pipeline.wrong-parser`) or of a rule of lint (`masked-zero`), or list them.

    \b
    obs-check explain
    obs-check explain shipper.path-not-collected
    obs-check explain masked-zero
    """
    pages = _pages()
    if not name:
        width = max(map(len, pages))
        for known, page in pages.items():
            echo(f"{known:<{width}}  {_first_sentence(page)}")
        return
    if name not in pages:
        near = nearest(name, pages)
        remedy = f"did you mean {near}?" if near else "obs-check explain lists them"
        raise UsageError(f"unknown cause or rule: {name!r}", remedy)
    echo(pages[name].rstrip())


def _pages() -> dict[str, str]:
    """Name -> Markdown: the pages of all causes, the sections of all rules."""
    pages = {path.stem: path.read_text("utf-8") for path in sorted(CAUSES.glob("*.md")) if path.stem != "README"}
    sections = re.split(r"^## (?=[a-z-]+\n)", RULES.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return pages | {section.partition("\n")[0]: f"# {section}" for section in sections}


def _first_sentence(page: str) -> str:
    """What stands below the heading, up to its first full stop; a rule's has its severity in front."""
    found = _SENTENCE.match(" ".join(page.split("\n\n")[1].split()))
    return found[0] if found else ""
