"""Labels that a query uses behind a stage."""

import pytest

from obs_check.evidence.needed_labels import labels_needed
from obs_check.logql import parse

CASES = [
    ('{a="b"} | logfmt | decision="deny"', ["decision"]),
    ('{a="b"} | logfmt | a="1" or c="2"', ["a", "c"]),
    ('sum by (owner) (count_over_time({a="b"} | logfmt | decision="deny" [1m]))', ["decision", "owner"]),
    (
        'sum by (domain) (count_over_time({a="b"} | logfmt | x="1" | regexp `(?P<domain>x)` | domain="d" [1m]))',
        ["x"],
    ),
    ('sum_over_time({a="b"} | logfmt | unwrap took [1m])', ["took"]),
]


@pytest.mark.parametrize(("query", "wanted"), CASES)
def test_labels_needed(query: str, wanted: list[str]) -> None:
    assert labels_needed(parse(query), 0) == wanted
