"""The labels that a parser gives to simple lines, as SQL."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Columns:
    """`helpers` are expressions by the names that the others call them by; `values` is label -> SQL of its text, NULL
    where the row engine finds no label; `simple` are conditions that together say whether the values are exact."""

    helpers: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    simple: list[str] = field(default_factory=list)
