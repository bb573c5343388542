"""Stages one by one, on rows."""

from collections.abc import Sequence

import pytest

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.stages.compile import compile_stages
from obs_check.logql.stages.row import Row
from obs_check.logql.stages.unwrap import unwrap_value
from obs_check.logql.syntax import ast
from tests.engine_settings import SETTINGS

STREAM = {"app": "web"}


def stages(text: str) -> Sequence[ast.Stage]:
    query = parse(f'{{app="web"}} {text}')
    assert isinstance(query, ast.LogQuery)
    return query.stages


def run(text: str, line: str, metadata: dict[str, str] | None = None) -> Row | None:
    row = Row(1, line, STREAM, metadata or {})
    return row if compile_stages(stages(text), SETTINGS)(row) else None


def labels(text: str, line: str, metadata: dict[str, str] | None = None) -> dict[str, str]:
    row = run(text, line, metadata)
    assert row is not None
    return {name: value for name, value in row.labels().items() if name != "app"}


JSON = '{"a":1.50,"b":{"c d":"x","e":[1,{"f":2}]},"t":true,"n":null,"app":"in","s":"\\u0026"}'

PARSED = [
    ("| json", JSON, {"a": "1.50", "b_c_d": "x", "t": "true", "app_extracted": "in", "s": "&"}),
    ("| json", '{"a":1} rest', {"a": "1"}),
    ("| json", '{"3x":"y","a":{"4":5}}', {"_3x": "y", "a_4": "5"}),
    ("| json", '{"a":{"x":1},"a":{"y":2}}', {"a_x": "1", "a_y": "2"}),
    (
        "| json",
        "plain",
        {
            "__error__": "JSONParserErr",
            "__error_details__": "Value looks like object, but can't find closing '}' symbol",
        },
    ),
    (
        "| json",
        '{"a":"b',
        {"__error__": "JSONParserErr", "__error_details__": "Value is string, but can't find closing '\"' symbol"},
    ),
    (
        '| json x="b[\\"c d\\"]", y="b.e[1].f", z="nope", o="b.e"',
        JSON,
        {"x": "x", "y": "2", "z": "", "o": '[1,{"f":2}]'},
    ),
    ('| json x="b.c"', '{"b":{"c":"v"},"cut":"o', {"x": "v"}),
    ('| json x="a"', "plain", {"__error__": "JSONParserErr"}),
    ('| json x="a[0].b", y="b[1]"', '{"b":[{"b":1},', {"x": "", "y": ""}),
    ('| json x="a"', r'{"a":["q\"q","a\u0026b"]}', {"x": '["q"q","a&b"]'}),
    ('| json x="a.b"', '{"a":{"c":1},"a":{"b":2},"a":{"b":3}}', {"x": "2"}),
    ('| json x="a", x="b"', '{"b":1,"a":2}', {"x": "2"}),
    ("| logfmt", 'a=1 b="x y" c= d e="q\\"q" app=in', {"a": "1", "b": "x y", "e": 'q"q', "app_extracted": "in"}),
    ("| logfmt", 'a="x\\\'y" b="t\\\\\tz" c=1', {"a": "x'y", "b": "t\\\tz", "c": "1"}),
    ("| logfmt --keep-empty", "a= b c=1", {"a": "", "b": "", "c": "1"}),
    ("| logfmt", 'a=1 b=x"y c=2', {"a": "1", "c": "2"}),
    (
        "| logfmt --strict",
        'a=1 b=x"y c=2',
        {
            "a": "1",
            "__error__": "LogfmtParserErr",
            "__error_details__": "logfmt syntax error at pos 8 : unexpected '\"'",
        },
    ),
    ('| logfmt p="path", none', "path=/x other=1", {"p": "/x", "none": ""}),
    ("| regexp `(?P<m>\\w+)=(?P<n>\\d+)?`", "a=5", {"m": "a", "n": "5"}),
    ("| regexp `no(?P<m>x)`", "a=5", {}),
    ("| pattern `<ip> - <_> [<at>]`", "1.2.3.4 - bob [now]", {"ip": "1.2.3.4", "at": "now"}),
    ("| pattern `<a> - <b>`", "no dash", {"a": "no dash"}),
    ("| unpack", '{"pod":"p","n":1,"_entry":"the line"}', {"pod": "p"}),
    ("| unpack", '{"pod":"p"}', {}),
    ("| logfmt | drop a, b=`2`", "a=1 b=2 c=3", {"c": "3"}),
    ("| logfmt | keep a, b=`9`", "a=1 b=2 c=3", {"a": "1"}),
    ('| logfmt | label_format x=a,y="{{.b}}!"', "a=1 b=2", {"x": "1", "b": "2", "y": "2!"}),
]


@pytest.mark.parametrize(("text", "line", "want"), PARSED)
def test_labels_after_a_parser(text: str, line: str, want: dict[str, str]) -> None:
    assert labels(text, line) == want


