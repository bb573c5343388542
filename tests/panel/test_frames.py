"""Decoding answers, and what the datasource's front end makes of them."""

import math
from typing import Any

import pytest

from obs_check.errors import NotAllowed, Unavailable
from obs_check.panel.frames import decode_results, result_of, unanswered
from obs_check.panel.naming import display_name
from obs_check.panel.postprocess import postprocess

SERIES: dict[str, Any] = {
    "schema": {
        "refId": "A",
        "meta": {"executedQueryString": "Expr: x", "notices": [{"severity": "warning", "text": "partial"}]},
        "fields": [
            {"name": "Time", "type": "time"},
            {
                "name": "Value",
                "type": "number",
                "labels": {"decision": "allow"},
                "config": {"displayNameFromDS": '{decision="allow"}'},
            },
        ],
    },
    "data": {
        "values": [[1795478400000, 1795478460000], [10, None]],
        "nanos": [[123456, 0], None],
        "entities": [None, {"NaN": [1]}],
    },
}


def test_nanoseconds_and_nan_survive() -> None:
    result = decode_results({"results": {"A": {"status": 200, "frames": [SERIES]}}})["A"]
    assert result.frames[0].fields[0].values[0] == 1795478400000123456
    assert math.isnan(result.frames[0].fields[1].values[1])
    assert result.notices == ("partial",)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [{"schema": {"fields": []}, "data": {"values": []}}],
        [{"schema": {"meta": {"executedQueryString": "q"}}, "data": {}}],
        [{"schema": {"fields": [{"name": "Time", "type": "time"}]}, "data": {"values": [[]]}}],
        None,
    ],
)
def test_every_empty_shape_has_no_rows(frames: Any) -> None:
    result = decode_results({"results": {"A": {"frames": frames}}})["A"]
    assert [frame.rows for frame in result.frames if frame.rows] == []


def test_an_error_stays_with_its_ref_id() -> None:
    document = {
        "results": {
            "A": {"frames": [SERIES]},
            "B": {"status": 400, "error": "parse error", "errorSource": "downstream", "frames": []},
        }
    }
    results = decode_results(document)
    assert (results["B"].error, results["B"].status, results["B"].source) == ("parse error", 400, "downstream")
    assert [frame.rows for frame in results["A"].frames] == [2]


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(Unavailable, match=r"query\.noQueries"):
        decode_results({"message": "query.noQueries"})


TIME = {"name": "Time", "type": "time"}
VALUE = {"name": "Value", "type": "number"}


@pytest.mark.parametrize(
    "result",
    [
        1,
        {"frames": [1]},
        {"frames": {}},
        {"error": 1},
        {"status": "200"},
        {"frames": [{"schema": {"fields": [TIME]}, "data": {"values": [["x"]]}}]},
        {"frames": [{"schema": {"fields": [TIME]}, "data": {"values": [[9e18]]}}]},
        {"frames": [{"schema": {"fields": [TIME]}, "data": {"values": [[1, 2]], "nanos": [[0]]}}]},
        {"frames": [{"schema": {"fields": [VALUE]}, "data": {"values": [["1"]]}}]},
        {"frames": [{"schema": {"fields": [VALUE]}, "data": {"values": [[True]]}}]},
        {"frames": [{"schema": {"fields": [VALUE]}, "data": {"values": [[1]], "entities": [{"NaN": [7]}]}}]},
        {"frames": [{"schema": {"fields": [TIME, VALUE]}, "data": {"values": [[1, 2], [3]]}}]},
        {"frames": [{"schema": {"fields": [TIME, VALUE]}, "data": {"values": [[1]]}}]},
        {"frames": [{"schema": {"fields": [{"labels": {"a": 1}}]}, "data": {"values": [[1]]}}]},
        {"frames": [{"schema": {"fields": [], "meta": {"notices": [1]}}, "data": {"values": []}}]},
    ],
    ids=str,
)
def test_frames_of_another_shape_are_no_answer(result: Any) -> None:
    with pytest.raises(Unavailable, match="the answer to query A is of another shape"):
        decode_results({"results": {"A": result}})


def test_a_query_without_an_answer_is_no_empty_one() -> None:
    with pytest.raises(Unavailable, match="no answer to query B"):
        result_of(decode_results({"results": {"A": {}}}), "B")


def test_what_is_new_in_an_answer_is_left_out() -> None:
    frame = {"schema": {"fields": [{**VALUE, "new": 1}], "new": 1}, "data": {"values": [[1]], "new": []}, "new": 1}
    (read,) = decode_results({"results": {"A": {"frames": [frame], "new": 1}}, "new": 1})["A"].frames
    assert read.row(0) == [1]


def test_loki_instant_becomes_one_table() -> None:
    other = {
        "schema": {
            "fields": [
                {"name": "Time", "type": "time"},
                {"name": "Value", "type": "number", "labels": {"owner": "joe"}},
            ]
        },
        "data": {"values": [[1795478400000], [4]]},
    }
    results = decode_results({"results": {"A": {"frames": [SERIES, other]}}})
    (table,) = postprocess(results, {"A": "loki"}, {"A": {"queryType": "instant"}})
    assert [f.name for f in table.fields] == ["Time", "decision", "owner", "Value #A"]
    assert table.row(2)[1:] == ["", "joe", 4]
    assert len(postprocess(results, {"A": "loki"}, {"A": {"queryType": "range"}})) == 2


def test_prometheus_tables_number_their_value_only_when_there_are_two() -> None:
    results = decode_results({"results": {"A": {"frames": [SERIES]}, "B": {"frames": [SERIES]}}})
    kinds = {"A": "prometheus", "B": "prometheus"}
    two = postprocess(results, kinds, {"A": {"format": "table"}, "B": {"format": "table"}})
    assert [f.fields[-1].name for f in two] == ["Value #A", "Value #B"]
    one = postprocess({"A": results["A"]}, kinds, {"A": {"format": "table"}})
    assert one[0].fields[-1].name == "Value"


def test_display_names() -> None:
    frame = decode_results({"results": {"A": {"frames": [SERIES]}}})["A"].frames[0]
    assert [display_name(f, frame, [frame]) for f in frame.fields] == ["Time", '{decision="allow"}']


@pytest.mark.parametrize(
    ("answers", "wanted", "words"),
    [
        ([{}], None, ""),
        ([{"status": 400, "error": "parse error at line 1", "errorSource": "downstream"}], None, ""),
        ([{}, {"error": "empty ring", "status": 500}], Unavailable, "a datasource does not answer: empty ring"),
        (
            [{"error": 'Get "http://loki.invalid/q?query=%7Ba%3D%22b%22%7D": EOF'}],
            Unavailable,
            'a datasource does not answer: Get "http://loki.invalid/q": EOF',
        ),
        (
            [{"error": "empty ring", "status": 500}, {"error": "no org id", "status": 401}],
            NotAllowed,
            "a datasource does not let Grafana in: no org id (name its tenant",
        ),
    ],
)
def test_silence_and_closed_doors_are_no_answer(
    answers: list[dict[str, Any]], wanted: type[Exception] | None, words: str
) -> None:
    results = decode_results({"results": {str(number): answer for number, answer in enumerate(answers)}})
    failed = unanswered(results.values())
    assert (type(failed) if failed else None) is wanted
    assert str(failed or "").startswith(words)
