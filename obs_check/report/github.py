"""What a command found as annotations and step summary of GitHub Actions."""

import os.path
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from obs_check.app.verify.document import Document
from obs_check.lint.issue import name_places
from obs_check.report.tables import told_findings
from obs_check.report.terminal import escape_controls

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"
"""The file whose Markdown a step shows, as the environment names it."""
_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def lint_annotations(document: Mapping[str, Any]) -> Iterator[str]:
    """A workflow command a finding of lint's document, at its file, line and column."""
    for one in document["findings"]:
        text = "\n".join(filter(None, (one["claim"], *name_places(one), one["fix"]["summary"])))
        yield _command(
            _LEVELS[one["severity"]], text, one["rule"], file=one["path"], line=one["line"], col=one["column"]
        )


def annotations(document: "Document") -> Iterator[str]:
    """A workflow command a cause of a run's document, at the file that its fix changes where it lies here; then what is
    not explained and who did not answer."""
    last = document.get("after") or document
    for finding in told_findings(last):
        fix = finding.get("fix") or {}
        numbers = list(map(str, finding.get("panels") or ()))
        text = f"{finding.get('claim')}\n{fix.get('summary') or ''}".rstrip()
        text += f"\nexplains panel{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else ""
        path = str(fix.get("path") or "")
        place = {"file": path} if path and _is_here(path) and Path(path).is_file() else {}
        yield _command(_LEVELS.get(str(finding.get("severity")), "notice"), text, str(finding.get("cause")), **place)
    for text in last.get("unexplained") or ():
        yield _command("error", str(text), "unexplained")
    for text in last.get("outages") or ():
        yield _command("warning", str(text), "did not answer")
    if document.get("ended"):
        yield _command("warning", str(document["ended"]), "did not come to its end")


def _command(level: str, text: str, title: str, **place: object) -> str:
    """docs.github.com, workflow commands: values escape `%`, ends of lines, and in properties `:` and `,`."""
    properties = {"title": title, **place}
    if "file" in properties:
        properties["file"] = _relative(str(properties["file"]))
    told = ",".join(f"{name}={_escaped(str(value), True)}" for name, value in properties.items())
    return f"::{level} {told}::{_escaped(text, False)}"


def _escaped(text: str, is_property: bool) -> str:
    found = escape_controls(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return found.replace(":", "%3A").replace(",", "%2C") if is_property else found


def _is_here(path: str) -> bool:
    return Path(os.path.abspath(path)).is_relative_to(Path.cwd())  # noqa: PTH100 (a link stays a link)


def _relative(path: str) -> str:
    whole = Path(os.path.abspath(path))  # noqa: PTH100 (a link stays a link)
    return whole.relative_to(Path.cwd()).as_posix() if _is_here(path) else path
