"""Whatever a server answers, it is a named outage, soon, and nothing else is asked."""

import gzip
import logging
import time
import tracemalloc

import pytest

from obs_check.client import answer
from obs_check.client.answer import DEEPEST, MOST, Answer, NoJson, decode_json, measure_json
from obs_check.client.egress import Patience, send
from obs_check.client.http import Http, Wire
from obs_check.client.loki.tail import _SILENT, LokiTail
from obs_check.client.transport import TransferLimits
from obs_check.errors import Unavailable
from obs_check.model.event import Event
from tests.client.hostile import BROKEN, SILENT, Script, serving, whole
from tests.peak_memory import run_measured

LIMITS = TransferLimits(connect_s=0.2, headers_s=0.25, answer_s=0.25, bytes=1024 * 1024)
ALL = {**SILENT, **BROKEN}


def client(port: int) -> Http:
    return Http(
        "loki", f"http://127.0.0.1:{port}", {f"127.0.0.1:{port}"}, wire=Wire(limits=LIMITS, pause=lambda _: None)
    )


@pytest.mark.parametrize("script", ALL.values(), ids=ALL)
def test_a_hostile_answer_is_an_outage(script: Script) -> None:
    with serving(script) as port:
        started = time.monotonic()
        http = client(port)
        with pytest.raises(Unavailable) as caught:
            http.json(http.get("/x"))
        http.close()
        assert time.monotonic() - started < 300
    assert caught.value.message.startswith("loki: ")
    assert f"http://127.0.0.1:{port}/x" in caught.value.message
    assert len(str(caught.value)) < 900
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("script", ALL.values(), ids=ALL)
def test_an_event_has_an_answer_whatever_the_origin_does(script: Script) -> None:
    event = Event("abcd", 1, "allow", "GET", "http://allowed.example/?obs=abcd-1-allow", "allowed.example")
    patience = Patience(connect_s=0.3, read_s=0.25, whole_s=0.4, bytes=64 * 1024)
    with serving(script) as port:
        started = time.monotonic()
        answer = send(event, f"http://127.0.0.1:{port}", None, patience)
        assert time.monotonic() - started < 30
    assert answer.verdict in ("no_answer", "allow")
    assert (answer.status is None) is (answer.verdict == "no_answer")
    assert "\n" not in answer.error


@pytest.mark.parametrize("name", ["a gzip bomb", "a body without end", "chunks without end", "a bomb said once"])
def test_what_is_too_large_never_comes_into_memory(name: str) -> None:
    with serving(ALL[name]) as port:
        http = client(port)
        tracemalloc.start()
        with pytest.raises(Unavailable):
            http.json(http.get("/x"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        http.close()
    assert peak < 16 * LIMITS.bytes


@pytest.mark.parametrize("status", [b"302 Found", b"307 Temporary Redirect", b"308 Permanent Redirect"])
def test_a_tail_that_leads_elsewhere_is_not_followed(status: bytes) -> None:
    asked: list[str] = []
    with serving([whole(b"", status=b"200 OK")], asked) as elsewhere:
        location = f"Location: ws://127.0.0.1:{elsewhere}/".encode()
        with serving([whole(b"", location, status=status)]) as port:
            url = f"http://127.0.0.1:{port}"
            tail = LokiTail(url, {f"127.0.0.1:{port}"}, lambda _: None)
            with pytest.raises(Unavailable, match=f"answered {status[:3].decode()} .it leads to another address"):
                next(tail.lines('{a="b"}', 0, 1))
    assert asked == []


@pytest.mark.parametrize("name", ["headers without end", "a header line without end", "another protocol", "nothing"])
def test_a_tail_whose_handshake_does_not_end_is_an_outage_in_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("obs_check.client.loki.tail._OPEN_S", 0.25)
    with serving(ALL[name]) as port:
        tail = LokiTail(f"http://127.0.0.1:{port}", {f"127.0.0.1:{port}"}, lambda _: None)
        with pytest.raises(Unavailable, match=r"/loki/api/v1/tail does not answer: .{1,200}$"):
            next(tail.lines('{a="b"}', 0, 1))
    assert not any(_SILENT.isEnabledFor(level) for level in range(logging.CRITICAL + 1))
    assert capfd.readouterr().err == ""


def test_what_is_packed_is_unpacked_up_to_the_limit() -> None:
    body = b'{"a": "' + b"x" * 1000 + b'"}'
    parts = gzip.compress(body[:500]) + gzip.compress(body[500:])
    with serving([whole(parts, b"Content-Encoding: gzip")]) as port:
        http = Http("loki", f"http://127.0.0.1:{port}", {f"127.0.0.1:{port}"})
        assert http.json(http.get("/x")) == {"a": "x" * 1000}
        http.close()


@pytest.mark.parametrize(
    ("text", "levels", "values"),
    [
        (b"1", 0, 0),
        (b"[]", 1, 1),
        (b'{"a": ["[[[", "\\"[["]}', 2, 4),
        (b"[[], [[]]]", 3, 5),
        (b"[" * 500, 500, 500),
        (b'"[[', 0, 0),
        (b'["' + b"x" * 40 + b'[[", [1]]', 2, 3),
    ],
)
@pytest.mark.parametrize("part", [1, 7, 10**6])
def test_what_is_in_texts_is_not_measured(
    text: bytes, levels: int, values: int, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer, "PART", part)
    found = measure_json(text)
    # It stops behind the part in which there is too much.
    assert found == (levels, values) if levels <= DEEPEST else min(found) > DEEPEST


def test_json_of_more_values_than_fit_into_memory_is_not_read() -> None:
    assert decode_json(b"[" + b"0," * (MOST - 2) + b"0]") is not None
    with pytest.raises(NoJson, match="JSON of more than 2,000,000 values"):
        decode_json(b"[" + b"0," * MOST + b"0]")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "status"), [(b"[", b"200 OK"), (b'"\\u0000",', b"200 OK"), (b"[ ", b"400 Bad Request")]
)
def test_the_largest_answer_takes_less_than_300_mb(text: bytes, status: bytes) -> None:
    body = text * (63 * 1024 * 1024 // len(text))
    with serving([whole(body, status=status)]) as port:
        ran = run_measured("query", '{a="b"}', "--loki", f"http://127.0.0.1:{port}")
    assert ran.code == (3 if status == b"200 OK" else 2)
    assert len(ran.err) < 3000
    assert ran.mib < 300


def test_what_is_nested_as_deep_as_it_may_be_is_read() -> None:
    assert Answer(200, b"[" * DEEPEST + b"]" * DEEPEST).json()
