"""Transformations with the surprises that empty a panel (run with Grafana 13.0.1)."""

from typing import Any

import pytest

from obs_check.panel.elements import Transformation
from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name
from obs_check.panel.transform.extract_fields import key_values
from obs_check.panel.transform.pipeline import run_transformations

NUMBERS = Frame(
    [Field("Time", "time", [1, 2, 3]), Field("n", "number", [5, 1, 5]), Field("s", "string", ["b", "a", "c"])], "A"
)
OTHER = Frame([Field("Time", "time", [2, 9]), Field("m", "number", [7, 8])], "B")
LABELLED = Frame([Field("Time", "time", [1]), Field("Value", "number", [2], {"d": "allow", "o": "joe"})], "A")
EMPTY = Frame([Field("Time", "time", []), Field("n", "number", [])], "A")


def run(frames: list[Frame], kind: str, **options: Any) -> list[dict[str, list[Any]]]:
    done = run_transformations(frames, [Transformation(kind, options)])
    assert not done.unknown
    return [{display_name(f, frame, done.frames): f.values for f in frame.fields} for frame in done.frames]


CASES: list[tuple[str, str, list[Frame], dict[str, Any], list[dict[str, list[Any]]]]] = [
    (
        "excludes orders and renames",
        "organize",
        [NUMBERS],
        {"excludeByName": {"Time": True}, "indexByName": {"s": 0, "n": 1}, "renameByName": {"n": "N", "zz": "no"}},
        [{"s": ["b", "a", "c"], "N": [5, 1, 5]}],
    ),
    ("includes nothing that is there", "organize", [NUMBERS], {"includeByName": {"Domain": True}}, []),
    (
        "only false entries are not a filter",
        "organize",
        [OTHER],
        {"includeByName": {"m": False}},
        [{"Time": [2, 9], "m": [7, 8]}],
    ),
    ("by name", "filterFieldsByName", [NUMBERS], {"include": {"names": ["n"]}}, [{"n": [5, 1, 5]}]),
    ("by pattern", "filterFieldsByName", [NUMBERS], {"include": {"pattern": "/^N$/i"}}, [{"n": [5, 1, 5]}]),
    ("no field", "filterFieldsByName", [NUMBERS], {"include": {"names": ["x"]}}, []),
    ("by ref id", "filterByRefId", [NUMBERS, OTHER], {"include": "B"}, [{"Time": [2, 9], "m": [7, 8]}]),
    ("no ref id", "filterByRefId", [NUMBERS], {"include": "Z"}, []),
    (
        "greater",
        "filterByValue",
        [OTHER],
        {
            "type": "include",
            "match": "all",
            "filters": [{"fieldName": "m", "config": {"id": "greater", "options": {"value": 7}}}],
        },
        [{"Time": [9], "m": [8]}],
    ),
    (
        "a missing field keeps no row",
        "filterByValue",
        [OTHER],
        {"type": "include", "filters": [{"fieldName": "x", "config": {"id": "isNotNull"}}]},
        [{"Time": [], "m": []}],
    ),
    ("rows", "reduce", [NUMBERS], {"reducers": ["sum"]}, [{"Field": ["n", "s"], "Total": [11, 0]}]),
    (
        "sum of nothing",
        "reduce",
        [EMPTY],
        {"reducers": ["sum", "max"]},
        [{"Field": ["n"], "Total": [0], "Max": [None]}],
    ),
    ("fields", "reduce", [OTHER], {"reducers": ["max"], "mode": "reduceFields"}, [{"m": [8]}]),
    ("merge drops empties", "merge", [EMPTY, OTHER], {}, [{"Time": [2, 9], "m": [7, 8]}]),
    (
        "merge joins on what is common",
        "merge",
        [NUMBERS, OTHER],
        {},
        [{"Time": [1, 2, 3, 9], "n": [5, 1, 5, None], "s": ["b", "a", "c", None], "m": [None, 7, None, 8]}],
    ),
    (
        "inner",
        "joinByField",
        [NUMBERS, OTHER],
        {"byField": "Time", "mode": "inner"},
        [{"Time": [2], "n": [1], "s": ["a"], "m": [7]}],
    ),
    (
        "outer",
        "seriesToColumns",
        [NUMBERS, OTHER],
        {"byField": "Time"},
        [{"Time": [1, 2, 3, 9], "n": [5, 1, 5, None], "s": ["b", "a", "c", None], "m": [None, 7, None, 8]}],
    ),
    ("no such field", "joinByField", [OTHER], {"byField": "x"}, [{}]),
    (
        "groups",
        "groupBy",
        [NUMBERS],
        {"fields": {"n": {"operation": "groupby"}, "s": {"operation": "aggregate", "aggregations": ["count"]}}},
        [{"n": [5, 1], "s (count)": [2, 1]}],
    ),
    ("no group", "groupBy", [NUMBERS], {"fields": {"x": {"operation": "groupby"}}}, []),
    (
        "sorts",
        "sortBy",
        [NUMBERS],
        {"sort": [{"field": "s", "desc": True}]},
        [{"Time": [3, 1, 2], "n": [5, 5, 1], "s": ["c", "b", "a"]}],
    ),
    ("sorts by nothing", "sortBy", [OTHER], {"sort": [{"field": "x"}]}, [{"Time": [2, 9], "m": [7, 8]}]),
    ("first", "limit", [OTHER], {"limitField": "1"}, [{"Time": [2], "m": [7]}]),
    ("zero", "limit", [OTHER], {"limitField": "0"}, [{"Time": [], "m": []}]),
    ("no number", "limit", [OTHER], {"limitField": ""}, [{"Time": [2, 9], "m": [7, 8]}]),
    ("last", "limit", [OTHER], {"limitField": -1}, [{"Time": [9], "m": [8]}]),
    ("columns", "labelsToFields", [LABELLED], {}, [{"Time": [1], "Value": [2], "d": ["allow"], "o": ["joe"]}]),
    ("value label", "labelsToFields", [LABELLED], {"valueLabel": "d"}, [{"Time": [1], "allow": [2], "o": ["joe"]}]),
    ("label rows", "labelsToFields", [LABELLED], {"mode": "rows"}, [{"label": ["d", "o"], "value": ["allow", "joe"]}]),
    ("no source", "extractFields", [OTHER], {"source": "Line", "format": "kvp"}, [{"Time": [2, 9], "m": [7, 8]}]),
    (
        "renames",
        "renameByRegex",
        [OTHER],
        {"regex": "/^(m)$/", "renamePattern": "x-$1"},
        [{"Time": [2, 9], "x-m": [7, 8]}],
    ),
    (
        "binary",
        "calculateField",
        [OTHER],
        {
            "mode": "binary",
            "binary": {"left": "m", "operator": "*", "right": "2"},
            "alias": "twice",
            "replaceFields": True,
        },
        [{"Time": [2, 9], "twice": [14, 16]}],
    ),
    (
        "row",
        "calculateField",
        [OTHER],
        {"mode": "reduceRow", "reduce": {"reducer": "sum"}},
        [{"Time": [2, 9], "m": [7, 8], "Total": [7, 8]}],
    ),
]


