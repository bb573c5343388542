"""The parser: what it makes of a query, what it refuses and how, and that the printer is its inverse."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_check.errors import QueryError
from obs_check.logql import parse, to_text
from obs_check.logql.syntax import ast

SECOND = 1_000_000_000


def metric(text: str) -> ast.Metric:
    expr = parse(text)
    assert not isinstance(expr, ast.LogQuery)
    return expr


def predicate(text: str) -> ast.Predicate:
    expr = parse('{a="b"} | ' + text)
    assert isinstance(expr, ast.LogQuery)
    stage = expr.stages[0]
    assert isinstance(stage, ast.LabelFilter)
    return stage.predicate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "parse error : queries require at least one regexp or equality matcher"),
        ('{app=~".*"}', "parse error : queries require at least one"),
        ('{a="b"', "parse error at line 1, col 7: syntax error: unexpected $end, expecting } or ,"),
        ("{app=api}", "parse error at line 1, col 6: syntax error: unexpected IDENTIFIER"),
        ('{app="api",}', "parse error at line 1, col 12: syntax error: unexpected }, expecting IDENTIFIER"),
        ('{"app"="api"}', "parse error at line 1, col 2: syntax error: unexpected STRING, expecting IDENTIFIER or }"),
        ('{a="b"} |= 3', "syntax error: unexpected NUMBER, expecting STRING or ip"),
        ('{a="b"}\n  |= error', "parse error at line 2, col 6"),
        ('sum({app="web"})', "parse error at line 1, col 16: syntax error: unexpected )"),
        ('median(count_over_time({a="b"}[5m]))', "parse error at line 1, col 1: syntax error: unexpected IDENTIFIER"),
        ('count_over_time({a="b"}[1x])', 'unknown unit "x" in duration "1x"'),
        ('count_over_time({a="b"}[5])', 'not a valid duration string: "5"'),
        ('count_over_time({a="b"}[300y])', "duration out of range"),
        ("vector(1) -0", "parse error at line 0, col 11: syntax error: unexpected DURATION"),
        ('count_over_time({a="b"}[])', "empty duration string"),
        ('count_over_time({a="b"}[$__range])', 'not a valid duration string: "$__range"'),
        ('sum_over_time({a="b"}[1m])', "parse error : invalid aggregation sum_over_time without unwrap"),
        ('count_over_time({a="b"} | unwrap x [1m])', "parse error : invalid aggregation count_over_time with unwrap"),
        ('sum_over_time({a="b"} | unwrap x [1m]) by (y)', "grouping not allowed for sum_over_time aggregation"),
        ('quantile_over_time({a="b"} | unwrap x [1m])', "parameter required for operation quantile_over_time"),
        ('topk(0, rate({a="b"}[1m]))', "invalid parameter (must be greater than 0) topk(0"),
        ('rate({a="b"}[1m]) + {a="b"}', "unexpected type for right leg of binary operation (+)"),
        ('1 and rate({a="b"}[1m])', "unexpected literal for left leg of logical/set binary operation (and)"),
        ('{a="b"} | regexp "no groups"', "at least one named capture must be supplied"),
        ('{a=~"["}', "missing"),
        ('{a="\\_"}', "invalid char escape"),
        # Loki makes one stage of the line filters that no label filter, line_format or unpack parts.
        ('{a="b"} |= "x" | json |~ "(" != "y"', """stage '|= "x" |~ "(" != "y"' : error parsing regexp"""),
        ('{a="b"} |= "x" | a="b" |~ "(" |= "y"', """stage '|~ "(" |= "y"' : error parsing regexp"""),
        ('{a="b"} |= "x" | line_format "z" |~ "(" | logfmt |= "y"', """stage '|~ "(" |= "y"' : error parsing regexp"""),
        ('{a="b"} |~ "(" | unpack |~ ")"', """stage '|~ "("' : error parsing regexp"""),
        (
            '{a="b"} |= ip("1.1.1.1") |= ip("zz")',
            """stage '|= ip("1.1.1.1") |= ip("zz")' : ip: invalid pattern: "zz\"""",
        ),
    ],
)
def test_a_refused_query_says_where_and_why(text: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.text == text
    assert caught.value.start is not None


def test_the_caret_is_under_the_token() -> None:
    with pytest.raises(QueryError) as caught:
        parse('{a="b"} | json |= oops')
    assert caught.value.caret() == '{a="b"} | json |= oops\n' + " " * 18 + "^^^^"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("2 ^ 3 ^ 2", "2 ^ (3 ^ 2)"),
        ("1 - 2 - 3", "(1 - 2) - 3"),
        ("vector(1) or vector(2) and vector(3)", "vector(1) or (vector(2) and vector(3))"),
        ("1 > 2 + 3", "1 > (2 + 3)"),
        ('sum by (x) (rate({a="b"}[1m]))', 'sum(rate({a="b"}[1m])) by (x)'),
        ('rate({a="b"} |= "x" [1m])', 'rate({a="b"}[1m] |= "x")'),
        ('rate({a="b"} |= "x" [1m] offset 5m)', 'rate(({a="b"} |= "x")[1m] offset 5m)'),
        ('rate({a="b"}[1m])', 'RATE({a="b"} # a comment\n [60s])'),
        ('{a="b"} | x="1" and y="2"', '{a="b"} | x="1", y="2"'),
        ('{a="b"} | x="1" and y="2"', '{a="b"} | x="1" y="2"'),
        ('{a="b"} | x="1" and (y="2" or z="3")', '{a="b"} | x="1", y="2" or z="3"'),
        ('{a="b"} | (x="1" and y="2") or z="3"', '{a="b"} | x="1" and y="2" or z="3"'),
        ('{a="b"} | x==5', '{a="b"} | x=5'),
        ('{a="b\\n"}', '{a="b\\x0a"}'),
        ("{a=`b\\.c`}", '{a="b\\\\.c"}'),
    ],
)
def test_two_ways_to_write_one_query(text: str, same: str) -> None:
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ('x="1"', ast.StringPredicate(ast.Matcher("x", "=", "1"))),
        ("x>=500", ast.NumberPredicate("x", ">=", 500)),
        ("x > -1.5", ast.NumberPredicate("x", ">", -1.5)),
        ("x<1.5s", ast.DurationPredicate("x", "<", 1_500_000_000)),
        ("x!=1h30m", ast.DurationPredicate("x", "!=", 5400 * SECOND)),
        ("x > 5KB", ast.BytesPredicate("x", ">", 5000)),
        ("x > .5KB", ast.BytesPredicate("x", ">", 500)),
        ("x > 1.5MiB", ast.BytesPredicate("x", ">", 1572864)),
        ('x=ip("10.0.0.0/8")', ast.IpPredicate("x", "=", "10.0.0.0/8")),
    ],
)
def test_label_filters_are_typed_by_their_literal(text: str, want: ast.Predicate) -> None:
    assert predicate(text) == want


