"""An explained query as a tree in the terminal: numbers flush right, examples and reasons below what they belong to."""

from collections.abc import Iterator, Mapping
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from obs_check.logql.explain.tree import Node, conclusion
from obs_check.model.secret import shorten
from obs_check.model.wording import count_noun
from obs_check.report.console import make_console
from obs_check.report.terminal import in_one_line

_COLUMNS = (("lines in", 11), ("lines out", 11), ("pass", 7), ("series", 9))
_NUMBERS = sum(width for _, width in _COLUMNS)
_LEAST_TEXT = 20
_SHOWN = 6
_TOGETHER = "\u00a0"
"""A blank at which a row is not broken."""
_GUIDES = ("│  ", "├─ ", "└─ ")
_ASCII_GUIDES = ("|  ", "|- ", "`- ")
_FIELD = 8
"""Width of the word before an example or a reason."""


def print_explanation(root: Node, file: TextIO, color: bool, heading: str, cost: str = "") -> None:
    """The tree, then in one line what leaves nothing, if anything does, and what it cost to find out."""
    console = make_console(file, color)
    width = max(_LEAST_TEXT, console.width - _NUMBERS)
    heads = "".join(f"{name:>{size}}" for name, size in _COLUMNS)
    _line(console, Text(set_cell_size(in_one_line(heading), width) + heads, "dim"))
    _Drawing(console, width).draw(root, "", "", None)
    if found := conclusion(root):
        console.print()
        bad = root.series == 0 or any(node.empties for node in root.walk()) or found.startswith("refused")
        console.print(Text(in_one_line(found), "bold red" if bad else "bold"))
    if cost:
        console.print(Text(cost, "dim"))


class _Drawing:
    """Draws nodes; `width` is that of the text left of the numbers."""

    def __init__(self, console: Console, width: int) -> None:
        self._console = console
        self._width = width
        self._down, self._branch, self._end = _ASCII_GUIDES if console.options.ascii_only else _GUIDES

    def draw(self, node: Node, first: str, rest: str, before: Node | None) -> None:
        """A node and what is below it; `first` and `rest` are the guides of its first and further rows."""
        inner = rest + (self._down if node.children else "   ")
        self._row(node, first, inner if node.children else rest + "   ")
        for word, text, style in _details(node, before):
            for part in self._fit(text, self._console.width - cell_len(inner) - _FIELD):
                _line(self._console, Text.assemble((inner, "dim"), (f"{word:<{_FIELD}}", "dim"), (part, style)))
                word = ""
        previous = None
        for child in node.children:
            last = child is node.children[-1]
            guides = (self._end, "   ") if last else (self._branch, self._down)
            self.draw(child, rest + guides[0], rest + guides[1], previous)
            previous = child

    def _row(self, node: Node, first: str, further: str) -> None:
        parts = list(self._fit(in_one_line(node.text), self._width - cell_len(first) - 1))
        style = "bold red" if node.empties else "bold" if node.kind != "stage" else ""
        text = set_cell_size(parts[0], self._width - cell_len(first))
        _line(self._console, Text.assemble((first, "dim"), (text, style), (_numbers(node), style)))
        for part in parts[1:]:
            _line(self._console, Text.assemble((further, "dim"), (part, style)))

    @staticmethod
    def _fit(text: str, width: int) -> Iterator[str]:
        """The text in rows of at most `width`, broken at a blank where there is one in the last half."""
        width = max(width, _LEAST_TEXT // 2)
        while cell_len(text) > width:
            row = set_cell_size(text, width).rstrip()
            blank = row.rfind(" ")
            if blank > width // 2:
                row = row[:blank]
            yield row.replace(_TOGETHER, " ")
            text = text[len(row) :].lstrip()
        yield text.replace(_TOGETHER, " ")


def _line(console: Console, text: Text) -> None:
    # A terminal that is too narrow for the numbers breaks the row: without them it would say nothing.
    console.print(text, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)


def _numbers(node: Node) -> str:
    share = ""
    if node.lines_in and node.lines_out is not None:
        part = 100 * node.lines_out / node.lines_in
        share = "0 %" if node.lines_out == 0 else "<1 %" if part < 1 else f"{int(part)} %"
    cells = (_count(node.lines_in), _count(node.lines_out), share, _count(node.series))
    return "".join(f"{cell:>{size}}" for cell, (_, size) in zip(cells, _COLUMNS, strict=True))


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _details(node: Node, before: Node | None) -> Iterator[tuple[str, str, str]]:
    """(word, text, style) of the rows below a node; an example that the node before it showed is not shown again."""
    shows = node.kind == "selector" or node.lines_out != node.lines_in or "format" in node.text
    if node.kept is not None and shows and (before is None or before.kept != node.kept):
        yield "kept", _example(node.kept), "green"
    if node.dropped is not None:
        yield "dropped", _example(node.dropped), "red"
    if node.reason:
        yield "why", in_one_line(node.reason), ""
    for kind, lines in node.errors.items():
        yield "error", f"{kind} on {count_noun(lines, 'line')}", "bold red"
    if node.labels:
        yield "sets", in_one_line(_counts(node.labels)), ""
    for name, counts in node.values.items():
        if counts and node.lines_out != node.lines_in:
            yield "values", in_one_line(f"{name}: {_counts({value or 'absent': n for value, n in counts.items()})}"), ""
    for note in node.notes:
        yield "note", in_one_line(note), "yellow"


def _example(line: str) -> str:
    """At most two rows of a line, so that the tree stays one."""
    return in_one_line(shorten(line, 160))


def _counts(counts: Mapping[str, int]) -> str:
    shown = ", ".join(f"{name}{_TOGETHER}{lines:,}" for name, lines in list(counts.items())[:_SHOWN])
    return shown + (f" and {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else "")
