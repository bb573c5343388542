"""The author's text is edited where it stands: macros, variables, quotes and blanks stay."""

import pytest

from obs_check.logql.syntax.walk import log_queries, ranges
from obs_check.panel.macros import read_text


@pytest.mark.parametrize(
    ("raw", "stage"),
    [
        ('sum(count_over_time({a="b"} |= `x` | json [$__range]))', "| json"),
        ('sum(count_over_time({a="b"} |= `x` | json [$__interval]))', "| json"),
        ('sum(count_over_time({a="b"} |= `x` | json [${__range_s}s]))', "| json"),
        ('topk($top, sum by (c) (count_over_time({a="b"} |= `x`   | json c="d.e" [$window])))', '| json c="d.e"'),
        ('{a=~"$ns"} |= "[$__range]" | logfmt | c=~`$c`', "| logfmt"),
        ('sum(rate({a="b"} |= `x`\n  | json # why\n [[[window]]]))', "| json"),
    ],
)
def test_a_place_in_the_tree_is_a_place_in_the_text(raw: str, stage: str) -> None:
    expr = read_text(raw)
    assert expr is not None
    (query,) = log_queries(expr)
    start, end = query.stages[1].span
    assert raw[start:end] == stage


def test_the_place_of_a_range_ends_at_its_bracket() -> None:
    raw = 'sum(count_over_time({a="b"} | json [$__auto])) / sum(count_over_time({a="c"}[$__range]))'
    expr = read_text(raw)
    assert expr is not None
    assert [raw[r.span.start : r.span.end] for r in ranges(expr)] == ['{a="b"} | json [$__auto]', '{a="c"}[$__range]']


def test_a_text_that_no_stand_in_makes_readable_is_left_alone() -> None:
    assert read_text('{a="b"} $filters') is None
