"""Every fault in every variant of the stack: the same cause or none, never another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table

from tests.corpus.diagnosis import Diagnosis
from tests.corpus.labs import Cell
from tests.corpus.plan import Seeded
from tests.corpus.variants.registry import VARIANTS
from tests.corpus.variants.variant import Variant

SAMPLE = 6
"""One cell of so many is run unless all are asked for."""

Judged = Literal["right", "unexplained", "false", "ok", "apart"]
SIGNS: dict[Judged | None, str] = {
    "right": "[green]✓[/]",
    "unexplained": "?",
    "false": "[red]✗[/]",
    "ok": "[yellow]o[/]",
    "apart": "-",
    None: "",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one cell, in words."""

    cell: Cell
    wanted: tuple[str, ...]
    judged: Judged
    named: tuple[str, ...]
    claim: str

    @property
    def bad(self) -> bool:
        """Whether the promise is broken: another cause, or a broken stack that is said to be fine."""
        return self.judged in ("false", "ok") if self.cell.faults and self.wanted else self.judged != "right"


def cells(seeds: Sequence[Seeded], variants: Sequence[Variant], every: int) -> list[Cell]:
    """One cell of `every`, the same ones each time: each seed in about as many variants, each variant with about as
    many seeds. The healthy stack is in all of them."""
    return [
        Cell(seed.ids, variant.id)
        for column, variant in enumerate(variants)
        for row, seed in enumerate(seeds)
        if not seed.ids or (row + column) % every == 0
    ]


def judge(seed: Seeded, cell: Cell, answer: Diagnosis | str) -> Row:
    """What the answer for a seed is worth."""
    variant = next(v for v in VARIANTS if v.id == cell.variant)
    why = next((variant.apart[fault] for fault in seed.ids if fault in variant.apart), "")
    if isinstance(answer, str) or why:
        return Row(cell, seed.wanted, "apart", (), why or str(answer))
    findings = answer.document["findings"]
    claim = "; ".join(f["claim"] for f in findings[:1]) or "; ".join(
        [*answer.document["outages"], *answer.document["unexplained"]]
    )
    return Row(cell, seed.wanted, _judged(seed, answer), answer.causes, claim)


def _judged(seed: Seeded, answer: Diagnosis) -> Judged:
    quiet = answer.document["verdict"] == "ok"
    if answer.causes:
        return "right" if answer.causes[:1] == seed.wanted[:1] else "false"
    if seed.wanted:
        return "ok" if quiet else "unexplained"
    # Nothing is broken, or a system is not there: neither is a finding.
    broken = any(fault.cause for fault in seed.faults)
    return "right" if quiet != broken else "ok" if quiet else "unexplained"


def table(seeds: Sequence[Seeded], rows: Mapping[Cell, Row], variants: Sequence[Variant]) -> Table:
    """A line a seed, a column a variant."""
    drawn = Table("fault", *(str(number) for number, _ in enumerate(variants, start=1)), padding=(0, 1, 0, 0))
    for seed in seeds:
        known = [rows.get(Cell(seed.ids, variant.id)) for variant in variants]
        if any(known):
            drawn.add_row("+".join(seed.ids) or "none", *(SIGNS[row.judged if row else None] for row in known))
    return drawn
