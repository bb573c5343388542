"""An explanation asked of a real Loki says what one made from the same lines says."""

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest

from obs_check.app.query.ask import Ask
from obs_check.app.query.explain_loki import explain_on_loki
from obs_check.client.loki.client import LokiClient
from obs_check.config import host_port
from obs_check.logql import parse
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.explain.run import explain
from obs_check.logql.explain.tree import Node, conclusion
from obs_check.model.entry import Entry, LogStream
from obs_check.model.window import NS, Window
from tests.engine_settings import SETTINGS
from tests.real.loki_process import RealLoki

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("loki") is None, reason="loki is not on PATH: put a Loki 3.5 there to compare"),
]

END = time.time_ns() // NS * NS - 60 * NS
LINES = [f"n={n} msg={'DENY' if n % 3 else 'ALLOW'} took={n}{'ms' if n % 4 else ''} ip=10.0.0.{n}" for n in range(40)]
STREAMS = [
    LogStream({"job": "b"}, [Entry(END - (40 - n) * NS, line) for n, line in enumerate(LINES)]),
    LogStream({"job": "c"}, [Entry(END - 9 * NS, '{"a": {"b": "x"}, "m": "{{\\"`"}'), Entry(END - 8 * NS, "no JSON")]),
]
QUERIES = [
    '{job=~".+"} |= "n=" != "n=3" or "{{" |~ "DENY|ALLOW" != "n=4"',
    '{job="c"} |= "{{\\\\\\"`" or "\\n"',
    '{job=~".+"} | json | a_b="x" or a_b="" | m!=""',
    '{job=~".+"} | json | __error__="" | a_b="y"',
    '{job="b"} | logfmt | took > 5ms and msg="DENY" | ip=ip("10.0.0.0/27") or n < 3',
    '{job="b"} | logfmt | took > 5 | line_format "{{.n | float64}} {{.msg}}" |= "DENY" | n != "11"',
    '{job="b"} | logfmt | line_format "{{ .took | float64 | round }}"',
    '{job="b"} | logfmt n, msg | label_format m="{{.msg | lower}}" | drop msg | m="deny"',
    '{job="b"} | pattern "n=<n> msg=<msg> <_>" | keep msg',
    '{job="nowhere"} | json',
    '{job=~".+"} | json | drop __error__, __error_details__ | m!="x"',
    '{job="b"} | json | drop __error__ | logfmt --strict | took > 5 | drop __error__="LabelFilterErr"',
]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LokiClient]:
    with RealLoki(tmp_path_factory.mktemp("loki")) as loki:
        for labels, entries in STREAMS:
            loki.push(labels, [[str(entry.ts), entry.line] for entry in entries])
        yield LokiClient.direct(loki.url, time.time_ns, {host_port(loki.url)})


def shown(root: Node) -> list[tuple[Any, ...]]:
    return [
        (n.text, n.lines_in, n.lines_out, n.series, dict(n.errors), n.kept is None, n.dropped is None, n.reason)
        for n in root.walk()
        if n.kind == "stage" and n.lines_in
    ]


@pytest.mark.parametrize("text", QUERIES)
def test_lines(text: str, client: LokiClient) -> None:
    window = Window(END - 60 * NS, END)
    here = explain(parse(text), ListSource(STREAMS), window, None, SETTINGS)
    there, cost = explain_on_loki(Ask(text, parse(text), False, 100, None, window), client)
    # Examples are the newest lines of a Loki and the oldest of a file.
    assert [row[:-1] for row in shown(there)] == [row[:-1] for row in shown(here)]
    assert [bool(row[-1]) for row in shown(there)] == [bool(row[-1]) for row in shown(here)]
    assert cost.requests <= 8 and (cost.bytes_read > 0 or not there.lines_out)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('sum(sum_over_time({job="b"} | logfmt | unwrap took | msg="none" [1m]))', 'wanted msg="none"'),
        ('sum by (n) (sum_over_time({job="b"} | logfmt | unwrap bytes(took) [1m]))', "refused: pipeline error"),
        ('sum(sum_over_time({job="b"} | logfmt | unwrap ip | __error__="" [1m]))', "which is not a number"),
    ],
)
def test_metrics(text: str, words: str, client: LokiClient) -> None:
    there, _ = explain_on_loki(Ask(text, parse(text), True, 100, None, Window(END - NS, END)), client)
    assert words in conclusion(there)
    here = explain(parse(text), ListSource(STREAMS), Window(END - NS, END), None, SETTINGS)
    assert [(n.text, n.lines_out, dict(n.errors)) for n in there.walk()] == [
        (n.text, n.lines_out, dict(n.errors)) for n in here.walk()
    ]
