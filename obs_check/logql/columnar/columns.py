"""The labels that a parser gives to simple lines, as SQL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class ColumnValue(NamedTuple):
    """A label: `raw` is SQL over a line, by which lines are counted; `read` makes SQL of the label's text from the
    name of a column with such a value, NULL where the row engine finds no label."""

    raw: str
    read: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Columns:
    """`helpers` are expressions by the names that the others call them by; `simple` are conditions that together say
    whether the values are exact."""

    helpers: dict[str, str] = field(default_factory=dict)
    values: dict[str, ColumnValue] = field(default_factory=dict)
    simple: list[str] = field(default_factory=list)
