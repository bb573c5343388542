"""The lab Loki answers pushes as Loki 3.5.9 did (tests/fixtures/loki/answers.json)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_check.lab.loki import LabLoki, Listening
from obs_check.standin.loki.limits import HOUR, Limits
from tests.lab.loki_client import LokiClient

RECORDED = json.loads((Path(__file__).parent.parent / "fixtures/loki/answers.json").read_text())
ANSWERS = {a["case"]: a for a in RECORDED["answers"]}
NOW = 1795486070250797798
KIB = 1024
LIMITS = Limits(
    tenancy="required",
    max_line_size=KIB,
    max_label_names=4,
    max_label_value_length=64,
    max_structured_metadata_entries=2,
    ingestion_rate=10485,
    ingestion_burst=20 * KIB,
    per_stream_rate=5 * KIB,
    per_stream_burst=5 * KIB,
    max_streams=3,
    discover_service_name=("app", "job"),
)
AB = {"a": "b"}
Pushed = list[tuple[dict[str, str], list[list[Any]]]]


def at(offset: int = 0) -> str:
    return str(NOW + offset)


# The pushes that the answers were recorded for, in the order of the recording: (case, tenant, streams).
PUSHES: list[tuple[str, str | None, Pushed]] = [
    ("accepted", "t", [(AB, [[at(), "x"]])]),
    ("no tenant header", None, [(AB, [[at(), "x"]])]),
    ("too old", "t", [(AB, [[at(-200 * HOUR), "x"]])]),
    ("too far in the future", "t", [(AB, [[at(HOUR), "x"]])]),
    ("line too long", "t", [(AB, [[at(), "x" * 2000]])]),
    ("no labels", "t", [({}, [[at(), "x"]])]),
    ("bad label name", "t", [({"a-b": "v"}, [[at(), "x"]])]),
    ("too many labels", "t", [(dict.fromkeys("abcdef", "v"), [[at(), "x"]])]),
    ("label value too long", "t", [({"a": "v" * 100}, [[at(), "x"]])]),
    ("bad timestamp", "t", [(AB, [["nope", "x"]])]),
    ("timestamp as number", "t", [(AB, [[NOW, "x"]])]),
    ("no streams", "t", []),
    ("too much structured metadata", "t", [(AB, [[at(), "x", dict.fromkeys("xyz", "v")]])]),
    ("rate of the tenant", "rate", [(AB, [[at(i), "x" * 900] for i in range(60)])]),
    ("rate of a stream", "srate", [({"a": "r"}, [[at(i), "x" * 900] for i in range(9)])]),
    ("streams of the tenant", "streams", [({"a": str(i)}, [[at(), "x"]]) for i in range(6)]),
    ("partly bad: one old, one new", "part", [(AB, [[at(-200 * HOUR), "old"], [at(), "new"]])]),
]


@pytest.fixture(scope="module")
def loki() -> Iterator[LabLoki]:
    with LabLoki(limits=LIMITS, clock=lambda: NOW, listening=Listening(hosts=None)) as running:
        yield running


def label_of_length(text: str) -> str:
    """The recording used a value of another length than 100; only the repeated letter differs."""
    return re.sub("v{65,}", "v+", text)


@pytest.mark.parametrize(("case", "tenant", "streams"), PUSHES, ids=[p[0] for p in PUSHES])
def test_a_push_is_answered_as_recorded(loki: LabLoki, case: str, tenant: str | None, streams: Pushed) -> None:
    answer = LokiClient(loki.url, tenant).push(*streams)
    assert answer.status_code == ANSWERS[case]["status"]
    assert label_of_length(answer.text) == label_of_length(ANSWERS[case]["body"])


@pytest.mark.parametrize(
    ("case", "body", "kind"),
    [("body is not JSON", b"{broken", "application/json"), ("unknown content type", b"{}", "text/plain")],
)
def test_a_body_that_is_no_push(loki: LabLoki, case: str, body: bytes, kind: str) -> None:
    answer = LokiClient(loki.url).push_raw(body, kind)
    assert (answer.status_code, answer.text) == (ANSWERS[case]["status"], ANSWERS[case]["body"])


def counted(text: str, only: tuple[str, ...]) -> dict[tuple[str, frozenset[str]], float]:
    """{(metric, labels): value} of exposition text."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(\w+)\{(.*)\} (\S+)", line)
        if match and match[1] in only:
            found[match[1], frozenset(match[2].split(","))] = float(match[3])
    return found


def test_the_counters_are_those_recorded() -> None:
    names = ("loki_discarded_samples_total", "loki_discarded_bytes_total", "loki_distributor_lines_received_total",
             "loki_distributor_bytes_received_total", "loki_ingester_streams_created_total")  # fmt: skip
    with LabLoki(limits=LIMITS, clock=lambda: NOW) as fresh:
        for _, tenant, streams in PUSHES:
            LokiClient(fresh.url, tenant).push(*streams)
        text = LokiClient(fresh.url).http.get("/metrics").text
    assert counted(text, names) == counted("\n".join(RECORDED["metrics"]), names)