def test_the_parts_of_a_range() -> None:
    expr = metric('avg_over_time({a="b"} | json | unwrap duration(took) | __error__="" [5m] offset -90s) by (c)')
    assert isinstance(expr, ast.RangeAggregation)
    assert expr.range.interval_ns == 300 * SECOND
    assert expr.range.offset_ns == -90 * SECOND
    assert expr.grouping == ast.Grouping(("c",))
    unwrap = expr.range.unwrap
    assert unwrap is not None
    assert (unwrap.label, unwrap.conversion, len(unwrap.filters)) == ("took", "duration", 1)


def test_matching_modifiers() -> None:
    expr = metric('rate({a="b"}[1m]) > bool on (x) group_left (y) sum by (x) (rate({a="b"}[1m]))')
    assert isinstance(expr, ast.BinaryOperation)
    assert expr.return_bool
    assert expr.matching == ast.Matching(("x",), True, "many-to-one", ("y",))


def test_spans_are_places_in_the_text() -> None:
    text = '{a="b"}  |= "x" or "y" | json'
    expr = parse(text)
    assert isinstance(expr, ast.LogQuery)
    assert [text[s.span.start : s.span.end] for s in expr.stages] == ['|= "x" or "y"', "| json"]


NAMES = st.sampled_from(["app", "level", "sum", "x_1", "ip", "duration"])
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
MATCHERS = st.builds(ast.Matcher, NAMES, st.sampled_from(["=", "!="]), TEXTS)
COMPARES = st.sampled_from(["==", "!=", ">", ">=", "<", "<="])
PREDICATES = st.recursive(
    st.builds(ast.StringPredicate, MATCHERS)
    | st.builds(ast.NumberPredicate, NAMES, COMPARES, st.floats(-1e20, 1e20))
    | st.builds(ast.DurationPredicate, NAMES, COMPARES, st.integers(-(10**17), 10**17))
    | st.builds(ast.BytesPredicate, NAMES, COMPARES, st.integers(1, 10**15)),
    lambda inner: st.builds(ast.AndPredicate, inner, inner) | st.builds(ast.OrPredicate, inner, inner),
    max_leaves=4,
)
STAGES = st.one_of(
    st.builds(
        ast.LineFilter,
        st.sampled_from(["|=", "!="]),
        st.lists(st.builds(ast.LineMatch, TEXTS), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(ast.JsonParser),
    st.builds(ast.LogfmtParser, st.just(()), st.booleans(), st.booleans()),
    st.builds(ast.LabelFilter, PREDICATES),
    st.builds(
        ast.DropLabels,
        st.lists(
            st.builds(ast.LabelChoice, NAMES) | MATCHERS.map(lambda m: ast.LabelChoice(m.name, m)),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
    st.builds(ast.Decolorize),
)


def can_be_written(query: ast.LogQuery) -> bool:
    """`drop a != "x"` is one stage with a matcher, so a bare last label cannot be followed by a negated line filter."""
    return not any(
        isinstance(one, ast.DropLabels | ast.KeepLabels)
        and one.choices[-1].matcher is None
        and isinstance(after, ast.LineFilter)
        and after.op in ("!=", "!~")
        for one, after in pairwise(query.stages)
    )


QUERIES = st.builds(
    ast.LogQuery, st.just(ast.Selector((ast.Matcher("app", "=", "x"),))), st.lists(STAGES, max_size=4).map(tuple)
).filter(can_be_written)
GROUPINGS = st.none() | st.builds(ast.Grouping, st.lists(NAMES, max_size=3).map(tuple), st.booleans())
RANGES = st.builds(
    ast.LogRange,
    QUERIES,
    st.integers(1, 10**7).map(lambda ms: ms * 1_000_000),
    st.integers(-(10**7), 10**7).map(lambda ms: ms * 1_000_000),
)
MATCHINGS = st.none() | st.builds(
    ast.Matching, st.lists(NAMES, max_size=2).map(tuple), st.booleans(), st.just("many-to-one"), st.just(("app",))
)
METRICS = st.recursive(
    st.builds(ast.RangeAggregation, st.sampled_from(["rate", "count_over_time", "bytes_over_time"]), RANGES)
    | st.builds(ast.VectorLiteral, st.floats(0, 1e9)),
    lambda inner: (
        st.builds(ast.VectorAggregation, st.sampled_from(["sum", "avg", "stddev"]), inner, GROUPINGS)
        | st.builds(ast.VectorAggregation, st.just("topk"), inner, GROUPINGS, st.integers(1, 9))
        | st.builds(
            ast.BinaryOperation,
            st.sampled_from(["+", "^", ">", "or", "unless"]),
            inner,
            inner,
            st.booleans(),
            MATCHINGS,
        )
        | st.builds(ast.BinaryOperation, st.just("*"), inner, st.builds(ast.Number, st.floats(-1e9, 1e9)))
    ),
    max_leaves=4,
)


@given(QUERIES | METRICS)
def test_printing_is_the_inverse_of_parsing(expr: ast.Expr) -> None:
    assert parse(to_text(expr)) == expr


@given(st.text(alphabet='{}()[]|=~!"`abjson1m5 ,.+-*^#\\', max_size=40))
def test_any_text_parses_or_is_a_query_error(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        assert error.message
