"""Allowed hosts, one retry, errors as classes of ours."""

import ssl
from unittest.mock import Mock

import httpx
import pytest

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.client.http import Http, HttpRequest, Wire, machine_trust, shown_url, unanswered
from obs_check.errors import NotAllowed, ObsCheckError, Refused, Unavailable, UsageError

ALLOWED = {"loki.example:80"}


def http(*answers: httpx.Response | Exception) -> tuple[Http, list[httpx.Request]]:
    """A client whose requests get the answers in turn, and the requests it made."""
    seen: list[httpx.Request] = []
    left = list(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    headers = {"Authorization": "Bearer hush"}
    return Http("loki", "http://loki.example/", ALLOWED, headers, Wire(httpx.MockTransport(handle))), seen


@pytest.mark.parametrize(
    "first",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.ReadError("reset"),
        *(httpx.Response(s) for s in (502, 503, 504)),
    ],
)
def test_one_retry(first: httpx.Response | Exception) -> None:
    client, seen = http(first, httpx.Response(200, text="ok"))
    assert client.get("/x").text == "ok"
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ([httpx.ConnectError("refused")] * 2, Unavailable, "loki: http://loki.example/x does not answer: refused"),
        ([httpx.ReadTimeout("slow")], Unavailable, "gave no answer in time"),
        ([httpx.RemoteProtocolError("cut")] * 2, Unavailable, "broke off: cut"),
        ([httpx.Response(503, text="starting")] * 2, Unavailable, "answered 503: starting"),
        ([httpx.Response(500, text="boom\n\n twice")], Unavailable, "answered 500: boom twice"),
        ([httpx.Response(401)], NotAllowed, "answered 401"),
        ([httpx.Response(403, text="no")], NotAllowed, "answered 403: no"),
        ([httpx.Response(400, text="parse error")], Refused, "answered 400: parse error"),
        ([httpx.Response(302)], Unavailable, "answered 302 .it leads to another address"),
        ([httpx.Response(400, text="Authentication to data source failed")], NotAllowed, "credentials of the data"),
        ([httpx.Response(400, text='{"message": "no org id"}')], NotAllowed, "answered 400: no org id .name its ten"),
        ([httpx.Response(500, text="multiple matches for labels: x")], Refused, "answered 500: multiple matches"),
        ([httpx.Response(400, text="label_format: unexpected EOF")], Refused, "answered 400: label_format"),
        ([httpx.Response(499)], Unavailable, "answered 499"),
    ],
)
def test_errors(answers: list[httpx.Response | Exception], error: type[ObsCheckError], words: str) -> None:
    client, _ = http(*answers)
    with pytest.raises(error, match=words) as caught:
        client.get("/x", {"query": "{a=`b`}"})
    assert type(caught.value) is error
    assert "hush" not in str(caught.value)


def test_a_refusal_keeps_status_and_body() -> None:
    client, _ = http(httpx.Response(400, text="line 1\nline 2"))
    with pytest.raises(Refused) as caught:
        client.get("/x")
    assert (caught.value.status, caught.value.body) == (400, "line 1\nline 2")


def test_a_post_over_an_idle_connection_that_the_server_ended_is_repeated() -> None:
    client, seen = http(httpx.RemoteProtocolError("Server disconnected"), httpx.Response(200, text="ok"))
    assert client.post("/x", {"a": 1}).text == "ok"
    assert [request.content for request in seen] == [b'{"a":1}'] * 2


def test_a_post_that_is_refused_is_not_repeated() -> None:
    client, seen = http(httpx.Response(503))
    with pytest.raises(Unavailable):
        client.post("/x", {})
    assert len(seen) == 1


def test_accepted_statuses_are_answers() -> None:
    client, seen = http(httpx.Response(503, text="not yet"))
    assert client.get("/ready", accept=(503,)).text == "not yet"
    assert len(seen) == 1


@pytest.mark.parametrize("url", ["http://other.example", "http://loki.example:81", "https://loki.example"])
def test_hosts_outside_the_configuration_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not in the configuration"):
        Http("loki", url, ALLOWED)


def test_a_login_page_is_no_answer() -> None:
    client, _ = http(httpx.Response(200, text="<html>login</html>"))
    with pytest.raises(Unavailable, match="without JSON: a page of HTML"):
        client.json(client.get("/x"))


def test_shown_url_has_no_credentials() -> None:
    assert shown_url("https://u:pw@h.example:8443/p?token=x#y") == "https://h.example:8443/p"


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({}, [1.0, 2.0]),
        ({"retry-after": "7"}, [7, 7]),
        ({"retry-after": "0"}, [1.0, 2.0]),
        ({"retry-after": "Tue, 01 Dec 2026 00:00:30 GMT", "date": "Tue, 01 Dec 2026 00:00:20 GMT"}, [10, 10]),
        ({"retry-after": "Tue, 01 Dec 2026 00:00:00 GMT", "date": "Tue, 01 Dec 2026 00:00:20 GMT"}, [1.0, 2.0]),
        ({"retry-after": "Tue, 01 Dec 2026 00:00:30", "date": "Tue, 01 Dec 2026 00:00:20 GMT"}, [1.0, 2.0]),
        # Without the server's date ours counts.
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, [1.0, 2.0]),
        *(({"retry-after": said}, [1.0, 2.0]) for said in ("nan", "inf", "-1", "1e9", "1.5", "soon", "9" * 12)),
        ({"retry-after": f"Mon, {'9' * 20} Jan 2020 00:00:00 GMT", "date": f"Mon, 1 Jan {'9' * 20} GMT"}, [1.0, 2.0]),
    ],
)
def test_a_server_that_is_asked_too_much_is_given_time(headers: dict[str, str], waited: list[float]) -> None:
    answers = [httpx.Response(429, headers=headers), httpx.Response(429, headers=headers), httpx.Response(200)]
    pauses: list[float] = []
    transport = httpx.MockTransport(lambda _: answers.pop(0))
    client = Http("loki", "http://loki.example/", ALLOWED, wire=Wire(transport, pause=pauses.append))
    assert client.get("/x").status_code == 200
    assert pauses == waited


