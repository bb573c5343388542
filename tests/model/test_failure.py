"""An outage, a refusal and a lack of rights, told apart by what real systems say."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from obs_check.model.failure import Failure, failure

FILE = Path(__file__).parents[1] / "fixtures/model/failures.yaml"
SHAPES = [
    (Failure(meaning), *shape)
    for meaning, shapes in yaml.safe_load(FILE.read_text("utf-8")).items()
    for shape in shapes
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}-{shape[1]}-{shape[2]}-{shape[3][:60]}")
def test_a_failed_answer_means(shape: tuple[Any, ...]) -> None:
    meaning, status, source, words = shape
    assert failure(status, words, source) is meaning


def test_the_shapes_are_many_and_no_two_are_the_same() -> None:
    told = [shape[1:] for shape in SHAPES]
    assert len({repr(one) for one in told}) == len(told) > 90
