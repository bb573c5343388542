"""What the matrix of faults and variants counts, and that its sample is fair."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.corpus.diagnosis import Diagnosis
from tests.corpus.labs import Answered, Apart, Cell, Crashed
from tests.corpus.matrix import SAMPLE, cells, judge
from tests.corpus.plan import healthy, singles
from tests.corpus.variants.registry import VARIANTS

SEEDS = {seed.ids: seed for seed in (*healthy(), *singles())}
BROKEN, WHOLE, DOWN = ("level-warn",), (), ("loki-down",)
CAUSE = "file.level-hides-allow"


def said(verdict: str, *causes: str) -> Diagnosis:
    document = {"verdict": verdict, "findings": [{"claim": "so"}] * len(causes), "outages": [], "unexplained": []}
    return Diagnosis(causes, document, 0, 0, 0.0)


@pytest.mark.parametrize(
    ("faults", "answer", "judged", "bad"),
    [
        (BROKEN, said("fail", CAUSE), "right", False),
        (BROKEN, said("fail"), "unexplained", False),
        (BROKEN, said("unknown"), "unexplained", False),
        (BROKEN, said("ok"), "ok", True),
        (BROKEN, said("fail", "shipper.down", CAUSE), "false", True),
        (BROKEN, Crashed("a traceback"), "crashed", True),
        (BROKEN, Apart("changes nothing here"), "apart", False),
        (WHOLE, said("ok"), "right", False),
        (WHOLE, said("ok", CAUSE), "false", True),
        (WHOLE, said("fail"), "unexplained", True),
        (DOWN, said("unknown"), "right", False),
        (DOWN, said("fail", CAUSE), "false", True),
        (DOWN, said("ok"), "ok", True),
    ],
)
def test_an_answer_is_judged(faults: tuple[str, ...], answer: Answered, judged: str, bad: bool) -> None:
    row = judge(SEEDS[faults], Cell(faults, "relative"), answer)
    assert (row.judged, row.bad) == (judged, bad)


def test_what_is_another_mistake_in_a_variant_is_another_cause_there() -> None:
    faults, empty, several = ("variable-not-regex",), "panel.variable-empty", "panel.variable-multi-value"
    rows = [
        judge(SEEDS[faults], Cell(faults, variant), said("fail", cause))
        for variant in ("relative", "deployed")
        for cause in (empty, several)
    ]
    assert [row.judged for row in rows] == ["right", "false", "false", "right"]


def test_what_is_named_behind_the_cause_is_told() -> None:
    row = judge(SEEDS[BROKEN], Cell(BROKEN, "relative"), said("fail", CAUSE, "shipper.down"))
    assert row.beside == ("shipper.down",)
    assert row.told() == (
        "level-warn in relative: expected file.level-hides-allow, named file.level-hides-allow, shipper.down: so"
    )


def test_the_sample_is_fair() -> None:
    every = cells(list(SEEDS.values()), [replace(variant, apart={}) for variant in VARIANTS], SAMPLE)
    assert all(Cell((), variant.id) in every for variant in VARIANTS)
    broken = [cell for cell in every if cell.faults]
    in_variants = Counter(cell.variant for cell in broken).values()
    of_faults = Counter(cell.faults for cell in broken).values()
    assert (len(in_variants), len(of_faults)) == (len(VARIANTS), len(SEEDS) - 1)
    assert max(in_variants) - min(in_variants) <= 1
    assert max(of_faults) - min(of_faults) <= 1
    # Nothing is taken for what breaks nothing there.
    apart = {(fault, variant.id) for variant in VARIANTS for fault in variant.apart}
    left = [cell for cell in every if not any((fault, cell.variant) in apart for fault in cell.faults)]
    assert cells(list(SEEDS.values()), VARIANTS, SAMPLE) == left


def test_what_a_variant_leaves_out_are_faults() -> None:
    assert len({variant.id for variant in VARIANTS}) == len(VARIANTS)
    assert all((fault,) in SEEDS for variant in VARIANTS for fault in (*variant.apart, *variant.instead))
