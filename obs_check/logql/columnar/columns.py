"""The labels that a parser gives to simple lines, as SQL."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Columns:
    """`values` is label -> SQL of its text, NULL where the row engine finds no label; `simple` is the SQL that says
    whether the values are exact for a line."""

    values: dict[str, str] = field(default_factory=dict)
    simple: str = "true"
