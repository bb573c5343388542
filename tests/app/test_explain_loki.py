"""An explanation asked of a Loki counts what one made from the lines themselves counts, with few requests."""

import gzip
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from obs_check.app.query.ask import Ask
from obs_check.app.query.explain_loki import explain_on_loki
from obs_check.client.answered import Answered
from obs_check.client.loki.client import Direction, LokiClient
from obs_check.config import host_port
from obs_check.errors import Refused
from obs_check.lab.loki import LabLoki
from obs_check.logql import parse
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.explain.run import explain
from obs_check.logql.explain.tree import Node, conclusion
from obs_check.logql.syntax.ast import LogQuery
from obs_check.model.entry import Entry, Labels, LogStream
from obs_check.model.result import Result
from obs_check.model.window import NS, Window
from obs_check.standin.loki.limits import Limits
from tests.engine_settings import SETTINGS
from tests.lab import loki_client

FIXTURES = Path(__file__).parent.parent / "fixtures" / "logql"
UNLIMITED = Limits(
    tenancy="off",
    reject_old_samples_max_age=0,
    creation_grace_period=0,
    ingestion_rate=0,
    per_stream_rate=0,
    max_query_length=0,
)


def read(name: str) -> Any:
    return json.loads(gzip.decompress((FIXTURES / f"{name}.json.gz").read_bytes()))


@pytest.fixture(scope="module")
def streams() -> list[LogStream]:
    return [
        LogStream(s["labels"], [Entry(int(e[0]), *e[1:]) for e in s["entries"]]) for s in read("streams")["streams"]
    ]


@pytest.fixture(scope="module")
def client(streams: list[LogStream]) -> Iterator[LokiClient]:
    newest = max(entry.ts for stream in streams for entry in stream.entries)
    with LabLoki(limits=UNLIMITED, clock=lambda: newest + NS) as running:
        pushing = loki_client.LokiClient(running.url, None)
        for labels, entries in streams:
            rows: list[list[Any]] = [[str(e.ts), e.line, *([dict(e.metadata)] if e.metadata else [])] for e in entries]
            assert pushing.push((labels, sorted(rows, key=lambda row: int(row[0])))).status_code == 204
        yield LokiClient.direct(running.url, time.time_ns, {host_port(running.url)})


def counts(root: Node) -> list[tuple[str, int | None, int | None]]:
    """Lines in and out by selector and stage; a stage that nothing reaches is reached by 0 lines either way."""
    return [(node.text, node.lines_in, node.lines_out) for node in root.walk() if node.kind != "operator"]


def shown(root: Node) -> list[tuple[Any, ...]]:
    """What else is said of a selector or stage: label sets, errors, whether there is an example kept and dropped."""
    return [
        (node.text, node.series, dict(node.errors), node.kept is not None, node.dropped is not None)
        for node in root.walk()
        if node.kind != "operator" and (node.kind == "selector" or node.lines_in)
    ]


@pytest.mark.parametrize(
    "name", ["agent-firewall", "line-filters", "label-filters", "parser-json", "formats", "unwrap"]
)
def test_loki_and_the_lines_say_the_same(name: str, client: LokiClient, streams: list[LogStream]) -> None:
    source = ListSource(streams)
    compared = 0
    for query in read(name)["queries"][::3]:
        if query["want"]["status"] != 200:
            continue
        expr = parse(query["query"])
        instant = query["type"] == "instant"
        end = int(query["time"] if instant else query["end"])
        window = Window(end - NS if instant else int(query["start"]), end)
        ask = Ask(query["query"], expr, instant, 100, 60 * NS, window)
        here = explain(expr, source, window, None if instant else ask.step_in(window), SETTINGS)
        there, cost = explain_on_loki(ask, client)
        assert counts(there) == counts(here), query["query"]
        assert there.series in (None, here.series), query["query"]
        if isinstance(expr, LogQuery):
            assert shown(there) == shown(here), query["query"]
        filters = sum(node.lines_in != node.lines_out for node in there.walk() if node.kind == "stage")
        selectors = sum(node.kind == "selector" for node in there.walk())
        assert cost.requests <= 4 + 4 * selectors + filters, query["query"]
        compared += 1
    assert compared > 5


