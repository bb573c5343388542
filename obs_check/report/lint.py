"""What lint found, as a document and as a table."""

from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from rich.text import Text

from obs_check.lint.issue import name_places, name_subject
from obs_check.lint.run import LintResult
from obs_check.model.wording import count_noun
from obs_check.report.console import make_console
from obs_check.report.json import document
from obs_check.report.terminal import escape_controls

_INDENT = " " * 5
_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def lint_document(result: LintResult, texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The document: schema, command, verdict, run, then `files` (how many were read) and the findings, each with the
    `column` (from 1) at which its line begins behind the blanks."""
    rows = {path: text.split("\n") for path, text in texts}
    found = result.to_json()
    for one in (*found["findings"], *found["disabled"]):
        lines = rows.get(one["path"], [])
        row = lines[one["line"] - 1] if one["line"] <= len(lines) else ""
        one["column"] = len(row) - len(row.lstrip()) + 1 if row.strip() else 1
    return document("lint", str(result.verdict), None, files=len(rows), **found)


def print_lint(doc: Mapping[str, Any], file: TextIO, color: bool) -> None:
    """A finding begins with PATH:LINE:COLUMN, as compilers and editors have it; at the end how many there are."""
    console = make_console(file, color)
    for one in doc["findings"]:
        place = f"{escape_controls(one['path'])}:{one['line']}:{one['column']}: "
        subject = name_subject(one)
        said = escape_controls(f" {one['rule']}: {subject}{': ' if subject else ''}{one['claim']}")
        head = Text.assemble((place, "bold"), (one["severity"], _STYLES[one["severity"]]), said)
        # An editor reads one row a finding, a person rows that fit.
        rows = head.wrap(console, console.width - len(_INDENT)) if file.isatty() else [head]
        for n, row in enumerate(rows):
            console.print(Text.assemble(_INDENT if n else "", row), soft_wrap=True)
        for sentence in name_places(one):
            console.print(Text(escape_controls(f"{_INDENT}{sentence}")), soft_wrap=not file.isatty())
        if one["fix"]["summary"]:
            console.print(Text(escape_controls(f"{_INDENT}{one['fix']['summary']}"), "cyan"))
    counts = {name: sum(one["severity"] == name for one in doc["findings"]) for name in _STYLES}
    told = ", ".join(f"{n} {name}" if name == "info" else count_noun(n, name) for name, n in counts.items())
    silent = f", {len(doc['disabled'])} disabled" if doc["disabled"] else ""
    console.print(Text(f"{count_noun(doc['files'], 'file')}: {told}{silent}"))
