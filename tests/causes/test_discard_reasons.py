"""The reason of a discard is read out of Loki's own words (tests/fixtures/loki/answers.json)."""

import json
from pathlib import Path

import pytest

from obs_check.evidence.discard_reasons import discard_of, limit_broken
from obs_check.model.window import NS
from obs_check.shipper.simulate import Shipped

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures/loki/answers.json").read_text())
PUSHES = {answer["case"]: answer["body"] for answer in RECORDED["answers"] if "request" not in answer}
REASONS = {
    "too old": "greater_than_max_sample_age",
    "too far in the future": "too_far_in_future",
    "line too long": "line_too_long",
    "too many labels": "max_label_names_per_series",
    "label value too long": "label_value_too_long",
    "too much structured metadata": "structured_metadata_too_many",
    "rate of the tenant": "rate_limited",
    "rate of a stream": "per_stream_rate_limit",
    "streams of the tenant": "stream_limit",
    "partly bad: one old, one new": "greater_than_max_sample_age",
}


@pytest.mark.parametrize("case", sorted(PUSHES))
def test_words_of_a_refused_push(case: str) -> None:
    found = discard_of(PUSHES[case])
    assert (found[0].reason if found else None) == REASONS.get(case)


LINE = Shipped(None, {"a": "v" * 100, **dict.fromkeys("bcdef", "v")}, "x" * 2000)
SHORT = Shipped(None, {"a": "v"}, "x")
NOON_NS = 1_795_176_000 * NS  # 2026-11-20T12:00:00Z
BEHIND = "entry too far behind, entry timestamp is: {}, oldest acceptable timestamp is: 2026-11-20T11:00:00Z, other"


@pytest.mark.parametrize(
    ("case", "how"),
    [
        ("line too long", "the line has 2,000 bytes, max_line_size is 1024"),
        ("too many labels", "it gets 6 labels, max_label_names_per_series is 4"),
        ("label value too long", "label `a` has 100 bytes"),
    ],
)
def test_a_line_breaks_the_limit_that_the_words_name_or_it_does_not(case: str, how: str) -> None:
    found = discard_of(PUSHES[case])
    assert found is not None
    assert limit_broken(*found, LINE) == how
    assert limit_broken(*found, SHORT) == ""


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        # The lines of another file in the same push are too old, and these are not.
        (PUSHES["too old"], ""),
        (PUSHES["too old"].replace("2026-11-17T", "2026-11-21T"), "the oldest that Loki takes is 2026-11-21T02:07:50Z"),
        (BEHIND.format("2020-03-01T10:00:00Z"), ""),
        (BEHIND.format("2026-11-20T10:00:00Z").replace("T11", "T13"), "the oldest that Loki takes is 2026-11-20T13"),
        (PUSHES["too far in the future"], ""),
        (PUSHES["too far in the future"].replace("2026-11-24T03:07", "2026-11-20T12:00"), "yet to come"),
    ],
)
def test_an_entry_is_as_old_as_the_words_say_or_it_is_not(words: str, fits: str) -> None:
    found = discard_of(words)
    assert found is not None
    told = limit_broken(*found, Shipped(NOON_NS, {"a": "b"}, "x"))
    assert fits in told and bool(told) == bool(fits)
    assert limit_broken(*found, Shipped(None, {"a": "b"}, "x")) == ""
