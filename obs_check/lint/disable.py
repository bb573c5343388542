"""Findings switched off where they stand: `obs-check:disable RULE[, RULE] -- reason`.

In YAML, Alloy and LogQL it is a comment: behind a line it holds for that line, alone on a line for the next one and
all that is indented deeper, as `disable-file` for the whole file; a .logql file holds one query, so for that. In a
dashboard it stands in the description of a panel, or of the dashboard for all its panels.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from obs_check.lint.issue import Issue, Spot
from obs_check.lint.material import Material

_COMMENT = re.compile(
    r"obs-check:disable(?P<file>-file)?[ \t]+(?P<rules>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)"
    r"[ \t]*(?:--[ \t]*(?P<reason>.*?))?[ \t]*$",
    re.MULTILINE,
)
_MARKS = ("#", "//")


@dataclass(frozen=True, slots=True)
class Disable:
    """One rule switched off: `spot` is where it is written, `first` to `last` the lines it holds for (1-based), or the
    panel of `spot` when `in_panel` (None there: the whole dashboard)."""

    rule: str
    reason: str
    spot: Spot
    first: int = 1
    last: int | None = None
    in_panel: bool = False

    def covers(self, issue: Issue) -> bool:
        """Whether it switches this finding off; never without a reason."""
        if not self.reason or issue.rule != self.rule or issue.spot.path != self.spot.path:
            return False
        if self.in_panel:
            own, other = self.spot.subject, issue.spot.subject
            return own.dashboard == other.dashboard and own.panel in (None, other.panel)
        return self.first <= issue.spot.line and (self.last is None or issue.spot.line <= self.last)


def read_disables(material: Material) -> list[Disable]:
    """All of them, in the order of files."""
    found = [one for path, text in material.texts if not path.endswith(".json") for one in _comments(path, text)]
    for board in material.boards:
        panels = {panel.id: panel for panel in board.dashboard.panels}
        for number, note in board.notes.items():
            if number is None or number in panels:
                spot = material.in_file(board.spot(panels[number] if number is not None else None))
                found += [Disable(rule, reason, spot, in_panel=True) for rule, reason, _ in _read(note)]
    return found


def apply_disables(
    issues: Iterable[Issue], disables: Sequence[Disable]
) -> tuple[list[Issue], list[tuple[Issue, str]], list[Disable]]:
    """The findings that stand, those that are switched off with the reason, and the comments that switch off none."""
    standing: list[Issue] = []
    silent: list[tuple[Issue, str]] = []
    used: set[int] = set()
    for issue in issues:
        covering = [n for n, one in enumerate(disables) if one.covers(issue)]
        used.update(covering)
        if covering:
            silent.append((issue, disables[covering[0]].reason))
        else:
            standing.append(issue)
    return standing, silent, [one for n, one in enumerate(disables) if n not in used and one.reason]


def _read(text: str) -> Iterator[tuple[str, str, re.Match[str]]]:
    for found in _COMMENT.finditer(text):
        for rule in found["rules"].split(","):
            yield rule.strip(), (found["reason"] or "").strip(), found


def _comments(path: str, text: str) -> Iterator[Disable]:
    rows = text.split("\n")
    for n, row in enumerate(rows):
        at = row.find("obs-check:disable")
        before = row[:at].rstrip()
        if at < 0 or not before.endswith(_MARKS):
            continue
        alone = before.strip() in _MARKS
        for rule, reason, found in _read(row):
            first, last = (n + 2, _block_end(rows, n + 1)) if alone else (n + 1, n + 1)
            if found["file"] or path.endswith(".logql"):
                yield Disable(rule, reason, Spot(path, n + 1))
            else:
                yield Disable(rule, reason, Spot(path, n + 1), first, last)


def _block_end(rows: Sequence[str], start: int) -> int:
    """The last line (1-based) of the block that begins at or behind index `start`: deeper lines belong to it."""
    while start < len(rows) and (not rows[start].strip() or rows[start].lstrip().startswith(_MARKS)):
        start += 1
    if start >= len(rows):
        return len(rows)
    depth = _indent(rows[start])
    end = start
    while end + 1 < len(rows) and (not rows[end + 1].strip() or _indent(rows[end + 1]) > depth):
        end += 1
    return end + 1


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())
