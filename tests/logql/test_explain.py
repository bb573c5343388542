"""The explanation of a query counts what the query does, and says why."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.engine.evaluate import query_instant, query_range
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.engine.logs import LineChoice
from obs_check.logql.explain.run import explain
from obs_check.logql.explain.tree import Node, conclusion
from obs_check.logql.syntax import ast
from obs_check.model.entry import Entry, LogStream
from obs_check.model.result import Matrix, Streams, Vector
from obs_check.model.window import NS, Window
from tests.engine_settings import SETTINGS

FIXTURES = Path(__file__).parent.parent / "fixtures" / "logql"
JSON_LINE = '{"msg": "boundary_request", "fields": {"decision": "deny", "owner": "a"}}'
LOGFMT_LINES = ("level=WARN msg=DENY host=a.example took=5ms", "level=INFO msg=ALLOW host=b.example took=900ms")
SOURCE = ListSource(
    [
        LogStream({"job": "boundary", "node": "n1"}, [Entry(NS * n, line) for n, line in enumerate(LOGFMT_LINES, 1)]),
        LogStream({"job": "coderd", "namespace": "coder"}, [Entry(NS, JSON_LINE), Entry(2 * NS, "panic: no JSON")]),
    ]
)
WINDOW = Window(0, 10 * NS)


def read(name: str) -> Any:
    return json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def recorded() -> ListSource:
    streams = read("streams")["streams"]
    return ListSource([LogStream(s["labels"], [Entry(int(e[0]), *e[1:]) for e in s["entries"]]) for s in streams])


def explained(query: str, window: Window = WINDOW, step_ns: int | None = None) -> Node:
    return explain(parse(query), SOURCE, window, step_ns, SETTINGS)


def stage(query: str, text: str) -> Node:
    return next(node for node in explained(query).walk() if node.text == text)


@pytest.mark.parametrize("name", ["agent-firewall", "line-filters", "label-filters", "parser-json", "unwrap"])
def test_counts_are_those_of_the_query(name: str, recorded: ListSource) -> None:
    compared = 0
    for query in read(name)["queries"]:
        if query["want"]["status"] != 200:
            continue
        expr = parse(query["query"])
        try:
            if query["type"] == "instant":
                at = int(query["time"])
                root = explain(expr, recorded, Window(at - NS, at), None, SETTINGS)
                result: Any = query_instant(expr, recorded, at, settings=SETTINGS)
            else:
                window = Window(int(query["start"]), int(query["end"]))
                root = explain(expr, recorded, window, 60 * NS, SETTINGS)
                result = query_range(expr, recorded, window, 60 * NS, settings=SETTINGS, choice=LineChoice(0))
        except QueryError:
            continue
        compared += 1
        match result:
            case Streams():
                assert root.lines_out == result.lines, query["query"]
                assert root.series == len(result.streams), query["query"]
            case Vector():
                assert root.series == len(result.samples), query["query"]
            case Matrix() if not isinstance(expr, ast.Number):
                times = [ts for series in result.series for ts, _ in series.points]
                assert root.series == max(map(times.count, set(times)), default=0), query["query"]
        for one in root.walk():
            if one.kind == "stage" and one.lines_in is not None and one.lines_out is not None:
                assert one.lines_out <= one.lines_in
    assert compared > 10


@pytest.mark.parametrize(
    ("query", "text", "reason"),
    [
        ('{job="boundary"} |= `deny`', '|= "deny"', "the line does not contain `deny`, but `DENY`: case counts"),
        ('{job="boundary"} != `msg`', '!= "msg"', "the line contains `msg`"),
        (
            '{job="boundary"} | logfmt | msg=`deny`',
            '| msg="deny"',
            'msg is `DENY`, wanted msg="deny": case counts',
        ),
        (
            '{job="boundary"} | logfmt | msg=`ALOW`',
            '| msg="ALOW"',
            'msg is `DENY`, wanted msg="ALOW"; nearest value `ALLOW` on 1 line',
        ),
        ('{job="boundary"} | logfmt | took>1s', "| took>1s", "took is `5ms`, wanted took>1s"),
        ('{job="boundary"} | logfmt | hots=`a`', '| hots="a"', "hots is absent; nearest label host=`a.example`"),
        (
            '{job="coderd"} | json | decision=`deny`',
            '| decision="deny"',
            'decision is absent, but the line has the JSON field fields.decision: | json decision="fields.decision"',
        ),
        (
            '{job="coderd"} | fields_decision=`deny`',
            '| fields_decision="deny"',
            "fields_decision is absent, but the line has the JSON field fields.decision: "
            '| json fields_decision="fields.decision"',
        ),
        (
            '{job="boundary"} | msg=`DENY`',
            '| msg="DENY"',
            "msg is absent, but the line has msg=DENY: | logfmt msg",
        ),
        (
            '{job="boundary"} | logfmt | label_format target=host | host=`a`',
            '| host="a"',
            "host is absent: `| label_format target=host` calls it target",
        ),
        (
            '{job="boundary"} | logfmt | keep msg | host=`a`',
            '| host="a"',
            "host is absent: `| keep msg` takes it away",
        ),
        (
            '{job="boundary"} | logfmt | msg=~`.+` | drop host | host=`a`',
            '| host="a"',
            "host is absent: `| drop host` takes it away",
        ),
        (
            '{job="coderd"} | json | __error__!=`` | a=`b`',
            '| a="b"',
            "a is absent: the line has JSONParserErr",
        ),
    ],
)
def test_a_dropped_line_has_a_reason(query: str, text: str, reason: str) -> None:
    assert stage(query, text).reason == reason


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ('{job="boundry"}', 'no stream has job="boundry"; nearest value `boundary`'),
        ('{jobs="boundary"}', "no stream has the label `jobs`; nearest label `job`"),
        (
            '{job="boundary", namespace="coder"}',
            'of the streams {job="boundary"}, no stream has the label `namespace`; labels are `job`, `node`',
        ),
        ('{job=~"x.*"}', 'no stream has job=~"x.*"; its values are `boundary`, `coderd`'),
    ],
)
def test_a_selector_without_streams(selector: str, words: str) -> None:
    root = explained(selector)
    assert root.children[0].notes == (words,)
    assert conclusion(root) == f"{selector} selects no line: {words}"


def test_a_selector_without_lines_in_the_window() -> None:
    root = explained('{job="boundary"}', Window(5 * NS, 9 * NS))
    assert root.children[0].notes == (
        "its lines are from 1970-01-01T00:00:01.000Z to 1970-01-01T00:00:02.000Z: none is in this window",
    )


def test_a_parser_says_what_it_sets_and_fails_on() -> None:
    parser = stage('{job="coderd"} | json', "| json")
    assert (parser.lines_in, parser.lines_out, parser.errors) == (2, 2, {"JSONParserErr": 1})
    assert parser.labels == {"msg": 1, "fields_decision": 1, "fields_owner": 1}
    wrong = stage('{job="coderd"} | logfmt | decision=`deny`', "| logfmt")
    assert wrong.notes == ("sets no label on any line",)
    assert stage('{job="boundary"} | json', "| json").notes == (
        "sets no label on any line: no line is a JSON object; 2 of 2 begin with a pair, which logfmt reads",
    )


def test_a_parser_that_is_there_for_its_errors_need_not_set_labels() -> None:
    root = explained('sum(count_over_time({job="coderd"} | json | __error__="" [20s]))')
    assert next(node for node in root.walk() if node.text == "| json").notes == ()
    assert stage('sum by (x) (count_over_time({job="coderd"} | json [20s]))', "| json").notes == (
        "sets none of the labels that are used behind it",
    )
    root = explained('sum by (host) (count_over_time({job="coderd"} | logfmt [20s]))')
    assert next(node for node in root.walk() if node.text == "| logfmt").notes == ("sets no label on any line",)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        (
            'sum by (hosts) (count_over_time({job="boundary"} | logfmt [20s]))',
            "hosts is absent; nearest label host=`a.example`",
        ),
        (
            'sum by (host) (count_over_time({job="boundary"} [20s]))',
            "host is absent, but the line has host=a.example: | logfmt host",
        ),
        (
            'sum by (host) (count_over_time({job="boundary"} | logfmt | drop host [20s]))',
            "host is absent: `| drop host` takes it away",
        ),
        (
            'max by (host) (sum by (job) (count_over_time({job="boundary"} | logfmt [20s])))',
            "no series has host: the grouping inside of it leaves it out",
        ),
        ('sum by (host, team) (count_over_time({job="boundary"} | logfmt [20s]))', "team is absent from the line"),
        ('sum by (host) (count_over_time({job="boundary"} | logfmt [20s]))', ""),
    ],
)
def test_a_grouping_by_a_label_that_no_series_has(query: str, note: str) -> None:
    assert explained(query).notes == ((note,) if note else ())


def test_operators_and_what_loki_does_not_run() -> None:
    root = explained('topk(1, sum by (host) (count_over_time({job="boundary"} | logfmt | host=~`.+` [20s])))')
    texts = [(node.text, node.series) for node in root.walk() if node.kind == "operator"]
    assert texts == [("topk(1)", 1), ("sum by (host)", 2), ("count_over_time [20s]", 2)]
    unused = explained('sum(count_over_time({job="coderd"} | json [20s]))')
    assert list(unused.walk())[-1].notes == ("not run: no label that it could set is used behind it",)


def test_a_refusal_is_told_with_the_counts() -> None:
    root = explained('sum by (x) (count_over_time({job="coderd"} | json [20s]))')
    assert root.notes[0].startswith("refused: pipeline error: 'JSONParserErr'")
    assert conclusion(root) == root.notes[0]
    assert next(node for node in root.walk() if node.text == "| json").errors == {"JSONParserErr": 1}


@pytest.mark.parametrize(
    ("unwrap", "reason"),
    [
        ("unwrap took", "took is `5ms`, which is not a number: | unwrap duration(took) reads it"),
        ("unwrap bytes(host)", "host is `a.example`, which is not a size"),
        ("unwrap duration(took) | took > 1s", "took is `5ms`, wanted took>1s"),
    ],
)
def test_an_unwrap_that_drops_a_line(unwrap: str, reason: str) -> None:
    root = explained('sum_over_time({job="boundary"} | logfmt | ' + unwrap + ' | __error__="" [20s])')
    assert list(root.walk())[-1].reason == reason


@pytest.mark.parametrize("query", ["{}", "sum(count_over_time({} [20s]))"])
def test_a_filter_before_the_parser_drops_where_the_label_is_set(query: str) -> None:
    root = explained(query.replace("{}", '{job="boundary"} | msg="" | logfmt'))
    assert conclusion(root).startswith("`| logfmt` drops all 2 lines that reach it: it sets a label to what a filter")


def test_an_unwrap_without_its_label() -> None:
    root = explained('sum_over_time({job="boundary"} | logfmt | unwrap size [20s])')
    last = list(root.walk())[-1]
    assert (last.text, last.lines_out, last.reason) == ("| unwrap size", 0, "size is absent from the line")