@pytest.mark.parametrize(
    ("kind", "frames", "options", "want"), [c[1:] for c in CASES], ids=[f"{c[1]}: {c[0]}" for c in CASES]
)
def test_transformation(
    kind: str, frames: list[Frame], options: dict[str, Any], want: list[dict[str, list[Any]]]
) -> None:
    assert run(frames, kind, **options) == want


@pytest.mark.parametrize("kind", ["organize", "reduce", "merge", "joinByField", "labelsToFields", "extractFields"])
def test_nothing_in_nothing_out(kind: str) -> None:
    assert run([], kind) == []


@pytest.mark.parametrize(
    ("form", "line", "want"),
    [
        ("kvp", 'a=1 b="x y" c=""', {"a": ["1"], "b": ["x y"], "c": [""]}),
        ("kvp", r'a="say \"hi\"" d=e', {"a": ['say "hi"'], "d": ["e"]}),
        ("json", '{"a": 1, "b": "x"}', {"a": [1], "b": ["x"]}),
        ("auto", "a=1", {"a": ["1"]}),
        ("regexp", "GET /x", {"method": ["GET"]}),
        ("json", "no json", {}),
    ],
)
def test_extraction(form: str, line: str, want: dict[str, list[Any]]) -> None:
    frame = Frame([Field("Time", "time", [1]), Field("Line", "string", [line])])
    options = {"source": "Line", "format": form, "replace": True, "regExp": "/(?<method>[A-Z]+)/"}
    assert run([frame], "extractFields", **options) == [want]


def test_key_values_end_at_an_unquoted_colon() -> None:
    assert key_values("url=https://x.invalid") == {"url": "", "https": "//x.invalid"}


def test_steps_filters_and_unknown_transformations() -> None:
    chain = [
        Transformation("limit", {"limitField": 1}, filter={"id": "byRefId", "options": "A"}),
        Transformation("merge", {}, disabled=True),
        Transformation("histogram", {}),
        Transformation("limit", {"limitField": 0}),
    ]
    done = run_transformations([NUMBERS, OTHER], chain)
    assert [s[:4] for s in done.steps] == [("limit", 2, 5, 3)]
    assert done.steps[0].columns == ("Time", "n", "s", "m")
    assert done.unknown == "histogram"
    assert run_transformations([OTHER], [Transformation("calculateField", {"mode": "window"})]).unknown
