"""Queries as if their counter had risen, and those of which that cannot be told."""

import pytest

from obs_check.evidence.promql_rise import with_rise


@pytest.mark.parametrize(
    ("query", "after"),
    [
        ("sum(x_total)", "sum((x_total + 20))"),
        ("vector(0) or sum(x_total)", "vector(0) or sum((x_total + 20))"),
        ('sum(x_total{job=~"a{2}|b"})', 'sum((x_total{job=~"a{2}|b"} + 20))'),
        ("sum(increase(x_total[5m])) / 100000", "sum((increase(x_total[5m]) + 20)) / 100000"),
        ("increase(x_total[$__rate_interval])", "(increase(x_total[$__rate_interval]) + 20)"),
        ("rate(x_total[5m])", "(rate(x_total[5m]) + 20 / 300)"),
        ("rate(x_total[$__rate_interval])", None),
        ("irate(x_total[5m])", None),
        ("x_total / y_total", None),
        ("x_total offset 5m", None),
        ("x_total @ 0", None),
        ("increase(x_total[5m] offset 1h)", None),
        ("max_over_time(x_total[5m:1m])", None),
        ('label_replace(x_total, "a", "x_total", "b", "")', None),
        ("1 + 1", None),
        ("sum(", None),
    ],
)
def test_the_counter_alone_rises(query: str, after: str | None) -> None:
    assert with_rise(query, 20) == after
