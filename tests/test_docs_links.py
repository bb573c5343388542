"""The documentation is one whole: every link leads somewhere, every page is found, and what it names is there."""

import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click
import pytest

from obs_check import errors
from obs_check.cli import ENDINGS
from obs_check.cli.main import INTERNAL, cli

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.S | re.M)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Where the links of a page lead inside of the project, and their anchors."""
    for found in _LINK.findall(prose(page)):
        target, _, anchor = (found[0] or found[1]).partition("#")
        if "://" not in target:
            yield (page.parent / target if target else page).resolve(), anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert target.is_relative_to(ROOT)
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{target.name}#{anchor}"


def test_every_page_is_found_from_the_start() -> None:
    found, left = set(), [DOCS / "index.md", ROOT / "README.md"]
    while left:
        page = left.pop()
        found.add(page)
        left += [target for target, _ in links(page) if target.suffix == ".md" and target not in found]
    assert [page for page in PAGES if page not in found] == []


def test_the_readme_is_two_screens() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 80


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its name, those of groups behind the group's."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{before}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")


COMMANDS = dict(commands(cli))
ROWS = re.findall(r"^\| (`obs-check .*?) \| (.*) \|$", (DOCS / "commands.md").read_text("utf-8"), re.M)


def test_every_command_stands_in_the_list() -> None:
    named = " ".join(head for head, _ in ROWS)
    assert [name for name, one in COMMANDS.items() if not _stands(name, one, named)] == []


def _stands(name: str, command: click.Command, named: str) -> bool:
    return (
        command.hidden or isinstance(command, click.Group) or re.search(rf"`(?:obs-check )?{name}\b", named) is not None
    )


@pytest.mark.parametrize(("head", "said"), ROWS, ids=[head for head, _ in ROWS])
def test_the_options_of_the_list_are_taken(head: str, said: str) -> None:
    words = re.findall(r"`(?:obs-check )?((?:[a-z][a-z-]* )*[a-z][a-z-]*)", f"{head} {said}")
    meant = [COMMANDS[word] for word in (*words, *(one.split()[0] for one in words)) if word in COMMANDS]
    known = {option for command in meant for one in command.params for option in one.opts}
    assert set(re.findall(r"--[a-z][a-z-]*", f"{head} {said}")) <= known


def test_every_exit_code_has_its_row() -> None:
    text = (DOCS / "exit-codes.md").read_text("utf-8")
    raised = {one.exit_code for one in vars(errors).values() if isinstance(one, type) and hasattr(one, "exit_code")}
    assert set(map(int, re.findall(r"^\| (\d+) \|", text, re.M))) == {
        0,
        1,
        INTERNAL,
        *raised,
        *(128 + n for n in ENDINGS),
    }


def command_lines() -> list[str]:
    """The words behind `obs-check` of the commands that blocks of code show; a command is continued behind a backslash.
    The pages of commands have the examples of their help."""
    found: dict[str, None] = {}
    for page in (page for page in PAGES if page.parent.name != "commands"):
        text = page.read_text("utf-8")
        blocks = [*re.findall(r"^```.*?\n(.*?)^```", text, re.S | re.M), *re.findall(r"(?:^ {4}.*\n)+", text, re.M)]
        for block in blocks:
            for line in re.sub(r" *\\\n *", " ", block).splitlines():
                found |= dict.fromkeys(_commands(line))
    return list(found)


def _commands(line: str) -> Iterator[str]:
    """What a line of a shell calls obs-check with, each call by itself."""
    if not re.match(r"\s*(?:\$ )?(?:cat \S+ \| )?obs-check [a-z]", line):
        return
    words = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
    words.whitespace_split = True
    for shell, call in groupby(words, lambda word: set(word) <= set("|&;<>")):
        if not shell and (called := list(call))[0] == "obs-check":
            yield shlex.join(called[1:])


def read_command(line: str) -> click.Context:
    """What the words behind `obs-check` mean; click's error for a command, an option or an argument that there is not,
    or is missing. Nothing is run."""
    words = shlex.split(line)
    context = click.Context(cli, info_name="obs-check")
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    return command.make_context(context.info_name, words, parent=context.parent)


@pytest.mark.parametrize("line", command_lines())
def test_a_command_that_is_shown_is_taken(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab").mkdir()
    assert read_command(line).params is not None


@pytest.mark.parametrize(
    "line", ["verfy", "verify --alow 3", "verify --allow many", "trace", "lab reload --dir none", "bundle verify a b"]
)
def test_a_command_that_is_none_is_not(line: str) -> None:
    with pytest.raises(click.UsageError):
        read_command(line)
