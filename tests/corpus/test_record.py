"""What is kept of an answer is judged as the answer was."""

from pathlib import Path

import pytest

from tests.corpus.diagnosis import Diagnosis
from tests.corpus.fixes import Mended
from tests.corpus.labs import Answered, Apart, Cell, Crashed
from tests.corpus.matrix import judge
from tests.corpus.plan import singles
from tests.corpus.record import Record

SEED = next(seed for seed in singles() if seed.ids == ("level-warn",))
CELL = Cell(SEED.ids, "relative")
DOCUMENT = {
    "verdict": "fail",
    "findings": [{"claim": "0 of 10 are there", "cause": "file.level-hides-allow"}],
    "outages": ["Loki does not answer"],
    "unexplained": ["panel 1"],
}


@pytest.mark.parametrize(
    "answer",
    [
        Diagnosis(("file.level-hides-allow",), DOCUMENT, 3, 40, 1.5, (Mended("a", "safe", ("panel 1",)),)),
        Diagnosis((), DOCUMENT | {"findings": []}, 0, 0, 0.1),
        Apart("changes nothing here"),
        Crashed("a traceback\nof two lines"),
    ],
)
def test_an_answer_on_record_is_judged_alike(answer: Answered, tmp_path: Path) -> None:
    record = Record(tmp_path / "rows.jsonl", "abc")
    assert list(record.keep(iter([(CELL, answer)]))) == [(CELL, answer)]
    again = record.known()[CELL]
    assert judge(SEED, CELL, again) == judge(SEED, CELL, answer)
    if isinstance(answer, Diagnosis) and isinstance(again, Diagnosis):
        assert (again.requests, again.bytes, again.seconds) == (answer.requests, answer.bytes, answer.seconds)
        assert again.mended == answer.mended


def test_an_answer_of_another_commit_is_asked_for_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    for commit, cell in (("abc", CELL), ("def", Cell(SEED.ids, "name"))):
        list(Record(path, commit).keep(iter([(cell, Apart(commit))])))
    assert Record(path, "abc").known() == {CELL: Apart("abc")}
    assert Record(path, "none").known() == {}
