"""A few rounds of each examination, always the same ones."""

import random
from pathlib import Path

import pytest

from tests.exam.outages import exam_lab, one_outage, random_outage, wrong_of


@pytest.mark.slow
@pytest.mark.parametrize(("part", "seed"), [("loki", 8), ("grafana", 4), ("shipper", 8)])
def test_what_is_away_for_a_while_is_never_to_blame(part: str, seed: int, tmp_path: Path) -> None:
    outage = random_outage(random.Random(seed), part)
    with exam_lab(tmp_path, None) as (stack, config):
        ended = one_outage(stack, config, "verify", outage, tmp_path)
    assert ended.gone
    assert wrong_of(outage, ended, None) == []