def test_patience_with_a_server_that_is_asked_too_much_ends() -> None:
    pauses: list[float] = []
    transport = httpx.MockTransport(lambda _: httpx.Response(429, text="too many"))
    client = Http("loki", "http://loki.example/", ALLOWED, wire=Wire(transport, pause=pauses.append))
    with pytest.raises(Unavailable, match="answered 429: too many") as caught:
        client.get("/x")
    assert type(caught.value) is Unavailable
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_wants_to_be_left_alone_for_long_is(status: int) -> None:
    pauses: list[float] = []
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers={"retry-after": "900"}))
    client = Http("loki", "http://loki.example/", ALLOWED, wire=Wire(transport, pause=pauses.append))
    with pytest.raises(Unavailable, match=f"answered {status} and asks to be left alone for 900 s; 60 s are left"):
        client.get("/x")
    assert (pauses, client.sent) == ([], 1)


@pytest.mark.parametrize("headers", [{"retry-after": "12"}, {}])
def test_no_pause_is_longer_than_the_command_has_left(headers: dict[str, str]) -> None:
    pauses: list[float] = []
    transport = httpx.MockTransport(lambda _: httpx.Response(429, headers=headers))
    client = Http("loki", "http://loki.example/", ALLOWED, wire=Wire(transport, pause=pauses.append))
    words = "asks to be left alone for 12 s; 8 s are left" if headers else "answered 429"
    with pytest.raises(Unavailable, match=words), insistent_interrupt(8.2):
        client.get("/x")
    assert pauses == ([] if headers else [1.0, 2.0, 4.0, 8.0])


def test_a_server_that_asks_for_no_pause_is_not_asked_without_end() -> None:
    pauses: list[float] = []
    transport = httpx.MockTransport(lambda _: httpx.Response(503, headers={"retry-after": "0"}))
    client = Http("loki", "http://loki.example/", ALLOWED, wire=Wire(transport, pause=pauses.append))
    with pytest.raises(Unavailable, match="answered 503"):
        client.get("/x")
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_all_requests_of_a_command_wait_no_longer_together_than_one_may() -> None:
    pauses: list[float] = []
    transport = httpx.MockTransport(lambda _: httpx.Response(429, headers={"retry-after": "25"}))
    client = Http("loki", "http://loki.example/", ALLOWED, wire=Wire(transport, pause=pauses.append))
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.get("/x")
    assert (pauses, client.sent) == ([25, 25], 5)


def test_what_is_no_utf8_cannot_be_asked() -> None:
    client, seen = http(httpx.Response(200))
    with pytest.raises(UsageError, match="this cannot be asked"):
        client.get("/x", {"query": "{a=`\udcff`}"})
    assert seen == []


def test_what_may_have_had_its_effect_is_not_repeated() -> None:
    client, seen = http(httpx.RemoteProtocolError("cut"), httpx.Response(200))
    with pytest.raises(Unavailable, match="broke off: cut"):
        client.request(HttpRequest("POST", "/x", body={}, again=False))
    assert len(seen) == 1


def test_certificates_are_read_once_and_for_https_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Mock(side_effect=machine_trust)
    monkeypatch.setattr("obs_check.client.http.machine_trust", asked)
    for url, times in (("http://a.example", 0), ("https://a.example", 1), ("https://b.example", 2)):
        Http("loki", url, {"a.example:80", "a.example:443", "b.example:443"}).close()
        assert asked.call_count == times, url
    assert machine_trust() is machine_trust()


@pytest.mark.parametrize(
    ("attributes", "said", "hint"),
    [
        ({"reason": "WRONG_VERSION_NUMBER"}, "x: https://h.example/ does not speak TLS", "write http://"),
        (
            {"verify_message": "self-signed certificate"},
            "x: the certificate of https://h.example/ is not trusted: self-signed certificate",
            "is the name right?",
        ),
        ({}, "x: https://h.example/ does not answer: refused", "is it up?"),
    ],
)
def test_what_is_wrong_with_tls_is_said(attributes: dict[str, str], said: str, hint: str) -> None:
    cause = ssl.SSLError(1, "refused")
    for name, value in attributes.items():
        setattr(cause, name, value)
    error = httpx.ConnectError("")
    error.__cause__ = cause
    found = unanswered("x", "https://h.example/", error, "is it up?")
    assert found.message == said
    assert found.hint.startswith(hint)
