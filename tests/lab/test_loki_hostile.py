"""What a hostile client sends to a lab Loki: pushes without end, bombs, requests of a web page."""

import gzip
import json
import zlib
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from obs_check.lab.loki import LabLoki, Listening
from obs_check.standin.loki.limits import KIB, Limits
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.request import decode_push
from tests.lab.loki_client import LokiClient

NOW = 1795486070250797798
MOST = 64 * KIB
GOOD = json.dumps({"streams": [{"stream": {"a": "1"}, "values": [[str(NOW), "x"]]}]}).encode()
LARGE = GOOD + b" " * MOST
JSON = "application/json"


@pytest.fixture(scope="module")
def loki() -> Iterator[LabLoki]:
    with LabLoki(
        limits=Limits(max_push_size=MOST), clock=lambda: NOW, listening=Listening(hosts=("loki.example",))
    ) as running:
        yield running


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "kind", "encoding", "status", "said"),
    [
        (GOOD, JSON, "", 204, ""),
        (zipped(GOOD) + zipped(b" "), JSON, "gzip", 204, ""),
        (deflated(GOOD), JSON, "deflate", 204, ""),
        (LARGE, JSON, "", 413, "the body is larger than 65536 bytes"),
        (zipped(LARGE), JSON, "gzip", 413, "the body is larger than 65536 bytes"),
        (zipped(b"x" * MOST) + zipped(b"x"), JSON, "gzip", 413, "the body is larger than 65536 bytes"),
        (deflated(LARGE), JSON, "deflate", 413, "the body is larger than 65536 bytes"),
        (b"\x80\x80\x80\x04" + b"\x00" * 9, "application/x-protobuf", "", 400, "snappy: corrupt input"),
        (zipped(GOOD)[:-4], JSON, "gzip", 400, "unexpected EOF"),
        (b"[" * 60_000, JSON, "", 400, "the JSON is nested too deep"),
        (b'{"streams": ' + b"[" * 60_000, JSON, "", 400, "the JSON is nested too deep"),
        (b'{"streams": [{"stream": {"a": ' + b"[" * 60_000, JSON, "", 400, "the JSON is nested too deep"),
    ],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else str(value),
)
def test_a_push_is_bounded_as_sent_and_unpacked(
    loki: LabLoki, body: bytes, kind: str, encoding: str, status: int, said: str
) -> None:
    answer = LokiClient(loki.url).push_raw(body, kind, **({"Content-Encoding": encoding} if encoding else {}))
    assert (answer.status_code, answer.text.strip()) == (status, said)


@pytest.mark.parametrize("levels", [10, 300, 900, 1000, 3000, 10**5])
def test_a_label_is_no_internal_error_however_deep_it_is(levels: int) -> None:
    body = b'{"streams": [{"stream": {"a": ' + b"[" * levels + b"]" * levels + b'}, "values": []}]}'
    try:
        decode_push(body, JSON, "", Limits())
    except LokiRefusal as refusal:
        assert (refusal.status, refusal.body) == (400, "the JSON is nested too deep")


def test_a_query_is_bounded_too(loki: LabLoki) -> None:
    answer = LokiClient(loki.url).http.post("/loki/api/v1/query", data={"query": "x" * MOST})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "loki:3100"}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "[::1]:3100"}, 200),
        ({"Host": "192.0.2.7:3100"}, 200),
        ({"Host": "LOKI.example:3100"}, 200),
        ({"Host": "evil.example:3100"}, 403),
        ({"Host": "loki.example.evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost:3100", "Origin": "http://localhost:8000"}, 403),
        ({"Host": "localhost:3100", "Origin": "http://localhost:3100"}, 200),
    ],
    ids=str,
)
def test_what_a_web_page_could_have_sent_is_refused(loki: LabLoki, headers: dict[str, str], status: int) -> None:
    client = LokiClient(loki.url)
    for path in ("/ready", "/loki/api/v1/labels"):
        assert client.http.get(path, headers=headers).status_code == status
    wanted = 204 if status == 200 else status
    assert client.push_raw(GOOD, JSON, **headers).status_code == wanted


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])
def test_a_push_that_needs_no_preflight_is_refused(loki: LabLoki, kind: str) -> None:
    answer = LokiClient(loki.url).push_raw(GOOD, kind)
    assert (answer.status_code, "may come from any web page" in answer.text) == (403, True)


def test_a_page_cannot_follow_the_lines(loki: LabLoki) -> None:
    address = loki.url.replace("http:", "ws:") + "/loki/api/v1/tail?query={a=%221%22}"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, additional_headers={"Origin": "http://evil.example"}, proxy=None)
    assert refused.value.response.status_code == 403


def test_whoever_is_told_so_answers_web_pages_too() -> None:
    with LabLoki(clock=lambda: NOW, listening=Listening(hosts=None)) as open_to_all:
        headers = {"Host": "evil.example", "Origin": "http://other.example"}
        assert httpx.get(f"{open_to_all.url}/ready", headers=headers, trust_env=False).status_code == 200