def test_a_label_filter_shares_the_scan_of_its_values(client: LokiClient, streams: list[LogStream]) -> None:
    end = max(entry.ts for stream in streams for entry in stream.entries) + 1
    window = Window(min(entry.ts for stream in streams for entry in stream.entries), end)
    text = '{namespace="coder"} | json decision="fields.decision" | decision=`Deny`'
    root, cost = explain_on_loki(Ask(text, parse(text), False, 100, None, window), client)
    last = root.children[-1]
    size = sum(len(e.line) for s in streams if s.labels.get("namespace") == "coder" for e in s.entries)
    assert last.lines_out == 0 and set(last.values["decision"]) >= {"allow", "deny"}
    assert "nearest value `deny`" in conclusion(root)
    # One scan counts lines and one label sets, one line is an example, and the index knows the streams.
    assert cost.requests == 4
    assert 0 < cost.bytes_read <= 3.5 * size


def test_a_selector_that_finds_nothing_reads_no_line(client: LokiClient) -> None:
    text = '{namespace="codr"} |= `x`'
    root, cost = explain_on_loki(Ask(text, parse(text), False, 100, None, Window(0, 2 * 10**18)), client)
    assert (
        conclusion(root) == '{namespace="codr"} selects no line: no stream has namespace="codr"; nearest value `coder`'
    )
    assert cost.bytes_read == 0


def test_what_loki_refuses_is_told(client: LokiClient, streams: list[LogStream]) -> None:
    end = max(entry.ts for stream in streams for entry in stream.entries) + 1
    text = "sum by (x) (count_over_time({job=~`.+`} | json [30d]))"
    root, _ = explain_on_loki(Ask(text, parse(text), True, 100, None, Window(end - NS, end)), client)
    assert root.notes and "JSONParserErr" in root.notes[0]


def test_a_label_with_too_many_values_is_counted_without_them() -> None:
    base = 1_700_000_000 * NS
    lines = [f"n={n} a=b" for n in range(5)]
    stream = LogStream({"job": "j"}, [Entry(base + n, line) for n, line in enumerate(lines)])
    window = Window(base, base + 10)
    text = '{job="j"} | logfmt | n=~`[0-3]` != `n=1`'
    with LabLoki(limits=replace(UNLIMITED, max_query_series=4)) as running:
        pushing = loki_client.LokiClient(running.url, None)
        assert pushing.push((stream.labels, [[str(e.ts), e.line] for e in stream.entries])).status_code == 204
        client = LokiClient.direct(running.url, time.time_ns, {host_port(running.url)})
        root, cost = explain_on_loki(Ask(text, parse(text), False, 100, None, window), client)
        client.close()
    assert counts(root) == counts(explain(parse(text), ListSource([stream]), window, None, SETTINGS))
    assert root.lines_out == 3
    assert root.children[2].values == {}
    assert [node.series for node in root.walk()] == [3, 1, 5, 4, 3]
    # The count with the values is refused, the one without is not, nor that of label sets; the index knows the streams;
    # one line that passes, and one that each filter drops.
    assert cost.requests == 2 + 1 + 1 + 3


NUMBERED = LogStream(
    {"job": "j"}, [Entry(1_700_000_000 * NS + n, f"n={n} a={'b' if n else ''} ip=10.0.0.{n}") for n in range(5)]
)


@contextmanager
def asked(text: str, limits: Limits = UNLIMITED) -> Iterator[tuple[Ask, LokiClient]]:
    """The query over all of NUMBERED, and a Loki that has it."""
    window = Window(NUMBERED.entries[0].ts, NUMBERED.entries[-1].ts + 1)
    with LabLoki(limits=limits) as running:
        pushing = loki_client.LokiClient(running.url, None)
        assert pushing.push((NUMBERED.labels, [[str(e.ts), e.line] for e in NUMBERED.entries])).status_code == 204
        client = LokiClient.direct(running.url, time.time_ns, {host_port(running.url)})
        yield Ask(text, parse(text), False, 100, None, window), client
        client.close()


@pytest.mark.parametrize(
    ("predicate", "dropped", "reason"),
    [
        ('n="1" and a="b"', "n=4", 'n is `4`, wanted n="1"'),
        ('n="0" or a!="b"', "n=4", 'n is `4`, wanted n="0"; a is `b`, wanted a!="b"'),
        ("n>3 or n<4 and a=`b`", "n=0", "n is `0`, wanted n>3; a is absent from the line"),
        ('ip=ip("10.0.0.2/31")', "n=4", 'ip is `10.0.0.4`, wanted ip=ip("10.0.0.2/31")'),
        ('ip!=ip("10.0.0.2")', "n=2", 'ip is `10.0.0.2`, wanted ip!=ip("10.0.0.2")'),
        ('(ip=ip("10.0.0.4") or n<1) and a="b"', "n=3", 'ip is `10.0.0.3`, wanted ip=ip("10.0.0.4"); n is `3`'),
    ],
)
def test_a_line_dropped_by_a_joined_predicate(predicate: str, dropped: str, reason: str) -> None:
    with asked('{job="j"} | logfmt | ' + predicate) as (ask, client):
        root, _ = explain_on_loki(ask, client)
    last = root.children[-1]
    assert 0 < (last.lines_out or 0) < (last.lines_in or 0)
    assert (last.dropped or "").startswith(dropped)
    assert last.reason.startswith(reason)


