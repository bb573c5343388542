"""Writes a page a command: `python docs/write_commands.py` writes docs/commands.

Usage, arguments, options, what the command says of itself and its examples are those of its `--help`; where to read on
is what docs/commands.md names in the command's row. What the exit codes mean for it stands here.
"""

import inspect
import re
import runpy
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from obs_check.cli.main import cli

DOCS = Path(__file__).parent
INDEX = DOCS / "commands.md"
FOLDER = DOCS / "commands"
_WIDTH = 120
_FACTS = re.compile(r"  \[([^\]]*)\]")
_ROW = re.compile(r"^\| (?P<head>`obs-check .*?) \| (?P<rest>.*) \|$", re.MULTILINE)
table = runpy.run_path(str(DOCS / "write_document.py"))["table"]

_JUDGED = {
    0: "everything is as it should be",
    1: "a finding: something is broken, and the document says what",
    3: "unknown: a system did not answer, a part was not read, or the time was up",
    4: "unknown for want of rights: somebody answered 401 or 403",
}
_CHECKED = {
    0: "all that is set works",
    1: "a part is broken",
    3: "somebody does not answer",
    4: "somebody does not let us in",
}
_DONE = {0: "done"}
_ASKED = {3: "a system did not answer, or the time was up", 4: "not allowed: 401 or 403"}
ENDS: dict[str, dict[int, str]] = {
    "demo": {**_JUDGED, 0: "after the fixes everything is as it should be"},
    "init": _CHECKED,
    "doctor": _CHECKED,
    "diagnose": _JUDGED,
    "verify": _JUDGED,
    "watch": {**_JUDGED, 0: "with `--runs`: every run was as it should be; the codes below are that of the worst"},
    "inject": {0: "each event was decided as expected", 1: "one was not", **_ASKED},
    "trace": _JUDGED,
    "runs": _DONE,
    "decisions": {**_DONE, **_ASKED, 3: f"{_ASKED[3]}; or Loki has more lines of one moment than it gives"},
    "confirm": {**_JUDGED, 0: "the new run is as it should be"},
    "query": {0: "answered, be it with nothing", **_ASKED},
    "lint": {0: "no error", 1: "an error; with `--fail-on warning` a warning, too"},
    "test": {0: "every expectation holds", 1: "one does not, or with `--mutate` a changed query is not noticed"},
    "explain": _DONE,
    "dashboard": {**_DONE, **_ASKED},
    "export": {**_DONE, **_ASKED, 3: f"with `--decisions`: {_ASKED[3]}; or Loki has more lines than it gives"},
    "bundle make": _DONE,
    "bundle verify": {0: "all matches", 1: "something does not", 2: "it is not a bundle"},
    "shipper dry-run": _DONE,
    "shipper status": {0: "all is read and sent", 1: "something is not", 3: "the shipper does not say, or not answer"},
    "shipper targets": {
        0: "every file is taken",
        1: "one is not",
        3: "that hangs on labels that nobody gave, or there is no file",
    },
    "lab up": {0: "ended by Ctrl-C or a signal, once it is up"},
    "lab loki": {0: "ended by Ctrl-C or a signal, once it is up"},
    "lab reload": {0: "read again", 3: "the lab did not answer"},
}
"""By command the exit codes that say something of it; 2 and those of errors and signals are everywhere the same."""


def leaves(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words behind `obs-check`, in the order of `--help`."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, (*before, name))
        elif not command.hidden:
            yield " ".join((*before, name)), command


def pages() -> dict[str, str]:
    """File name -> page."""
    return {f"{name.replace(' ', '-')}.md": _page(name, command) for name, command in leaves(cli)}


def _page(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=f"obs-check {name}", max_content_width=_WIDTH)
    said, examples = _told(command)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)]).rstrip()
    parts = [f"# obs-check {name}\n", *said, "## Usage\n", f"    {usage}\n"]
    if arguments := [one for one in command.params if isinstance(one, click.Argument) and one.metavar != ""]:
        rows = [(f"`{one.make_metavar(context).strip('[]')}`", _how_often(one)) for one in arguments]
        parts += ["## Arguments\n", table(("argument", "given"), rows)]
    parts += ["## Options\n", table(("option", "default", "meaning"), list(_options(command, context)))]
    parts += ["## Examples\n", "".join(f"    {line}\n" for line in examples)]
    codes = [(str(code), words) for code, words in sorted(ENDS[name].items())]
    parts += ["## Exit codes\n", table(("code", "means"), codes)]
    parts += ["The others are [the same everywhere](../exit-codes.md).\n"]
    parts += [f"Read on: {', '.join(_read_on(name))}.\n"]
    parts += ["This page is written by `python docs/write_commands.py` from `--help`.\n"]
    return "\n".join(parts)


def _told(command: click.Command) -> tuple[list[str], list[str]]:
    """What a command says of itself, a paragraph each, and the rows of its examples."""
    said, examples = [], []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b\n"):
            examples += [re.sub(" {2,}", " ", row) for row in paragraph.split("\n")[1:]]
        else:
            words = " ".join(paragraph.split())
            said.append(textwrap.fill(words, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n")
    return said, examples


def _how_often(one: click.Argument) -> str:
    often = "as many as wanted" if one.nargs == -1 else "once"
    return often if one.required else f"{often}, or left out"


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str, str]]:
    """Rows of the options: how one is written, its default, what it means. Click says defaults and bounds behind the
    meaning, as `[default: 20; x>=1]`."""
    for one in command.params:
        record = one.get_help_record(context) if isinstance(one, click.Option) else None
        if record is None:
            continue
        says = _FACTS.sub("", record[1])
        facts = [fact for found in _FACTS.findall(record[1]) for fact in found.split("; ")]
        default = next((fact.removeprefix("default: ") for fact in facts if fact.startswith("default: ")), "")
        if "required" in facts:
            default = "needed"
        elif default and " " not in default:
            default = f"`{default}`"
        more = [fact for fact in facts if fact != "required" and not fact.startswith("default: ")]
        means = [" ".join(says.split()), *(f"(`{fact}`)" if "=" in fact else f"({fact})" for fact in more)]
        yield f"`{record[0].replace(' RANGE', '')}`", default, " ".join(means)


def _read_on(name: str) -> list[str]:
    """Links to the pages that the list of commands names for one, and to that list."""
    named = re.compile(rf"`(?:obs-check )?{name.removesuffix(' make')}\b")
    rows = [row["rest"] for row in _ROW.finditer(INDEX.read_text("utf-8")) if named.search(row["head"])]
    targets = [target for row in rows for target in re.findall(r"\]\(([^)]+)\)", row)]
    targets = [target for target in dict.fromkeys(targets) if not target.startswith("commands/")]
    return [*(f"[{target}](../{target})" for target in targets), "[all commands](../commands.md)"]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for file, text in pages().items():
        (FOLDER / file).write_text(text, "utf-8")