def test_metadata_wins_over_a_parser_but_not_over_an_expression() -> None:
    metadata = {"level": "info"}
    assert labels("| logfmt", "level=warn", metadata)["level"] == "info"
    assert labels("| json", '{"level":"warn"}', metadata)["level"] == "info"
    assert labels('| json level="level"', '{"level":"warn"}', metadata)["level"] == "warn"


KEPT = [
    ('|= "" or "x"', "abc", False),
    ('|= ""', "abc", True),
    ('!= ""', "abc", False),
    ('!= "a" or "z"', "abc", False),
    ('|~ "^b"', "abc", False),
    ('|= ip("10.0.0.0/8")', "from 10.1.2.3:80", True),
    ('!= ip("10.0.0.1-10.0.0.9")', "from 10.0.0.5", False),
    ('|= ip("2001:db8::/32")', "a 2001:db8::1 b", True),
    ("|> `<_> GET <_>`", "x GET y", True),
    ("|> `<_> GET <_>`", " GET y", False),
    ("!> `<_> GET <_>`", "x PUT y", True),
    ('| logfmt | x=~""', "x=1", True),
    ('| logfmt | x!~""', "x=1", False),
    ('| logfmt | x=~"|b"', "y=1", False),
    ('| logfmt | x=~"allow|allowed"', "x=disallow", True),
    ('| logfmt | x=~"allow|deny"', "x=disallow", False),
    ('| logfmt | x=~"a.c"', "x=abcd", False),
    ("| logfmt | n > 5", "n=6", True),
    ("| logfmt | n > 5", "m=6", False),
    ("| logfmt | n > 5", "n=text", True),
    ("| logfmt | n > 5 | __error__=``", "n=text", False),
    ("| logfmt | d >= 1.5s", "d=1500ms", True),
    ("| logfmt | s < 1MiB", "s=999999", True),
    ("| logfmt | s < 1MiB", "s=1MB", False),  # the query that a querier gets says 1.0MB
    ('| logfmt | i = ip("10.0.0.0/8")', "i=10.9.9.9", True),
    ("| logfmt | a=`1` or b=`2` and c=`3`", "a=1", True),
]


@pytest.mark.parametrize(("text", "line", "kept"), KEPT)
def test_lines_that_a_filter_keeps(text: str, line: str, kept: bool) -> None:
    assert (run(text, line) is not None) == kept


LINES = [
    ("| logfmt | line_format `{{.a}}`", "a=1", "1"),
    ("| line_format `{{.nosuch}}`", "a=1", ""),
    ("| line_format `{{div 1 0}}`", "a=1", "a=1"),
    ("| decolorize", "\x1b[31mred\x1b[0m", "red"),
    ("| unpack", '{"_entry":"in\\"ner"}', 'in"ner'),
]


@pytest.mark.parametrize(("text", "line", "want"), LINES)
def test_lines_after_a_format(text: str, line: str, want: str) -> None:
    row = run(text, line)
    assert row is not None
    assert row.line == want


def test_a_failing_template_sets_the_error() -> None:
    assert labels("| line_format `{{div 1 0}}`", "x")["__error__"] == "TemplateFormatErr"


REFUSED: list[ast.Stage] = [
    ast.RegexpParser("no group"),
    ast.RegexpParser("(?P<a>["),
    ast.PatternParser("<_>"),
    ast.PatternParser("<a><b>"),
    ast.PatternParser("<a> <a>"),
    ast.JsonParser((ast.Extraction("x", "a..b"),)),
    ast.JsonParser((ast.Extraction("x", "$.a"),)),
    ast.LineFilter("|=", (ast.LineMatch("10.0.0.0/99", ip=True),)),
    ast.LineFilter("|>", (ast.LineMatch("<named> x"),)),
    ast.LineFormat("{{.x"),
    ast.LabelFormat((ast.LabelAssignment("a", "x"), ast.LabelAssignment("a", "y"))),
    ast.LabelFormat((ast.LabelAssignment("__error__", "x"),)),
]


@pytest.mark.parametrize("stage", REFUSED, ids=repr)
def test_a_stage_that_loki_refuses(stage: ast.Stage) -> None:
    with pytest.raises(QueryError):
        compile_stages([stage], SETTINGS)


@pytest.mark.parametrize(
    ("unwrap", "line", "want", "error"),
    [
        (ast.Unwrap("n"), "n=2.5", 2.5, ""),
        (ast.Unwrap("n"), "m=2.5", None, ""),
        (ast.Unwrap("n"), "n=x", 0.0, "SampleExtractionErr"),
        (ast.Unwrap("n", "duration"), "n=1m", 60.0, ""),
        (ast.Unwrap("n", "bytes"), "n=1KiB", 1024.0, ""),
        (
            ast.Unwrap("n", "", (ast.LabelFilter(ast.StringPredicate(ast.Matcher("__error__", "=", ""))),)),
            "n=x",
            None,
            "SampleExtractionErr",
        ),
    ],
)
def test_unwrap(unwrap: ast.Unwrap, line: str, want: float | None, error: str) -> None:
    row = run("| logfmt", line)
    assert row is not None
    assert unwrap_value(unwrap)(row) == want
    assert row.error == error
