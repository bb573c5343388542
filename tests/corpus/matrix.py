"""Every fault in every variant of the stack: the same cause or none, never another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.table import Table

from tests.cases.test_cases import READ
from tests.corpus.diagnosis import Diagnosis
from tests.corpus.labs import Answered, Apart, Cell, Crashed
from tests.corpus.plan import Seeded
from tests.corpus.variants.registry import find_variant
from tests.corpus.variants.variant import Variant

SAMPLE = 6
"""One cell of so many is run unless all are asked for."""

CLAIM = 400
"""Characters of a claim that are told."""
_ALSO = {case.faults: (*case.wanted.get("also", ()), *case.wanted.get("behind", ())) for case in READ}
"""Causes that may be named beside the one of a fault."""

Judged = Literal["right", "unexplained", "false", "ok", "crashed", "apart"]
SIGNS: dict[Judged | None, str] = {
    "right": "[green]✓[/]",
    "unexplained": "?",
    "false": "[red]✗[/]",
    "ok": "[yellow]o[/]",
    "crashed": "[red]![/]",
    "apart": "-",
    None: "",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one cell, in words."""

    seed: Seeded
    cell: Cell
    judged: Judged
    named: tuple[str, ...] = ()
    claim: str = ""

    @property
    def wanted(self) -> tuple[str, ...]:
        """The causes that have to be named there."""
        return wanted(self.seed, self.cell)

    @property
    def healthy(self) -> bool:
        """Whether nothing is broken."""
        return not any(fault.cause for fault in self.seed.faults)

    @property
    def bad(self) -> bool:
        """Whether the promise is broken: another cause, a broken stack that is said to be fine, a healthy one that is
        not."""
        return self.judged not in ("apart", "right") if self.healthy else self.judged in ("false", "ok", "crashed")

    @property
    def beside(self) -> tuple[str, ...]:
        """Causes that are named behind the right one and that nobody expects of these faults."""
        known = {*self.wanted, *_ALSO.get(self.seed.ids, ())}
        return tuple(cause for cause in self.named if self.judged == "right" and cause not in known)

    def told(self) -> str:
        """Where, what was expected, what was named and its claim."""
        where = f"{'+'.join(self.seed.ids) or 'none'} in {self.cell.variant}"
        expected, named = ", ".join(self.wanted) or "nothing", ", ".join(self.named) or self.judged
        return f"{where}: expected {expected}, named {named}: {self.claim[:CLAIM]}"


def cells(seeds: Sequence[Seeded], variants: Sequence[Variant], every: int) -> list[Cell]:
    """One cell of `every`, the same ones each time: each seed in about as many variants, each variant with about as
    many seeds. The healthy stack is in all of them; left out are seeds that break nothing in a variant."""
    return [
        Cell(seed.ids, variant.id)
        for column, variant in enumerate(variants)
        for row, seed in enumerate(seeds)
        if not seed.ids or ((row + column) % every == 0 and not variant.apart.keys() & set(seed.ids))
    ]


def wanted(seed: Seeded, cell: Cell) -> tuple[str, ...]:
    """The causes of faults in the variant of a cell."""
    there = find_variant(cell.variant).instead
    return tuple(there.get(fault.id, fault.cause) for fault in seed.faults if fault.cause and not fault.outage)


def judge(seed: Seeded, cell: Cell, answer: Answered) -> Row:
    """What the answer for a seed is worth."""
    if isinstance(answer, Crashed):
        return Row(seed, cell, "crashed", claim=answer.text[-CLAIM:])
    if isinstance(answer, Apart):
        return Row(seed, cell, "apart", claim=answer.why)
    findings = answer.document["findings"]
    claim = "; ".join(f["claim"] for f in findings[:1]) or "; ".join(
        [*answer.document["outages"], *answer.document["unexplained"]]
    )
    return Row(seed, cell, _judged(seed, wanted(seed, cell), answer), answer.causes, claim)


def _judged(seed: Seeded, causes: tuple[str, ...], answer: Diagnosis) -> Judged:
    quiet = answer.document["verdict"] == "ok"
    if answer.causes:
        return "right" if answer.causes[:1] == causes[:1] else "false"
    if causes:
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
