"""What causes read of PromQL and SQL texts."""

import pytest

from obs_check.evidence.promql import selectors
from obs_check.evidence.sql_text import tables, terms, values_of


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("up", ["up"]),
        ('sum by (a) (rate(x{b="c"}[$__rate_interval])) or vector(0)', ['x{b="c"}']),
        ('a{x=~"p|q"} / on (i) group_left b{y!="z"} offset 5m', ['a{x=~"p|q"}', 'b{y!="z"}']),
        ("topk(3, increase(x[$__range]) > $__interval_ms)", ["x"]),
        ("up + up", ["up"]),
        ('{__name__="up", job="a"}', ['up{job="a"}']),
        ('{__name__=~"u.*"}', []),
        ("sum(", []),
        ("vector(0)", []),
    ],
)
def test_selectors(query: str, wanted: list[str]) -> None:
    assert [s.text for s in selectors(query)] == wanted


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        ("SELECT count(*) FROM a", ["a"]),
        ("WITH w AS (SELECT 1 FROM s.a) SELECT * FROM w JOIN b ON true, c", ["s.a", "b", "c"]),
        ("SELECT FROM WHERE", []),
    ],
)
def test_tables(sql: str, wanted: list[str]) -> None:
    assert sorted(tables(sql)) == sorted(wanted)


def test_terms_keep_macros_and_variables() -> None:
    found = terms("SELECT count(*) FROM t WHERE $__timeFilter(at) AND owner = '$owner' AND (a OR b) GROUP BY x LIMIT 5")
    assert [(t.text, t.column, t.literal, t.on_time) for t in found] == [
        ("$__timeFilter(at)", "", "", True),
        ("owner = '$owner'", "owner", "$owner", False),
        ("(a OR b)", "", "", False),
    ]
    assert found[1].without == "SELECT COUNT(*) FROM t WHERE $__timeFilter(at) AND (a OR b) GROUP BY x LIMIT 5"


def test_the_only_term_takes_the_where_with_it() -> None:
    (only,) = terms("SELECT 1 FROM t WHERE a = 'b'")
    assert only.without == "SELECT 1 FROM t"
    assert terms("SELECT 1 FROM t") == []


def test_values_are_asked_from_the_same_tables() -> None:
    sql = "SELECT count(*) FROM t JOIN u ON u.id = t.id WHERE u.name = 'x'"
    wanted = "SELECT DISTINCT CAST(u.name AS TEXT) AS value FROM t JOIN u ON u.id = t.id LIMIT 50"
    assert values_of(sql, "u.name") == wanted
