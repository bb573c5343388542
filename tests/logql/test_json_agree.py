"""The quick ways through a JSON line give what the careful reader gives."""

import json
from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.stages.json_paths import search_paths
from obs_check.logql.stages.json_route import compile_routes
from obs_check.logql.stages.json_scan import JsonValue, unescape
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Result
from tests.engine_settings import SETTINGS

S = 10**9
KEYS = st.sampled_from(['"a"', '"b"', '"c"', '"a_b"', '"a b"', '"1"', '""', '"\\u0061"', '"b\\""', '"é\ufffd"'])
SCALARS = st.sampled_from(
    ["1", "-2.50", "1e3", "true", "false", "null", '""', '"x"', '"a:b,}"', '"q\\"q"', '"\\\\"', '"\\u0026"', '"\ufffd"']
)
SPACE = st.sampled_from(["", "", "", " ", "\t"])


def _object(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    member = st.tuples(SPACE, KEYS, SPACE, st.just(":"), SPACE, values, SPACE).map("".join)
    return st.lists(member, max_size=4).map(lambda members: f"{{{','.join(members)}}}")


def _values(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return _object(inner) | st.lists(inner, max_size=3).map(lambda values: f"[{','.join(values)}]")


VALUES = st.recursive(SCALARS, _values, max_leaves=6)
OBJECTS = _object(VALUES)
TORN = st.builds(lambda text, at: text[: at % (len(text) + 1)], OBJECTS, st.integers(0, 200))
PATCHED = st.builds(
    lambda text, at, patch: f"{text[: at % len(text)]}{patch}{text[at % len(text) + 1 :]}",
    OBJECTS,
    st.integers(0, 200),
    st.sampled_from([*list('{}[]":,\\ x1'), "tru", ""]),
)
PATHS = st.lists(st.sampled_from(["a", "b", "c", "a b", "1", "", "é\ufffd"]), min_size=1, max_size=3).map(tuple)


def careful(line: str, paths: Sequence[tuple[str, ...]]) -> list[str | None] | None:
    """The texts that search_paths finds, unescaped; None when there is a fault or not every value."""
    found: dict[int, JsonValue] = {}
    faults: list[str] = []
    search_paths(line, paths, found.__setitem__, faults.append)
    if faults or len(found) < len(paths):
        return None
    return [unescape(found[number].text) for number in range(len(paths))]


@settings(deadline=None)
@given(OBJECTS | TORN | PATCHED, st.lists(PATHS, min_size=1, max_size=3))
@example('{"a":["x\\"],"b":1,"y"]}', [("b",)])
@example('{"a":{"c":1},"a":{"b":2}}', [("a", "b")])
def test_routes_find_what_the_careful_search_finds(line: str, paths: list[tuple[str, ...]]) -> None:
    routes = compile_routes(paths)
    assert routes is not None
    assert routes(line) in (None, careful(line, paths))


def test_routes_are_taken() -> None:
    line = json.dumps({"list": [1, {"y": 2}], "flat": {"z": [1]}, "fields": {"n": None, "owner": "joe", "ok": True}})
    routes = compile_routes([("fields", "ok"), ("fields", "owner")])
    assert routes is not None
    assert routes(line) == ["true", "joe"]
    assert compile_routes([("a",), ("b", 0)]) is None


BY_TWO = "sum by (a_b, c) (count_over_time({s=~`.+`} | json [9s]))"
PATHS_QUERY = "count_over_time({s=~`.+`} | json x=`a.b`, y=`b`, a_b=`c` [9s])"
ONE_LABEL_TWICE = 'count_over_time({s=~`.+`} | json x=`a.c`, x=`b`, c=`a[1].b`, y=`["a b"].c` [9s])'
QUERIES = st.sampled_from(
    [
        BY_TWO,
        PATHS_QUERY,
        ONE_LABEL_TWICE,
        "sum by (a) (count_over_time({s=~`.+`} | json [9s]))",
        "sum by (a_b_extracted) (count_over_time({s=~`.+`} | json [9s]))",
        "sum by (a_a, _1) (count_over_time({s=~`.+`} | json | b!=`x` [9s]))",
        "sum(count_over_time({s=~`.+`} | json | a_b=`1` [9s]))",
        "count_over_time({s=~`.+`} | json [9s])",
    ]
)


def answer(query: str, lines: Sequence[str]) -> Result | str:
    """The answer over lines in turn of two streams, one of which has labels and metadata by the name of keys."""
    entries = [Entry(at, line, {"c": "meta"} if at % 3 == 0 else {}) for at, line in enumerate(lines, start=1)]
    streams = [LogStream({"s": "1"}, entries[::2]), LogStream({"s": "2", "a_b": "own"}, entries[1::2])]
    try:
        return query_instant(parse(query), ListSource(streams), 5 * S, settings=SETTINGS)
    except QueryError as refusal:
        return refusal.message


@settings(deadline=None)
@given(QUERIES, st.lists(OBJECTS, min_size=1, max_size=5))
@example(BY_TWO, ['{"a":1,"c":1}', "{}", '{"a":{"b":2},"c":3}'])
@example(PATHS_QUERY, ['{"a":{"c":1},"a":{"b":2}}'])
@example(ONE_LABEL_TWICE, ['{"b":1,"a":{"c":2}}'])
def test_a_line_that_the_decoder_refuses_gives_what_it_gives_without_the_rest(query: str, lines: list[str]) -> None:
    # The rest is not looked at by any reader, but makes the line one for the careful readers.
    assert answer(query, lines) == answer(query, [f"{line} x" for line in lines])