def test_a_chain_of_line_filters_is_counted_by_one_scan() -> None:
    with asked('{job="j"} |= "n=" != "n=3" or "{{" |= "a=b" or "\\"`\\\\" != "n=4"') as (ask, client):
        root, cost = explain_on_loki(ask, client)
    assert [(node.lines_out, node.series) for node in root.children] == [(5, 1), (5, 1), (4, 1), (3, 1), (2, 1)]
    assert [node.dropped for node in root.children[2:]] == [NUMBERED.entries[n].line for n in (3, 0, 4)]
    # One count, and a line that passes and one for each of the three that drop some; the lab reads all for each.
    assert cost.requests == 1 + 1 + 3
    assert cost.bytes_read == cost.requests * sum(len(entry.line) for entry in NUMBERED.entries)


def test_filters_of_the_streams_labels_share_a_scan() -> None:
    with asked('{job=~".+"} | job=~"j|k" | job="k"') as (ask, client):
        root, cost = explain_on_loki(ask, client)
    assert [(node.lines_out, node.series) for node in root.children] == [(5, 1), (5, 1), (0, 0)]
    assert root.children[2].values == {"job": {"j": 5}}
    assert cost.requests == 2


@pytest.mark.parametrize(
    ("query", "series", "requests"),
    [
        # The count, and the line that is dropped: what has no line has no series.
        ('topk(1, sum by (n) (count_over_time({job="j"} |= "none" [1m])))', [0, 0, 0], 2),
        ('sum(count_over_time({job="j"} |= "none" [1m])) > 0', [0, 0, 0, None], 2),
        # The query itself is asked where there may be series for all that, and how many there are inside it.
        ('sum(absent_over_time({job="j"} |= "none" [1m]))', [1, 1], 4),
        ('sum(count_over_time({job="j"} |= "none" [1m])) or vector(0)', [1, 0, 0, 1], 4),
    ],
)
def test_nothing_is_asked_of_what_has_no_line(query: str, series: list[int | None], requests: int) -> None:
    with asked(query) as (ask, client):
        root, cost = explain_on_loki(replace(ask, instant=True), client)
    assert [node.series for node in root.walk() if node.kind == "operator"] == series
    assert cost.requests == requests


def test_a_filter_before_the_parser_drops_where_the_label_is_set() -> None:
    with asked('{job="j"} | n="" | logfmt') as (ask, client):
        root, _ = explain_on_loki(ask, client)
    assert "Loki drops the line here, which is not counted" in root.children[2].notes[0]


def test_an_unwrap_passes_over_an_empty_label() -> None:
    with asked('sum(sum_over_time({job="j"} | logfmt --keep-empty | unwrap a | __error__=~".*" [1m]))') as (
        ask,
        client,
    ):
        root, _ = explain_on_loki(replace(ask, instant=True), client)
    last = list(root.walk())[-1]
    assert (last.lines_in, last.lines_out, dict(last.errors)) == (5, 4, {"SampleExtractionErr": 4})


def test_the_details_of_an_error_are_no_label() -> None:
    with asked('{job="j"} | json | __error_details__=~".*object.*"') as (ask, client):
        root, _ = explain_on_loki(ask, client)
    assert root.lines_out == 0


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("| json | drop __error__", [{"JSONParserErr": 5}, {}]),
        (
            "| json | drop __error__ | label_format x=`{{div 1 0}}`",
            [{"JSONParserErr": 5}, {}, {"TemplateFormatErr": 5}],
        ),
        ("| json | drop __error__ | unpack | a!=`c`", [{"JSONParserErr": 5}, {}, {"JSONParserErr": 5}, {}]),
        ("| json | drop __error__=`none` | n=``", [{"JSONParserErr": 5}, {}, {}]),
        ("| logfmt | n > 3 | drop __error__ | ip > 3 | drop __error__", [{}, {}, {}, {"LabelFilterErr": 1}, {}]),
    ],
)
def test_errors_that_are_dropped_are_counted_where_they_are_set(query: str, errors: list[dict[str, int]]) -> None:
    with asked(f'{{job="j"}} {query}') as (ask, client):
        root, _ = explain_on_loki(ask, client)
    assert [dict(node.errors) for node in root.children[1:]] == errors
    if "JSONParserErr" in errors[0]:
        words = "no line is a JSON object; the one shown begins with a pair, which logfmt reads"
        assert root.children[1].notes[-1] == words
    here = explain(ask.expr, ListSource([NUMBERED]), ask.window or Window(0, 1), None, SETTINGS)
    assert (counts(root), shown(root)) == (counts(here), shown(here))


