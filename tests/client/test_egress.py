"""What the answers to an injected request mean."""

from pathlib import Path

import pytest
import requests
import responses

from obs_check.boundary.block_page import BLOCKED
from obs_check.client.egress import EgressAnswer, send
from obs_check.model.event import Event

URL = "http://allowed.example/?obs=abcd-1-allow"
EVENT = Event("abcd", 1, "allow", "GET", URL, "allowed.example")
PROXY = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("status", "body", "verdict"),
    [
        (200, "hello", "allow"),
        (302, "", "allow"),
        (404, "", "allow"),
        (500, "", "allow"),
        (403, f"🚫 {BLOCKED}\nRequest: GET /\nHost: allowed.example\n", "deny"),
        (403, "Forbidden by the origin", "blocked_elsewhere"),
        (407, "", "blocked_elsewhere"),
        (200, BLOCKED, "allow"),
    ],
)
@responses.activate
def test_answers(status: int, body: str, verdict: str) -> None:
    responses.add(responses.GET, URL, body=body, status=status, headers={"Location": "http://elsewhere.example"})
    answer = send(EVENT, PROXY, None)
    assert (answer.status, answer.verdict) == (status, verdict)
    assert len(responses.calls) == 1


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (requests.exceptions.SSLError("certificate verify failed"), "ca_untrusted"),
        (requests.exceptions.SSLError("tlsv1 alert internal error"), "no_answer"),
        (requests.exceptions.ProxyError("Cannot connect to proxy"), "no_answer"),
        (requests.exceptions.ProxyError("Tunnel connection failed: 403 Forbidden"), "blocked_elsewhere"),
        (requests.exceptions.ProxyError("Tunnel connection failed: 502 Bad Gateway"), "no_answer"),
        (requests.exceptions.ConnectionError("Connection aborted."), "no_answer"),
        (requests.exceptions.ReadTimeout("slow"), "no_answer"),
    ],
)
@responses.activate
def test_failures_are_answers_too(error: Exception, verdict: str) -> None:
    responses.add(responses.GET, URL, body=error)
    answer = send(EVENT, PROXY, None)
    assert (answer.status, answer.verdict) == (None, verdict)
    assert str(error) in answer.error and "\n" not in answer.error


def test_a_refused_connection_and_a_missing_ca(tmp_path: Path) -> None:
    answer = send(EVENT, "http://127.0.0.1:9", None)
    assert answer.verdict == "no_answer"
    assert "0x" not in answer.error
    https = Event("abcd", 1, "allow", "GET", "https://127.0.0.1:9/?obs=abcd-1-allow", "127.0.0.1")
    assert send(https, None, tmp_path / "gone.pem").verdict == "no_answer"


def test_positional_form() -> None:
    assert EgressAnswer(None, "no_answer", "why") == EgressAnswer(status=None, verdict="no_answer", error="why")
