"""What was pushed is found again: labels, values, series, restarts, encodings, times."""

import gzip
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from obs_check.errors import InputError, Unavailable, UsageError
from obs_check.lab.loki import LabLoki, Listening
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Entry
from obs_check.serving import parse_listen
from obs_check.standin.loki.params import parse_duration, parse_time
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.request import decode_snappy
from obs_check.standin.loki.store import TenantStore
from tests.lab.loki_client import LokiClient

NOW = 1795486070250797798
S = 1_000_000_000


@pytest.fixture
def loki() -> Iterator[LabLoki]:
    with LabLoki(clock=lambda: NOW) as running:
        yield running


def test_labels_values_and_series_are_those_of_the_tenant(loki: LabLoki) -> None:
    client = LokiClient(loki.url)
    assert client.push(({"a": "1", "b": "x"}, [[str(NOW), "l"]]), ({"a": "2"}, [[str(NOW), "l"]])).status_code == 204
    assert client.get("labels").json() == {"status": "success", "data": ["a", "b"]}
    assert client.get("label/a/values").json()["data"] == ["1", "2"]
    assert client.get("label/zz/values").json() == {"status": "success"}
    assert client.get("series", **{"match[]": '{a="1"}'}).json()["data"] == [{"a": "1", "b": "x"}]
    # A label of which all values are numbers is not a label that anybody looks for (Loki 3.5).
    assert client.get("detected_labels").json()["detectedLabels"] == [{"label": "b", "cardinality": 1}]
    assert LokiClient(loki.url, "other").get("labels").json() == {"status": "success"}


def test_index_stats_see_only_what_is_flushed(loki: LabLoki) -> None:
    client = LokiClient(loki.url)
    client.push(({"a": "1"}, [[str(NOW - 1), "abc"]]))
    nothing = {"streams": 0, "chunks": 0, "bytes": 0, "entries": 0}
    assert client.get("index/stats", query='{a="1"}').json() == nothing
    assert client.http.post("/flush").status_code == 204
    # The index has sizes in whole KiB.
    assert client.get("index/stats", query='{a="1"}').json() == {"streams": 1, "chunks": 1, "bytes": 0, "entries": 1}


def test_lines_outlive_a_restart(tmp_path: Path) -> None:
    with LabLoki(tmp_path / "data", clock=lambda: NOW) as first:
        client = LokiClient(first.url)
        client.push(({"a": "1"}, [[str(NOW - 2), "one", {"k": "v"}]]))
        client.push(({"a": "1"}, [[str(NOW - 1), "two"], [str(NOW - 1), "two"]]))
    with LabLoki(tmp_path / "data", clock=lambda: NOW) as second:
        client = LokiClient(second.url)
        assert client.get("index/stats", query='{a="1"}').json()["entries"] == 2
        assert client.get("label/a/values").json()["data"] == ["1"]
        fields = client.get("detected_fields", query='{a="1"}').json()["fields"]
        assert fields == [{"label": "k", "type": "string", "parsers": None, "cardinality": 1}]


def test_two_at_the_same_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "lines.duckdb").write_text("not a database")
    with pytest.raises(InputError, match="cannot be opened"):
        LabLoki(tmp_path).start()


def test_a_gzip_body_is_accepted_and_br_is_not(loki: LabLoki) -> None:
    client = LokiClient(loki.url)
    body = b'{"streams": [{"stream": {"a": "z"}, "values": [["%d", "x"]]}]}' % NOW
    zipped = {"Content-Encoding": "gzip"}
    assert client.push_raw(gzip.compress(body), **zipped).status_code == 204
    assert client.get("label/a/values").json()["data"] == ["z"]
    refused = client.push_raw(body, **{"Content-Encoding": "br"})
    assert (refused.status_code, refused.text) == (400, 'Content-Encoding "br" not supported\n')


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def part(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def compressed(data: bytes) -> bytes:
    """A snappy block of one literal."""
    return varint(len(data)) + bytes([61 << 2]) + struct.pack("<H", len(data) - 1) + data


def test_a_shippers_protobuf_is_understood(loki: LabLoki) -> None:
    client = LokiClient(loki.url)
    stamp = b"\x08" + varint(NOW // S) + b"\x10" + varint(NOW % S)
    entry = part(1, stamp) + part(2, b"line") + part(3, part(1, b"k") + part(2, b"v"))
    push = part(1, part(1, b'{job="b", path="a\\"b"}') + part(2, entry))
    assert client.push_raw(compressed(push), "application/x-protobuf").status_code == 204
    assert client.get("series").json()["data"] == [{"job": "b", "path": 'a"b'}]
    bad = compressed(part(1, part(1, b'{a-b="c"}') + part(2, entry)))
    answer = client.push_raw(bad, "application/x-protobuf")
    assert answer.status_code == 400
    assert answer.text == "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'\n"


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (b"\x03\x08abc", b"abc"),
        (b"\x0a\x00a\x15\x01", b"a" * 10),
        (b"\x08\x0cabcd\x0e\x04\x00", b"abcdabcd"),
        (b"\x00", b""),
    ],
)
def test_snappy_blocks(block: bytes, text: bytes) -> None:
    assert decode_snappy(block) == text