def test_an_unwrap_that_drops_every_line() -> None:
    with asked('sum(sum_over_time({job="j"} | logfmt | unwrap ip | __error__="" [1m]))') as (ask, client):
        root, _ = explain_on_loki(replace(ask, instant=True), client)
    assert conclusion(root) == (
        '`| unwrap ip | __error__=""` drops all 5 lines that reach it: ip is `10.0.0.4`, which is not a number'
    )


def test_a_loki_without_a_line_for_the_tenant_says_so() -> None:
    with asked('{job="j"}') as (ask, client):
        root, _ = explain_on_loki(replace(ask, window=Window(0, NS)), client)
    assert "no line at all in this window for the tenant" in conclusion(root)


def test_the_last_line_before_an_empty_window_is_told() -> None:
    with asked('{job="j"} |= "n"') as (ask, client):
        at = NUMBERED.entries[-1].ts + 23 * 3600 * NS
        root, _ = explain_on_loki(replace(ask, window=Window(at, at + NS)), client)
        gone, _ = explain_on_loki(replace(ask, window=Window(at + 2 * 3600 * NS, at + 2 * 3600 * NS + 1)), client)
    words = '{job="j"} selects no line: '
    assert conclusion(root) == words + "no line in this window: the last one before it is of 2023-11-14T22:13:20.000Z"
    assert conclusion(gone).startswith(words + "this Loki has no line at all in this window")


class Unlisted(LokiClient):
    """Its index does not list the streams yet."""

    def series(self, matchers: Sequence[str], window: Window) -> Answered[list[Labels]]:
        return super().series(matchers, window)._replace(value=[])


def test_streams_that_loki_does_not_list_are_unknown() -> None:
    with asked('{job="j"} | json') as (ask, client):
        root, _ = explain_on_loki(ask, Unlisted(client._http, time.time_ns))
    assert [(node.lines_out, node.series) for node in root.children] == [(5, None), (5, 1)]


def test_a_kept_line_is_the_one_before_it_was_formatted() -> None:
    with asked('{job="j"} | logfmt | line_format "{{.n}}!" |= "!" | line_format "{{.a}}"') as (ask, client):
        root, _ = explain_on_loki(ask, client)
    assert [node.kept for node in root.children] == [*["n=4 a=b ip=10.0.0.4"] * 2, "4!", "4!", "b"]


def test_label_sets_that_loki_does_not_count_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    query = '{job="j"} | logfmt | a="b" | line_format "x"'
    monkeypatch.setattr("obs_check.logql.explain.label_sets.MOST", 4)
    with asked(query) as (ask, client):
        few, _ = explain_on_loki(ask, client)
        monkeypatch.setattr("obs_check.logql.explain.label_sets.MOST", 3)
        none, cost = explain_on_loki(ask, client)
    assert [node.series for node in few.children] == [1, None, 4, 4]
    assert few.children[1].notes[0].startswith("series are not counted behind more than 4 lines")
    assert [node.series for node in none.children] == [1, None, None, None]
    assert len({node.notes for node in none.children[1:]}) == 1
    # Nothing was asked for the label sets: the lines, the streams, a line that passes and one that is dropped.
    assert cost.requests == 4


class RefusingLabelSets(LokiClient):
    """Does not count label sets, as a Loki that runs out of time."""

    def query(self, expr: str, at_ns: int, limit: int = 100, direction: Direction = "backward") -> Answered[Result]:
        if "count(" in expr or "count by" in expr:
            raise Refused("loki: 504", 504, "context deadline exceeded\nmore", "")
        return super().query(expr, at_ns, limit, direction)


def test_label_sets_that_loki_refuses_are_unknown() -> None:
    with asked('{job="j"} | logfmt | a="b"') as (ask, client):
        root, _ = explain_on_loki(ask, RefusingLabelSets(client._http, time.time_ns))
    assert [(node.lines_out, node.series) for node in root.children] == [(5, 1), (5, None), (4, None)]
    assert root.children[1].notes == ("series are not counted: context deadline exceeded",)


def test_a_number_has_no_series(client: LokiClient) -> None:
    root, _ = explain_on_loki(Ask("1+1", parse("1+1"), True, 100, None, Window(0, NS)), client)
    assert (root.series, conclusion(root)) == (None, "")
