"""The change of a text as a patch that shows no secret, and that `patch -p1` takes."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

NOT_AS_TEXT = "# not applicable as text: use --apply"
"""Begins the patch of a change that cannot be written without a secret; `patch` takes such a line for a comment."""
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")
_Change = tuple[str, int, int, int, int]


def patch_text(name: str, before: str, after: str, shown_before: str, shown_after: str, most: int = 3) -> str:
    """A unified diff of the file `name`, "" where nothing changes. The texts that are `shown` are the same row by row,
    without the secrets.

    Rows that hold a secret are left out of the `most` rows around a change. GNU patch takes fewer of them, but looks
    for a hunk with more of them above than below at the end of the file, and so both are as many. Where the rows of the
    change itself hold one, they are shown without it behind NOT_AS_TEXT.
    """
    old, new, old_shown, new_shown = (_rows(text) for text in (before, after, shown_before, shown_after))
    clear = [row == shown for row, shown in zip(old, old_shown, strict=True)]
    lines = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    held: list[int] = []
    for changes in _hunks(old, new, clear, most):
        low, high = changes[0][1], changes[-1][2]
        above, below = _clear_rows(clear[:low][::-1], most), _clear_rows(clear[high:], most)
        if above > below and high + below < len(old):
            above = below
        elif below > above and low > above:
            below = above
        start, to = changes[0][3] - above, changes[-1][4] + below
        lines.append(f"@@ -{_span(low - above, high + below)} +{_span(start, to)} @@\n")
        at = low - above
        for _, i1, i2, j1, j2 in changes:
            lines += [_line(" ", row) for row in old[at:i1]]
            lines += [_line("-", row) for row in old_shown[i1:i2]] + [_line("+", row) for row in new_shown[j1:j2]]
            held += [i + 1 for i in range(i1, i2) if not clear[i]]
            held += [i1 + 1 for j in range(j1, j2) if new[j] != new_shown[j]]
            at = i2
        lines += [_line(" ", row) for row in old[at : high + below]]
    if held:
        lines.insert(0, f"{NOT_AS_TEXT} (the change of line {min(held)} of {name} holds a secret)\n")
    return "".join(lines) if len(lines) > 2 else ""


def patch_fits(diff: str, text: str) -> bool:
    """Whether what a patch of `patch_text` takes away, and what stands around it, is in a text at the lines that it
    names. How lines end does not matter."""
    rows, at, end, hunks = _lines(text), 0, 0, 0
    for row in _lines(diff.removesuffix("\n")):
        if not hunks and row.startswith(("--- ", "+++ ")):
            continue
        if hunk := _HUNK.fullmatch(row):
            if at != end:
                return False
            size = int(hunk[2] or 1)
            # A hunk that takes nothing away names the line before it.
            at = int(hunk[1]) - (size > 0)
            end, hunks = at + size, hunks + 1
        elif row[:1] in ("-", " "):
            if at >= min(end, len(rows)) or rows[at] != row[1:]:
                return False
            at += 1
        elif row[:1] not in ("+", "\\"):
            return False
    return hunks > 0 and at == end


def _lines(text: str) -> list[str]:
    return [row.removesuffix("\r") for row in text.split("\n")]


def _hunks(old: Sequence[str], new: Sequence[str], clear: Sequence[bool], most: int) -> list[list[_Change]]:
    """The changes, together where no more rows are between two than would be shown around them, and no secret."""
    hunks: list[list[_Change]] = []
    for change in SequenceMatcher(None, old, new).get_opcodes():
        if change[0] == "equal":
            continue
        last = hunks[-1][-1][2] if hunks else 0
        if hunks and change[1] - last <= 2 * most and all(clear[last : change[1]]):
            hunks[-1].append(change)
        else:
            hunks.append([change])
    return hunks


def _clear_rows(clear: Sequence[bool], most: int) -> int:
    """How many rows are clear before the first that is not, at most so many."""
    return next((number for number, row in enumerate(clear[:most]) if not row), min(len(clear), most))


def _rows(text: str) -> list[str]:
    rows = text.split("\n")
    return [f"{row}\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])


def _span(start: int, end: int) -> str:
    size = end - start
    return str(start + 1) if size == 1 else f"{start + 1 if size else start},{size}"


def _line(mark: str, row: str) -> str:
    return f"{mark}{row}" if row.endswith("\n") else f"{mark}{row}\n\\ No newline at end of file\n"