@pytest.mark.parametrize("block", [b"", b"\x05\x08abc", b"\x04\x01\x05", b"{}", b"\xff\xff\xff\xff\x7f\x00a"])
def test_broken_snappy_is_named_as_such(block: bytes) -> None:
    with pytest.raises(InputError, match="snappy: corrupt input"):
        decode_snappy(block)


def test_entries_are_kept_in_order_and_once() -> None:
    store = TenantStore()
    added = store.append({"a": "1"}, [Entry(3, "c"), Entry(1, "a"), Entry(2, "b"), Entry(2, "b"), Entry(2, "B")])
    assert len(added) == 4
    (stream,) = store.select([Matcher("a", "=~", "1|2"), Matcher("zz", "=", "")], 1, 3)
    assert [e.line for e in stream.entries] == ["a", "b", "B"]
    assert store.select([Matcher("a", "!~", ".+")], 0, 9) == []
    assert store.select([Matcher("a", "=~", "")], 0, 9) == []


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1795486070", 1795486070 * S),
        ("1795486070250797798", NOW),
        ("1795486070.25", 1795486070 * S + S // 4),
        ("2026-11-24T02:07:50.250797798Z", NOW),
        ("2026-11-24T03:07:50+01:00", 1795486070 * S),
        ("", 7),
    ],
)
def test_times(text: str, ns: int) -> None:
    assert parse_time(text, 7) == ns


@pytest.mark.parametrize(("text", "ns"), [("15", 15 * S), ("0.5", S // 2), ("1m30s", 90 * S), ("7d", 604800 * S)])
def test_durations(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize("text", ["soon", "5 m", "1x", ""])
def test_no_durations(text: str) -> None:
    with pytest.raises(LokiRefusal):
        parse_duration(text)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/ready", 200, "ready\n"),
        ("/loki/api/v1/nope", 404, "404 page not found\n"),
        ("/loki/api/v1/patterns", 404, ""),
        ("/loki/api/v1/push", 405, ""),
    ],
)
def test_other_paths(loki: LabLoki, path: str, status: int, body: str) -> None:
    answer = LokiClient(loki.url).http.get(path)
    assert (answer.status_code, answer.text) == (status, body)


def test_it_stops_with_a_client_connected_and_frees_its_port(loki: LabLoki) -> None:
    client = LokiClient(loki.url)
    client.get("labels")
    url = loki.url
    loki.stop()
    with pytest.raises(Unavailable):
        _ = loki.url
    with LabLoki(listening=Listening(port=int(url.rpartition(":")[2]))) as again:
        assert again.url == url


@pytest.mark.parametrize(
    ("listen", "expected"), [("0.0.0.0:3100", ("0.0.0.0", 3100)), (":1", ("127.0.0.1", 1)), ("[::1]:2", ("::1", 2))]
)
def test_listen(listen: str, expected: tuple[str, int]) -> None:
    assert parse_listen(listen) == expected


@pytest.mark.parametrize("listen", ["3100", "host:", "host:x", "host:70000"])
def test_no_listen(listen: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_listen(listen)


def test_a_terminated_program_keeps_its_lines(tmp_path: Path) -> None:
    arguments = ["-m", "obs_check", "lab", "loki", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data")]
    process = subprocess.Popen([sys.executable, *arguments], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process.stderr:
        try:
            words = process.stderr.readline()
            assert words.endswith("; stop it with Ctrl-C\n")
            url = words.removeprefix("lab Loki is up at ").partition(";")[0]
            assert LokiClient(url).push(({"a": "kept"}, [[str(time.time_ns()), "x"]])).status_code == 204
        finally:
            process.terminate()
            assert process.wait(10) == 128 + signal.SIGTERM
        assert process.stderr.read() == ""
    with LabLoki(tmp_path / "data") as again:
        assert LokiClient(again.url).get("label/a/values").json()["data"] == ["kept"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be opened as the lab Loki's store"):
        LabLoki(tmp_path / "file" / "data").start()
