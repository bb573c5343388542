"""Printing and parsing are inverse: any tree that can be written is read back as it was."""

import gzip
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_check.errors import QueryError
from obs_check.logql import parse, to_text
from obs_check.logql.syntax import ast, tokens

CASES = Path(__file__).parent.parent / "fixtures" / "logql"

_reserved = tokens.KEYWORDS | tokens.FUNCTIONS
names = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(lambda name: name not in _reserved)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
expressions = st.sampled_from(["a.*", "(?i)x|y", ".+", r"\d+", "^$", r"\pL", "[^\n]"])
intervals = st.integers(1, 10**7).map(lambda ms: ms * 1_000_000)
numbers = st.one_of(st.integers(-1000, 10**6).map(float), st.sampled_from([0.5, 1e-3, 2.5e9]))
label_lists = st.lists(names, max_size=3, unique=True).map(tuple)


@st.composite
def matchers(draw: st.DrawFn) -> ast.Matcher:
    op: Any = draw(st.sampled_from(["=", "!=", "=~", "!~"]))
    return ast.Matcher(draw(names), op, draw(texts if op in ("=", "!=") else expressions))


selectors = st.lists(matchers(), max_size=2).map(lambda more: ast.Selector((ast.Matcher("app", "=", "x"), *more)))

predicates = st.recursive(
    st.one_of(
        matchers().map(ast.StringPredicate),
        st.builds(ast.NumberPredicate, names, st.sampled_from(["==", "!=", ">", ">=", "<", "<="]), numbers),
        st.builds(
            ast.DurationPredicate, names, st.sampled_from(["==", "!=", ">", "<="]), st.integers(-(10**12), 10**15)
        ),
        st.builds(ast.BytesPredicate, names, st.sampled_from(["==", "!=", ">", "<="]), st.integers(1, 10**12)),
        st.builds(ast.IpPredicate, names, st.sampled_from(["=", "!="]), st.sampled_from(["10.0.0.0/8", "::1"])),
    ),
    lambda inner: st.one_of(st.builds(ast.AndPredicate, inner, inner), st.builds(ast.OrPredicate, inner, inner)),
    max_leaves=4,
)
choices = st.one_of(names.map(ast.LabelChoice), matchers().map(lambda m: ast.LabelChoice(m.name, m)))


@st.composite
def line_filters(draw: st.DrawFn) -> ast.LineFilter:
    op: Any = draw(st.sampled_from(["|=", "!=", "|~", "!~", "|>", "!>"]))
    values = {"|~": expressions, "!~": expressions, "|>": st.sampled_from(["<_> a <_>", "a"])}
    written = draw(st.lists(values.get(op.replace("!>", "|>"), texts), min_size=1, max_size=3))
    if op in ("|=", "!=") and draw(st.booleans()):
        return ast.LineFilter(op, (ast.LineMatch("10.0.0.0/8", ip=True),))
    return ast.LineFilter(op, tuple(map(ast.LineMatch, written)))


def _assignments(pairs: list[tuple[str, str, bool]]) -> ast.LabelFormat:
    found = {
        name: ast.LabelAssignment(name, value if rename else f"{{{{.{value}}}}}", rename)
        for name, value, rename in pairs
    }
    return ast.LabelFormat(tuple(found.values()))


extractions = st.builds(ast.Extraction, names, st.sampled_from(["a", "b"]))
stages = st.one_of(
    line_filters(),
    st.lists(st.builds(ast.Extraction, names, st.sampled_from(['a.b[0]["c d"]', "x"])), max_size=2).map(
        lambda found: ast.JsonParser(tuple(found))
    ),
    st.builds(ast.LogfmtParser, st.lists(extractions, max_size=2).map(tuple), st.booleans(), st.booleans()),
    st.just(ast.RegexpParser("(?P<a>.)")),
    st.just(ast.PatternParser("<a> <_>")),
    st.just(ast.UnpackParser()),
    st.just(ast.Decolorize()),
    predicates.map(ast.LabelFilter),
    texts.filter(lambda text: "{{" not in text).map(ast.LineFormat),
    st.lists(st.tuples(names, names, st.booleans()), min_size=1, max_size=3).map(_assignments),
    st.lists(choices, min_size=1, max_size=3).map(lambda found: ast.DropLabels(tuple(found))),
    st.lists(choices, min_size=1, max_size=3).map(lambda found: ast.KeepLabels(tuple(found))),
)


