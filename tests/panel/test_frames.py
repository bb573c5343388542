"""Decoding answers, and what the datasource's front end makes of them."""

import math
from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.panel.frames import RefResult, decode_results
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
    with pytest.raises(InputError, match=r"query\.noQueries"):
        decode_results({"message": "query.noQueries"})


@pytest.mark.parametrize("frames", [[1], [{"schema": {"fields": [{"type": "time"}]}, "data": {"values": [["x"]]}}]])
def test_frames_of_another_shape_are_refused(frames: Any) -> None:
    with pytest.raises(InputError, match="the frames of A cannot be read"):
        decode_results({"results": {"A": {"frames": frames}}})


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
    ("status", "error", "wanted"),
    [
        (200, "", False),
        (502, "bad gateway", True),
        (500, 'Get "http://loki.invalid": dial tcp 10.0.0.1:3100: connect: connection refused', True),
        (500, "context deadline exceeded", True),
        (
            500,
            "db query error: failed to connect to server - please inspect Grafana server log for details",
            True,
        ),
        (400, "parse error at line 1, col 5: syntax error", False),
        (500, "db query error: ERROR: permission denied for table t (SQLSTATE 42501)", False),
        (404, "404 page not found", False),
    ],
)
def test_only_silence_is_an_outage(status: int, error: str, wanted: bool) -> None:
    assert RefResult("A", [], error=error, status=status).outage is wanted