@pytest.mark.parametrize(
    ("limits", "labels", "entry", "status", "reason"),
    [
        (Limits(), {}, ["x"], 400, "missing_labels"),
        (Limits(blocked_until="2027-01-01T00:00:00Z"), AB, ["x"], 260, "blocked_ingestion"),
        (Limits(blocked_until="2027-01-01T00:00:00Z", blocked_status=200), AB, ["x"], 204, "blocked_ingestion"),
        (Limits(enforced_labels=("team",)), AB, ["x"], 400, "missing_enforced_labels"),
        (Limits(max_label_name_length=3), {"abcd": "v"}, ["x"], 400, "label_name_too_long"),
        (Limits(allow_structured_metadata=False), AB, ["x", {"k": "v"}], 400, "disallowed_structured_metadata"),
        (Limits(max_structured_metadata_size=3), AB, ["x", {"kk": "vv"}], 400, "structured_metadata_too_large"),
    ],
)
def test_other_refusals_count_their_reason(
    limits: Limits, labels: dict[str, str], entry: list[Any], status: int, reason: str
) -> None:
    with LabLoki(limits=limits, clock=lambda: NOW) as one:
        assert LokiClient(one.url).push((labels, [[at(), *entry]])).status_code == status
        assert one.counters.value("loki_discarded_samples_total", reason=reason, tenant="t") == 1


def test_a_long_line_is_cut_when_asked_for() -> None:
    with LabLoki(limits=Limits(max_line_size=4, max_line_size_truncate=True), clock=lambda: NOW) as one:
        client = LokiClient(one.url)
        assert client.push((AB, [[at(), "abcdefgh"]])).status_code == 204
        assert one.counters.value("loki_mutated_samples_total", truncated="t") == 1
        result = client.get("query_range", query='{a="b"}', start=at(), end=at(1)).json()["data"]["result"]
    assert result[0]["values"] == [[at(), "abcd"]]


def test_an_entry_an_hour_behind_its_stream_is_refused() -> None:
    with LabLoki(clock=lambda: NOW) as one:
        client = LokiClient(one.url)
        assert client.push((AB, [[at(), "x"]])).status_code == 204
        answer = client.push((AB, [[at(-HOUR - 1), "late"], [at(-HOUR), "just"]]))
        assert answer.status_code == 400
        assert answer.text == (
            "entry with timestamp 2026-11-24 01:07:50.250797797 +0000 UTC ignored, reason: 'entry too far behind, "
            "entry timestamp is: 2026-11-24T01:07:50Z, oldest acceptable timestamp is: 2026-11-24T01:07:50Z',\n"
            "user 't', total ignored: 1 out of 2 for stream: {a=\"b\"}\n"
        )
        assert one.counters.value("loki_discarded_samples_total", reason="too_far_behind") == 1


@pytest.mark.parametrize(
    ("tenancy", "tenant", "status", "body"),
    [
        ("required", None, 401, "no org id\n"),
        ("required", "a|b", 400, "multiple org IDs present\n"),
        ("required", "a b/c", 400, "tenant ID 'a b/c' contains unsupported character ' '\n"),
        ("optional", None, 204, ""),
        ("off", "whoever", 204, ""),
    ],
)
def test_whose_push_it_is(tenancy: Any, tenant: str | None, status: int, body: str) -> None:
    with LabLoki(limits=Limits(tenancy=tenancy), clock=lambda: NOW) as one:
        answer = LokiClient(one.url, tenant).push((AB, [[at(), "x"]]))
        assert (answer.status_code, answer.text) == (status, body)
        if status == 204:
            assert one.counters.value("loki_distributor_lines_received_total", tenant="fake") == 1


def test_what_stands_behind_a_push_is_not_looked_at() -> None:
    with LabLoki(limits=Limits(tenancy="off"), clock=lambda: NOW) as one:
        body = json.dumps({"streams": [{"stream": {"a": "b"}, "values": [[at(), "x"]]}]})
        answer = LokiClient(one.url, None).push_raw(f" {body} {{more".encode(), "application/json")
    assert answer.status_code == 204


def test_an_entry_without_a_time_is_of_the_year_1() -> None:
    with LabLoki(limits=Limits(tenancy="off"), clock=lambda: NOW) as one:
        answer = LokiClient(one.url, None).push((AB, [[]]))
    assert (answer.status_code, "has timestamp too old: 0001-01-01T00:00:00Z," in answer.text) == (400, True)


def test_malformed_pushes_are_answered_and_counted_as_recorded() -> None:
    recorded = json.loads((Path(__file__).parent.parent / "fixtures/loki/pushes.json").read_text("utf-8"))
    with LabLoki(
        limits=Limits(tenancy="off"), clock=lambda: recorded["at"], listening=Listening(hosts=None)
    ) as running:
        client = LokiClient(running.url, None)
        for push in recorded["pushes"]:
            headers = {"Content-Encoding": push["encoding"]} if push["encoding"] else {}
            answer = client.push_raw(push["body"].encode(), push["type"], **headers)
            found, want = (re.sub("is: 20.*", "", text) for text in (answer.text, push["answer"]))
            assert (answer.status_code, found) == (push["status"], want), push["case"]
        metrics = client.http.get("/metrics").text.splitlines()
    counted = [line for line in metrics if line.startswith(("loki_discarded_", "loki_distributor_"))]
    assert sorted(counted) == recorded["metrics"]
