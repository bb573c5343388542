"""The tree that an explanation is: operators, and below each range the selector and stages that its lines pass."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from obs_check.model.wording import count_noun


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a query. Counts are None where nothing was counted.

    `lines_in` and `lines_out` count log lines. `series` is the number of different label sets among the lines behind a
    selector or stage, and behind an operator the most series at one time. `errors` counts the lines that got an error
    here, by its kind; `labels` the lines on which a parser set a label, by its name; `values` what a filtered label
    was, with lines. The children of an operator come before it; those of a range are in the order that lines pass.
    """

    kind: Literal["operator", "selector", "stage"]
    text: str
    lines_in: int | None = None
    lines_out: int | None = None
    series: int | None = None
    kept: str | None = None
    dropped: str | None = None
    reason: str = ""
    errors: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    children: tuple["Node", ...] = ()

    @property
    def empties(self) -> bool:
        """Whether lines end here: some come in and none goes out, or a selector finds none."""
        return self.lines_out == 0 and (self.kind == "selector" or bool(self.lines_in))

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, children in their order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def to_json(self) -> dict[str, Any]:
        """All fields by name; children are nodes again."""
        return {
            "kind": self.kind,
            "text": self.text,
            "lines_in": self.lines_in,
            "lines_out": self.lines_out,
            "series": self.series,
            "kept": self.kept,
            "dropped": self.dropped,
            "reason": self.reason,
            "errors": dict(self.errors),
            "labels": dict(self.labels),
            "values": {name: dict(counts) for name, counts in self.values.items()},
            "notes": list(self.notes),
            "children": [child.to_json() for child in self.children],
        }


def conclusion(root: Node) -> str:
    """What a person wants to know first, in one sentence: the part that leaves nothing, or what was refused."""
    for node in root.walk():
        if node.empties and node.kind == "selector":
            return f"{node.text} selects no line: {'; '.join(node.notes) or 'no stream in the window'}"
        if node.empties:
            number = node.lines_in or 0
            lines = "the only line that reaches" if number == 1 else f"all {count_noun(number, 'line')} that reach"
            return f"`{node.text}` drops {lines} it: {node.reason or 'see the values it compares'}"
    if root.series == 0 and root.children:
        first = next((node for node in _operators_up(root) if node.series == 0), root)
        return f"`{first.text}` leaves no series{': ' + '; '.join(first.notes) if first.notes else ''}"
    return "; ".join(root.notes)


def _operators_up(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.kind == "operator":
            yield from _operators_up(child)
    yield node