def _can_be_written(found: list[ast.Stage]) -> bool:
    """`| drop a != "x"` drops by a matcher (Loki 3.5), so no text means dropping `a` and then such a line filter."""
    return not any(
        isinstance(one, ast.DropLabels | ast.KeepLabels)
        and one.choices[-1].matcher is None
        and isinstance(other, ast.LineFilter)
        and other.op in ("!=", "!~")
        for one, other in pairwise(found)
    )


log_queries = st.builds(ast.LogQuery, selectors, st.lists(stages, max_size=3).filter(_can_be_written).map(tuple))
groupings = st.builds(ast.Grouping, label_lists, st.booleans())
unwraps = st.builds(
    ast.Unwrap,
    names,
    st.sampled_from(["", "duration", "duration_seconds", "bytes"]),
    st.lists(predicates.map(ast.LabelFilter), max_size=2).map(tuple),
)


@st.composite
def range_aggregations(draw: st.DrawFn) -> ast.RangeAggregation:
    op = draw(st.sampled_from(sorted(tokens.RANGE_OPS)))
    needs = op not in ("count_over_time", "bytes_over_time", "bytes_rate", "rate", "absent_over_time")
    unwrap = draw(unwraps) if needs else None
    grouped = op not in ("sum_over_time", "rate_counter", "absent_over_time") and needs
    found = ast.LogRange(
        draw(log_queries), draw(intervals), draw(st.sampled_from([0, 60_000_000_000, -1_500_000_000])), unwrap
    )
    grouping = draw(st.none() | groupings) if grouped else None
    return ast.RangeAggregation(
        op, found, grouping, draw(numbers.filter(lambda n: n >= 0)) if op.startswith("quantile") else None
    )


def _operators(inner: st.SearchStrategy[ast.Metric]) -> st.SearchStrategy[ast.Metric]:
    matchings = st.builds(
        ast.Matching, label_lists, st.booleans(), st.sampled_from(["one-to-one", "many-to-one", "one-to-many"])
    )
    arithmetic = st.sampled_from(["+", "-", "*", "/", "%", "^", "==", "!=", ">", ">=", "<", "<="])
    simple = sorted(tokens.VECTOR_OPS - {"topk", "bottomk", "approx_topk", "sort", "sort_desc"})
    return st.one_of(
        st.builds(ast.VectorAggregation, st.sampled_from(simple), inner, st.none() | groupings),
        st.builds(
            ast.VectorAggregation, st.sampled_from(["topk", "bottomk"]), inner, st.none() | groupings, st.integers(1, 9)
        ),
        st.builds(ast.VectorAggregation, st.sampled_from(["sort", "sort_desc"]), inner),
        st.builds(ast.BinaryOperation, arithmetic, inner, inner, st.booleans(), st.none() | matchings),
        st.builds(ast.BinaryOperation, st.sampled_from(["and", "or", "unless"]), inner, inner),
        st.builds(ast.LabelReplace, inner, names, texts, names, expressions),
    )


metrics = st.recursive(
    st.one_of(range_aggregations(), st.builds(ast.VectorLiteral, numbers.filter(lambda n: n >= 0))),
    _operators,
    max_leaves=3,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(log_queries, metrics))
def test_a_printed_tree_is_read_back(tree: ast.Expr) -> None:
    text = to_text(tree)
    assert parse(text) == tree
    assert to_text(parse(text)) == text


def recorded() -> list[str]:
    """Every query of the recorded cases that Loki takes."""
    found = set()
    for path in CASES.rglob("*.json.gz"):
        for query in json.loads(gzip.decompress(path.read_bytes())).get("queries", ()):
            if query["want"]["status"] == 200:
                found.add(query["query"])
    return sorted(found)


def test_recorded_queries_print_to_themselves() -> None:
    for query in recorded():
        tree = parse(query)
        assert parse(to_text(tree)) == tree, query


@pytest.mark.parametrize("pattern", [r"(a)\\1", "a(?=b)", "(?<!a)b", "(?>a)", "a++", r"\\Z"])
def test_what_re2_does_not_have_is_refused(pattern: str) -> None:
    with pytest.raises(QueryError, match="error parsing regexp"):
        parse(f'{{app="x"}} |~ "{pattern}"')


@pytest.mark.parametrize(
    "pattern", [r"\\pL+", "(?i)abc", r"\\Qa.b\\E", "(?P<n>a)", r"a\\z", "(?s).", "[[:alpha:]]", "a{2,3}?"]
)
def test_what_re2_has_is_taken(pattern: str) -> None:
    assert isinstance(parse(f'{{app="x"}} |~ "{pattern}"'), ast.LogQuery)
