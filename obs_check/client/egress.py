"""Sends an event as an agent's Python snippet would: with requests, its proxy and its CA variables."""

import socket
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from obs_check.boundary.block_page import BLOCKED
from obs_check.client.answered import Answered
from obs_check.client.http import one_line, shown_url, unanswered
from obs_check.config import host_port
from obs_check.model.event import Event
from obs_check.model.probe import Probe
from obs_check.model.secret import hide_value, shorten

if TYPE_CHECKING:
    import requests

EgressVerdict = Literal["allow", "deny", "blocked_elsewhere", "no_answer", "ca_untrusted", "not_known"]
"""What an answer says. deny: boundary's own page. blocked_elsewhere: a refusal by someone else (another proxy, or the
origin). no_answer: nothing came back; boundary 0.9.0 also ends so when it allowed the request and the origin is dead.
ca_untrusted: the client does not trust boundary's CA, so boundary never saw a request. not_known: it may have been
sent, and obs-check ended before it read an answer."""

_REFUSALS = frozenset({403, 407, 451})


@dataclass(frozen=True, slots=True)
class EgressAnswer:
    """`status` is None without an answer; `error` says why in one line."""

    status: int | None
    verdict: EgressVerdict
    error: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """What one event may take: `connect_s` and `read_s` as a client's time-outs, `whole_s` until the end of the answer,
    whatever trickles in meanwhile, and `bytes` of it that are read."""

    connect_s: float = 10.0
    read_s: float = 30.0
    whole_s: float = 60.0
    bytes: int = 1024 * 1024


PATIENT = Patience()


def send(event: Event, proxy: str | None, ca: Path | None, patience: Patience = PATIENT) -> EgressAnswer:
    """Send one event; never raises for what the network does.

    `proxy` None means the proxy of the environment, as inside a jail; `ca` None means the CA of the environment
    (REQUESTS_CA_BUNDLE) or requests' own. Redirects are not followed: one event is one request.
    """
    if proxy is None:
        _hide_proxy_passwords()
    answers: SimpleQueue[EgressAnswer | BaseException] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_send(event, proxy, ca, patience))
        except BaseException as error:
            answers.put(error)

    # No time-out of requests ends an answer that comes byte by byte, so it is waited for from outside.
    threading.Thread(target=ask, daemon=True, name=f"event-{event.tag}").start()
    try:
        answer = answers.get(timeout=patience.whole_s)
    except Empty:
        where = shown_url(event.url)
        return EgressAnswer(None, "no_answer", f"{where}: no whole answer within {patience.whole_s:g} s")
    if isinstance(answer, BaseException):
        raise answer
    return answer


@dataclass(frozen=True, slots=True)
class EgressClient:
    """The way that events took: `proxy` None is the environment's. `clock` gives ns since the epoch."""

    proxy: str | None
    ca: Path | None
    clock: Callable[[], int]

    def send(self, event: Event, proxy: str, ca: Path | None) -> Answered[EgressAnswer]:
        """Send an event on a way that is named."""
        answer = send(event, proxy, ca)
        shown = {"status": answer.status, "verdict": answer.verdict, "error": answer.error}
        return Answered(answer, Probe("egress", f"GET {event.url} through {proxy}", shown, self.clock()))


def _send(event: Event, proxy: str | None, ca: Path | None, patience: Patience) -> EgressAnswer:
    import requests
    from urllib3.exceptions import HTTPError

    with requests.Session() as session:
        session.trust_env = proxy is None
        try:
            answer = session.request(
                event.method,
                event.url,
                proxies={"http": proxy, "https": proxy} if proxy else None,
                verify=str(ca) if ca else True,
                timeout=(patience.connect_s, patience.read_s),
                allow_redirects=False,
                stream=True,
            )
            with closing(answer):
                body = _beginning(answer, patience.bytes)
        except requests.exceptions.SSLError as error:
            # boundary v0.9.0 ends the handshake itself when the client names no server: an address in the URL.
            untrusted = "certificate verify failed" in str(error)
            return EgressAnswer(None, "ca_untrusted" if untrusted else "no_answer", _reason(error))
        except requests.exceptions.ProxyError as error:
            # A proxy that refuses CONNECT is not boundary: boundary always answers CONNECT with 200.
            refused = "Tunnel connection failed: 4" in str(error)
            return EgressAnswer(None, "blocked_elsewhere" if refused else "no_answer", _reason(error))
        except (requests.exceptions.RequestException, HTTPError, OSError, ValueError, RecursionError) as error:
            # urllib3-future 2.25 reads each of the 1xx answers that come together one call deeper.
            return EgressAnswer(None, "no_answer", _reason(error))
        return read_answer(answer.status_code, body)


@cache
def _hide_proxy_passwords() -> None:
    """A proxy may repeat what it was sent: the password of its URL among the variables, plain or in base64."""
    from urllib.request import getproxies

    for url in getproxies().values():
        with suppress(ValueError):
            hide_value(unquote(urlsplit(url).password or ""))


def _beginning(answer: "requests.Response", most: int) -> str:
    """The first bytes of an answer, as text."""
    body = bytearray()
    for chunk in answer.iter_content(64 * 1024):
        body += chunk
        if len(body) >= most:
            break
    return bytes(body[:most]).decode("utf-8", "replace")


def read_answer(status: int, body: str) -> EgressAnswer:
    """What an answer says, by its status and the beginning of its body together."""
    if status == 403 and BLOCKED in body:
        return EgressAnswer(403, "deny")
    if status in _REFUSALS:
        return EgressAnswer(status, "blocked_elsewhere", f"{status} without boundary's page: {one_line(body, 80)}")
    return EgressAnswer(status, "allow")


def _reason(error: Exception) -> str:
    """The innermost cause in one line, without the objects that requests prints."""
    inner: BaseException = error
    while True:
        below = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__
        if not isinstance(below, BaseException) or below is inner:
            break
        inner = below
    text = one_line(str(inner)) or type(inner).__name__
    request = getattr(error, "request", None)
    where = f"{shown_url(request.url)}: " if request is not None and request.url else ""
    return shorten(f"{where}{text}", 200)


def reach(system: str, url: str) -> None:
    """Raise Unavailable when no TCP connection to the URL's host can be made within 5 s."""
    host, _, port = host_port(url).rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        raise unanswered(system, url, error, "is it up, and is boundary.proxy its proxy_port?") from error
