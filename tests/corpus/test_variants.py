"""A part of the corpus' matrix: in another shape of the stack a fault has its cause or none, and nothing is broken
without a fault. `make corpus` has the rest."""

from pathlib import Path

import pytest

from tests.corpus.diagnosis import Stack, diagnose
from tests.corpus.labs import Cell
from tests.corpus.matrix import judge
from tests.corpus.plan import healthy, singles

SEEDS = {seed.ids: seed for seed in (*healthy(), *singles())}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variant", "fault"),
    [
        ("relative", "namespace-not-set"),
        ("alloy", "namespace-not-set"),
        ("alloy", "small-rate"),
        ("kubernetes", ""),
        ("human", "config-unread"),
        ("comments", "rule-too-narrow"),
        ("past", ""),
        ("others", ""),
        ("zone-st_johns", ""),
    ],
)
def test_the_answer_does_not_depend_on_the_shape_of_the_stack(variant: str, fault: str, tmp_path: Path) -> None:
    faults = (fault,) if fault else ()
    row = judge(SEEDS[faults], Cell(faults, variant), diagnose(tmp_path, faults, Stack(variant)))
    assert row.judged == "right" and not row.beside, row.told()
