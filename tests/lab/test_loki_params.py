"""Parameters and endpoints of the lab's Loki beside the queries, as Loki 3.5.9 answered them."""

from collections.abc import Iterator
from typing import Any

import pytest

from obs_check.lab.loki import LabLoki
from tests.lab.loki_client import LokiClient

S = 1_000_000_000
START = 1_795_132_800 * S
NOW = START + 900 * S
ZERO = "zero or negative query resolution step widths are not accepted. Try a positive integer"
RESOLUTION = (
    "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter"
)


@pytest.fixture(scope="module")
def loki() -> Iterator[LokiClient]:
    with LabLoki(clock=lambda: NOW) as running:
        client = LokiClient(running.url)
        lines = [[str(START + n * 10 * S), f"level=info n={n}", {"trace": f"t{n % 2}"}] for n in range(20)]
        odd = ['{"a":1}trailing', '{"": "empty"}', "__error__=x b=1"]
        client.push(
            ({"app": "web", "env": "prod"}, lines),
            ({"app": "odd"}, [[str(START + n * S), line] for n, line in enumerate(odd)]),
        )
        yield client


def ask(loki: LokiClient, path: str, **params: str) -> tuple[int, Any]:
    window = {"start": str(START), "end": str(NOW)}
    answer = loki.get(path, **{**window, **params})
    return answer.status_code, answer.json() if answer.status_code == 200 else answer.text


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"step": "0"}, ZERO),
        ({"step": "-1s"}, 'cannot parse "-1s" to a valid duration'),
        ({"step": "NaN"}, ZERO),
        ({"step": "Inf"}, 'cannot parse "Inf" to a valid duration. It overflows int64'),
        ({"step": "100000000000"}, 'cannot parse "100000000000" to a valid duration. It overflows int64'),
        ({"step": "1.5m"}, 'cannot parse "1.5m" to a valid duration'),
        ({"step": " 60"}, 'cannot parse " 60" to a valid duration'),
        ({"step": "1us"}, 'cannot parse "1us" to a valid duration'),
        ({"step": "1ms"}, RESOLUTION),
        ({"limit": " 5"}, 'strconv.Atoi: parsing " 5": invalid syntax'),
        ({"limit": "9999999999999999999"}, 'strconv.Atoi: parsing "9999999999999999999": value out of range'),
        ({"limit": "0", "direction": "up"}, "limit must be a positive value"),
        ({"direction": "up", "step": "0"}, "invalid direction 'up'"),
        ({"start": "1e9"}, "could not parse 'start' parameter: strconv.ParseInt: parsing \"1e9\": invalid syntax"),
        ({"since": "600"}, "could not parse 'since' parameter: not a valid duration string: \"600\""),
        (
            {"query": 'rate({app="web"}[1y])', "start": str(NOW - 720 * S), "step": "60"},
            "the query time range exceeds the limit (query length: 8760h12m0s, limit: 30d1h)",
        ),
    ],
)
def test_a_range_query_is_refused(loki: LokiClient, params: dict[str, str], words: str) -> None:
    assert ask(loki, "query_range", **{"query": "vector(1)", **params}) == (400, words)


@pytest.mark.parametrize(
    ("step", "points"), [("0x1p8", 6), ("+3_00", 4), ("2.5e2", 5), ("1d", 2), ("7m30s", 3), ("0.5", 1801)]
)
def test_a_step_may_be_written_in_many_ways(loki: LokiClient, step: str, points: int) -> None:
    status, document = ask(loki, "query_range", query="vector(1)", step=step)
    assert (status, len(document["data"]["result"][0]["values"])) == (200, points)


def test_encoding_flags_are_answered_and_lines_stay_in_order(loki: LokiClient) -> None:
    flags = {"X-Loki-Response-Encoding-Flags": "x,categorize-labels"}
    params = {"query": '{app="web"} | logfmt', "start": str(START), "end": str(NOW), "limit": "3"}
    data = loki.http.get("/loki/api/v1/query_range", params=params, headers=flags).json()["data"]
    assert data["encodingFlags"] == ["x", "categorize-labels"]
    (stream,) = data["result"]
    assert [value[2]["parsed"]["n"] for value in stream["values"]] == ["19", "18", "17"]


def test_an_empty_key_of_json_cannot_be_answered(loki: LokiClient) -> None:
    status, text = ask(loki, "query_range", query='{app="odd"} | json')
    assert status == 500 and text.startswith('err while creating labelset for {="empty", app="odd"}: 1:2: parse error:')
    assert ask(loki, "query_range", query='sum by (a) (count_over_time({app="odd"} | json a [1m]))')[0] == 400


def test_bytes_that_are_no_utf8_cannot_be_answered_in_a_label(loki: LokiClient) -> None:
    """Loki 3.5.9 answers so for the labels of lines, whatever made them."""
    status, text = ask(loki, "query_range", query='{app="odd"} | label_format z="\ufffd"')
    assert (status, text) == (500, "could not write JSON response: 1:15: parse error: invalid UTF-8 rune")
    assert ask(loki, "query_range", query='{app="odd"} | label_format z="\u00e9"')[0] == 200


def test_fields_are_found_where_only_loki_reads_json(loki: LokiClient) -> None:
    status, document = ask(loki, "detected_fields", query='{app="odd"}')
    assert status == 200
    assert {"a", "b"} <= {field["label"] for field in document["fields"]}
    assert "__error__" not in {field["label"] for field in document["fields"]}


@pytest.mark.parametrize(("targets", "found"), [("app", 2), ("app,env", 1), ("app,nosuch", 0), ("app,", 0)])
@pytest.mark.parametrize("by", ["series", "labels"])
def test_a_volume_counts_streams_with_all_labels_asked_for(loki: LokiClient, targets: str, found: int, by: str) -> None:
    loki.http.post("/flush")
    _, document = ask(loki, "index/volume", query='{app=~".+"}', targetLabels=targets, aggregateBy=by)
    rows = document["data"]["result"]
    assert len(rows) == (found if by == "series" else len(targets.split(",")) if found else 0)


def test_other_methods_are_not_allowed(loki: LokiClient) -> None:
    for path in ("query", "labels", "index/stats", "format_query"):
        assert loki.http.put(f"/loki/api/v1/{path}").status_code == 405
    assert loki.http.put("/loki/api/v1/nosuch").status_code == 404
