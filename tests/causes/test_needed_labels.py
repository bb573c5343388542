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
    # Used in front of the stage that sets it, and by that stage itself.
    ('{a="b"} | logfmt | x="1" | label_format x=y', ["x", "y"]),
    ('{a="b"} | logfmt | label_format x=`{{.x | ToUpper}}` | x="A"', ["x"]),
    ('{a="b"} | logfmt | json x="y.z" | x="1"', []),
    ("{a=`b`} | logfmt | line_format `file.txt {{.c}}`", ["c"]),
]


@pytest.mark.parametrize(("query", "wanted"), CASES)
def test_labels_needed(query: str, wanted: list[str]) -> None:
    assert labels_needed(parse(query), 0) == wanted


def test_each_log_query_needs_its_own_labels() -> None:
    left = 'sum by (a) (count_over_time({x="y"} | logfmt | b="1" [1m]))'
    right = 'sum by (c) (count_over_time({x="y"} |= "z" | logfmt | d="1" [1m]))'
    expr = parse(f"sum by (e) ({left} / on () group_left {right})")
    assert labels_needed(expr, 0) == ["b", "a", "e"]
    assert labels_needed(expr, 1, 1) == ["d", "c", "e"]
    assert labels_needed(expr, -1, 1) == ["d", "c", "e"]
