"""A line of twice the size takes twice the steps: what a stage does with a long line, and with one that is made to be
hard, grows as the line does."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

import pytest

from obs_check.logql import parse
from obs_check.logql.stages.compile import compile_stages
from obs_check.logql.stages.json_full import TOO_LONG
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax.ast import LogQuery
from tests.engine_settings import SETTINGS

SIZE = 1_200
"""More than the standard decoder goes into."""


class Counted(str):
    """A text that counts the characters that are taken out of it."""

    taken = 0

    def __getitem__(self, at: Any) -> Self:
        found = type(self)(str.__getitem__(self, at))
        Counted.taken += len(found)
        return found

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        Counted.taken += len(self)
        return super().encode(encoding, errors)


LINES: dict[str, Callable[[int], str]] = {
    "nested objects": lambda n: '{"a":' * n + "1" + "}" * n,
    "nested objects that do not end": lambda n: '{"a":' * n + "1",
    "nested objects with a rest": lambda n: '{"a":' * n + "1" + "}" * n + " x",
    "nested objects with empty keys": lambda n: '{"":' * n + "1" + "}" * n + " x",
    "nested objects behind tokens with a quote": lambda n: '{"a":1"x,"b":' * n + "1" + "}" * n,
    "objects behind tokens with a quote": lambda n: '{"a":1"x,"b":{"c":' * n + '"","d":{' * n + "}" * n,
    "nested arrays": lambda n: '{"a":' + "[" * n + "]" * n + ',"b":"\\ud800"} x',
    "nested arrays that do not end": lambda n: "[" * n,
    "arrays and objects": lambda n: '[{"a":' * n + "1" + "}]" * n + " x",
    "many members": lambda n: "{" + ",".join(f'"k{i}":"\\ud800"' for i in range(n)) + "}",
    "many objects": lambda n: "{" + ",".join(f'"k{i}":{{"a":"\\ud800"}}' for i in range(n)) + "} x",
    "pairs": lambda n: " ".join(f"k{i}=v" for i in range(n)),
    "pairs that are none": lambda n: 'a"b ' * n,
    "values that are none": lambda n: 'a=b"c ' * n,
    "quotes that do not end": lambda n: ' a="' * n,
    "keys that are none": lambda n: "\ufffd=1 " * n,
    "colours that are none": lambda n: "\x1b[" * n,
    "one letter": lambda n: "a" * n,
    "blanks": lambda n: " " * n,
    "backslashes": lambda n: '{"a":"' + "\\" * 2 * n + '"} x',
}
STAGES = [
    "| json",
    '| json | a_a_a="1"',
    '| json x="a.a.a.b", y="a[0].b[1]", z="[0][0][0]"',
    "| logfmt",
    "| logfmt --strict --keep-empty",
    '| logfmt x="a", k1',
    "| unpack",
    '| pattern "<x>a<y>:<z>b"',
    '| regexp "(?P<x>(a*)*b)"',
    "| decolorize",
    '|~ "(a*)*b"',
    '|> "<_>a<_>:<_>b"',
    '| line_format "{{ .a }}{{ __line__ | replace `a` `b` | trunc 9 }}"',
    '| line_format "{{ fromJson __line__ }}"',
]


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_takes_twice_the_steps_for_twice_the_line(stage: str) -> None:
    for name, line in LINES.items():
        once, twice = steps(stage, line(SIZE)), steps(stage, line(2 * SIZE))
        assert twice < 2.5 * once + 2_000, f"{name}: {once} steps, then {twice}"


def steps(stage: str, line: str) -> int:
    """Lines of code that are run, and hundreds of characters that are copied."""
    query = parse(f'{{s="1"}} {stage}')
    assert isinstance(query, LogQuery)
    run = compile_stages(query.stages, SETTINGS)
    row = Row(0, Counted(line), {"s": "1"}, {})
    count, Counted.taken = 0, 0

    def trace(_frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run(row)
    finally:
        sys.settrace(before)
    return count + Counted.taken // 100


def row_of(line: str) -> Row:
    """The row behind `| json`."""
    query = parse('{s="1"} | json')
    assert isinstance(query, LogQuery)
    row = Row(0, line, {"s": "1"}, {})
    assert compile_stages(query.stages, SETTINGS)(row)
    return row


@pytest.mark.parametrize("rest", ["", " x"])
@pytest.mark.parametrize("depth", [10, 980, 1_000, 20_000])
def test_objects_may_be_nested_as_deep_as_a_line_has_room(depth: int, rest: str) -> None:
    row = row_of('{"a":' * depth + '{"b":"x"}' + "}" * depth + rest)
    assert (row.parsed, row.error) == ({"a_" * depth + "b": "x"}, "")


@pytest.mark.parametrize("rest", ["", " x"])
def test_names_that_are_too_long_together_end_the_reading(rest: str) -> None:
    inner = ",".join(f'"k{n}":1' for n in range(5_000))
    row = row_of('{"top":1,"' + "a" * 2_000 + '":{' + inner + "}}" + rest)
    assert row.parsed["top"] == "1"
    assert 1_900 < len(row.parsed) < 2_100
    assert (row.error, row.error_details) == ("JSONParserErr", TOO_LONG)
