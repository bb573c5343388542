"""Whatever Loki answers, it is a result or a named outage, and can be shown."""

import io
from collections.abc import Callable
from itertools import chain
from typing import Any

import httpx
import pytest

from obs_check.client.loki.client import LokiClient
from obs_check.client.loki.result import read_tailed
from obs_check.errors import NotAllowed, Unavailable
from obs_check.model.window import NS, Window
from obs_check.report.json import dumps
from obs_check.report.query_result import print_result, result_json, to_csv, to_jsonl
from tests.mutants import mutants

WINDOW = Window(0, 9 * NS)
STATS = {"summary": {"totalBytesProcessed": 12, "execTime": 0.5}}
AT = "1795478400000000000"


def queried(kind: str, result: Any) -> dict[str, Any]:
    return {
        "status": "success",
        "data": {"resultType": kind, "result": result, "stats": STATS},
        "warnings": ["partial"],
    }


LINE = [AT, "msg=ALLOW", {"structuredMetadata": {"a": "b"}, "parsed": {"c": "d"}}]
STREAMS = queried("streams", [{"stream": {"job": "b"}, "values": [[AT, "x"], LINE]}])
MATRIX = queried("matrix", [{"metric": {}, "values": [[1, "2"], [2, "NaN"]]}])
CONFIG = {"limits_config": {"retention_period": "1h"}, "compactor": {"retention_enabled": True}}
ANSWERS: list[tuple[Any, Callable[[LokiClient], Any]]] = [
    (STREAMS, lambda loki: loki.query_range('{job="b"}', WINDOW).value),
    (queried("vector", [{"metric": {"a": "b"}, "value": [1.5, "2"]}]), lambda loki: loki.query("rate", 9).value),
    (MATRIX, lambda loki: loki.query_range("r", WINDOW).value),
    (queried("scalar", [1.5, "2"]), lambda loki: loki.query("1", 9).value),
    ({"status": "success", "data": ["a", "b"]}, lambda loki: loki.labels(WINDOW).value),
    ({"status": "success", "data": ["a", "b"]}, lambda loki: loki.label_values("a", WINDOW).value),
    ({"status": "success", "data": [{"a": "b"}]}, lambda loki: loki.series(['{a="b"}'], WINDOW).value),
    ({"version": "3.5.9"}, lambda loki: loki.version().value),
    (CONFIG, lambda loki: loki.retention().value),
]
RESULTS = 4
"""So many of them are results of queries, which are shown."""


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_a_mutated_answer_is_read_or_named(number: int) -> None:
    document, ask = ANSWERS[number]
    said = [b""]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=said[0]))
    loki = LokiClient.direct("http://loki.example", lambda: 3, {"loki.example:80"}, transport=transport)
    outages = 0
    for said[0] in chain([b"{}", b"[]", b"null"], mutants(document, 140, number)):
        try:
            value = ask(loki)
        except (Unavailable, NotAllowed) as error:
            assert error.message.startswith("loki: ")
            assert len(str(error)) < 900
            outages += 1
            continue
        if number < RESULTS:
            dumps(result_json(value))
            to_csv(value)
            to_jsonl(value)
            print_result(value, io.StringIO(), color=False)
    assert outages > (20 if number < RESULTS else 0)


def test_a_mutated_message_of_the_tail_is_read_or_named() -> None:
    import json

    tailed = {"streams": STREAMS["data"]["result"], "dropped_entries": [{"labels": {}, "timestamp": AT}]}
    for text in mutants(tailed, 140, 99):
        try:
            document = json.loads(text)
        except ValueError:
            continue
        try:
            read_tailed(document)
        except Unavailable as error:
            assert error.message.startswith("loki: ")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"resultType": "streams"},
        {"resultType": "streams", "result": {}},
        {"resultType": "streams", "result": [{"stream": {}, "values": {"1": "x"}}]},
        {"resultType": "streams", "result": [{"stream": {"a": 1}, "values": []}]},
        {"resultType": "streams", "result": [{"metric": {}, "values": [[1, "2"]]}]},
        {"resultType": "streams", "result": [{"stream": {}, "values": [[1, "x"]]}]},
        {"resultType": "streams", "result": [{"stream": {}, "values": [["soon", "x"]]}]},
        {"resultType": "streams", "result": [{"stream": {}, "values": [["1" * 30, "x"]]}]},
        {"resultType": "lines", "result": []},
    ],
    ids=str,
)
def test_a_result_of_another_shape_is_no_empty_one(data: Any) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"status": "success", "data": data}))
    loki = LokiClient.direct("http://loki.example", lambda: 3, {"loki.example:80"}, transport=transport)
    with pytest.raises(Unavailable):
        loki.query_range("{}", WINDOW)
