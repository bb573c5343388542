"""HTTP as all clients do it: allowed hosts only, no redirects, limits, one retry, patience with a server that asks for
it (429, 503), errors as classes of ours, no credentials in messages."""

import math
import signal
import socket
import time
from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from obs_check.client.answer import Answer, NoJson, as_type
from obs_check.config import host_port
from obs_check.config.section import Secret
from obs_check.errors import NotAllowed, Refused, Unavailable, UsageError
from obs_check.model.backoff import Backoff
from obs_check.model.clock_offset import ClockOffset, offset_of
from obs_check.model.failure import Failure, failure, remedy_of, wants_tls
from obs_check.model.secret import beginning, hide_secrets

if TYPE_CHECKING:
    import ssl

    import httpx

    from obs_check.client.transport import TransferLimits

PATIENCE_S = 60.0
"""Seconds that a system may make a command wait by 429 or 503, all its requests together."""
_RETRIED = frozenset({502, 503, 504})
_BODY_CHARS = 500
_ASTRAY = "does the URL, and a datasource's uid, point to the right program?"
_ELSEWHERE = "it leads to another address, which is not followed: name the right one, or a token that is let in"
_NO_TOKEN = "no token was sent: set GRAFANA_TOKEN, or grafana.token in obs-check.yaml"
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})
"""What OpenSSL 1.1 to 3.5 calls an answer that is no TLS, as that of a server of plain HTTP."""
_TOO_MANY = 429
_LATER = "it has too much to do: try again later, or a shorter time range"


def shown_url(url: str) -> str:
    """A URL for messages: without user, password, query and fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))


def check_host(url: str, allowed: Collection[str]) -> None:
    """Raise UsageError unless the URL's host:port is among those that the configuration names."""
    if host_port(url) not in allowed:
        raise UsageError(
            f"{shown_url(url)}: {host_port(url)} is not in the configuration", "name it in obs-check.yaml or by a flag"
        )


@dataclass(frozen=True, slots=True)
class Access:
    """As whom Loki or Grafana is asked: a bearer token, the tenant of a Loki, the organization of a Grafana."""

    token: Secret | None = None
    tenant: str | None = None
    org_id: int | None = None

    def headers(self) -> dict[str, str]:
        """What says so in a request; may hold a secret."""
        found = {"X-Scope-OrgID": self.tenant} if self.tenant else {}
        if self.org_id:
            found["X-Grafana-Org-Id"] = str(self.org_id)
        if self.token is not None:
            found["Authorization"] = f"Bearer {self.token.reveal()}"
        return found


NOBODY = Access()


@dataclass(frozen=True, slots=True)
class Wire:
    """What requests go over. `transport` replaces the network, as that of an application in this process does;
    `pause` (seconds) replaces the clock in tests."""

    transport: "httpx.BaseTransport | None" = None
    limits: "TransferLimits | None" = None
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request below a base URL; `body` is sent as JSON. Without `again` one whose connection breaks is not
    repeated: it may have had its effect."""

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    body: Any = None
    again: bool = True


class Http:
    """Requests to one base URL, all by the same rules: no other host, no redirect, limits of time and size, patience
    with a server that asks for it.

    `system` names it in messages; `headers` may hold credentials and are never shown. Proxy variables of the
    environment are not used: obs-check's own requests must not become events.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        allowed: Collection[str],
        headers: Mapping[str, str] | None = None,
        wire: Wire | None = None,
    ) -> None:
        import httpx

        from obs_check.client.transport import ACCEPTED, Timed, TransferLimits, timed_transport

        check_host(base_url, allowed)
        self.system = system
        self.base_url = base_url.rstrip("/")
        self.sent = 0
        """Requests so far, repeated ones included."""
        self.offset: ClockOffset | None = None
        """The clock of whoever answers, against ours; None before an answer with a `Date`."""
        self._headers: Mapping[str, str] = {}
        wire = wire or Wire()
        self._pause = wire.pause
        self._patience_s = PATIENCE_S
        self._limits = wire.limits or TransferLimits()
        self._timed = Timed()
        self._client = httpx.Client(
            headers={"Accept-Encoding": ACCEPTED, **(headers or {})},
            timeout=httpx.Timeout(self._limits.headers_s, connect=self._limits.connect_s),
            transport=wire.transport or timed_transport(self._timed, trust_store(base_url)),
            trust_env=False,
            follow_redirects=False,
        )

    def with_headers(self, headers: Mapping[str, str]) -> "Http":
        """The same connections, with other headers in every request; it counts its own."""
        other = copy(self)
        other._headers, other.sent = {**self._headers, **headers}, 0
        return other

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, accept: Collection[int] = ()) -> Answer:
        """GET; statuses below 300 and those of `accept` are returned, others raised."""
        return self.request(HttpRequest("GET", path, params), accept)

    def post(
        self,
        path: str,
        body: object,
        accept: Collection[int] = (),
        too_many: Callable[[Answer], bool] | None = None,
    ) -> Answer:
        """POST a question as JSON; statuses below 300 and those of `accept` are returned, others raised. `too_many`
        recognises a 429 that is inside of a body. A refused question is not put again: it may be a heavy one."""
        return self.request(HttpRequest("POST", path, body=body), accept, too_many)

    def patch(self, path: str, body: object) -> Answer:
        """PATCH with JSON; statuses below 300 are returned, others raised."""
        return self.request(HttpRequest("PATCH", path, body=body))

    def request(
        self,
        request: HttpRequest,
        accept: Collection[int] = (),
        too_many: Callable[[Answer], bool] | None = None,
    ) -> Answer:
        """A request by any method; statuses below 300 and those of `accept` are returned, others raised."""
        url = self.base_url + request.path
        pauses = Backoff(1.0, PATIENCE_S, 2.0)
        while True:
            answer = self._send(request, url, accept)
            asked_s = _asked_s(answer)
            limited = answer.status_code == _TOO_MANY or (too_many is not None and too_many(answer))
            if not limited and (asked_s is None or answer.status_code in accept):
                break
            # Also one that asks for no time at all gets some.
            pause_s = max(pauses.pause_s(), asked_s or 0)
            left_s = min(self._patience_s, _command_left_s())
            if pause_s > left_s:
                if asked_s is not None:
                    raise Unavailable(
                        f"{self.system}: {shown_url(url)} answered {answer.status_code} and asks to be left alone for "
                        f"{asked_s} s; {left_s:.0f} s are left",
                        "try again after that, or a shorter time range",
                    )
                break
            self._patience_s -= pause_s
            self._pause(pause_s)
        if answer.status_code >= 300 and answer.status_code not in accept:
            token_sent = "Authorization" in self._client.headers or "Authorization" in self._headers
            raise_for_status(self.system, url, answer, token_sent)
        return answer

    def _send(self, request: HttpRequest, url: str, accept: Collection[int]) -> Answer:
        """One request, repeated once where it cannot have arrived, where a proxy in between gave up, or where the
        connection was closed: a server or balancer may end an idle one in the moment that it is used again."""
        import httpx

        for attempt in (1, 2):
            self.sent += 1
            try:
                answer = self._once(request, url)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if attempt == 2:
                    raise unanswered(self.system, url, error, "is it up, and is the URL right?") from error
            except httpx.TimeoutException as error:
                raise Unavailable(
                    f"{self.system}: {shown_url(url)} gave no answer in time", "try a shorter time range"
                ) from error
            except (httpx.ReadError, httpx.RemoteProtocolError) as error:
                if attempt == 2 or not request.again:
                    raise self._broke_off(url, error) from error
            except httpx.HTTPError as error:
                raise self._broke_off(url, error) from error
            else:
                if attempt == 2 or answer.status_code in accept or request.method != "GET":
                    return answer
                if answer.status_code not in _RETRIED or _asked_s(answer) is not None:
                    return answer
        raise AssertionError("the second attempt has an end")

    def _once(self, asked: HttpRequest, url: str) -> Answer:
        """One request and its whole answer. Raises what httpx raises, Unavailable for an answer beyond the limits."""
        import httpx

        from obs_check.client.transport import MIB, BadlyPacked, TooLarge, read_body

        try:
            request = self._client.build_request(
                asked.method, url, params=asked.params, json=asked.body, headers=self._headers
            )
        except (httpx.InvalidURL, ValueError) as error:
            what = "not UTF-8" if isinstance(error, UnicodeError) else type(error).__name__
            raise UsageError(f"{self.system}: this cannot be asked ({what})", "write it as UTF-8 text") from None
        self._timed.allow(self._limits.connect_s + self._limits.headers_s)
        asked_ns = time.time_ns()
        response = self._client.send(request, stream=True)
        try:
            self._timed.allow(self._limits.answer_s)
            content = read_body(response, self._limits.bytes)
        except TooLarge:
            raise Unavailable(
                f"{self.system}: the answer of {shown_url(url)} is larger than {self._limits.bytes / MIB:g} MiB",
                "does the URL point to the right program? else try a shorter time range",
            ) from None
        except BadlyPacked as error:
            raise Unavailable(
                f"{self.system}: the answer of {shown_url(url)} cannot be unpacked: {one_line(str(error), 80)}",
                "is a proxy in between?",
            ) from None
        except httpx.TimeoutException as error:
            raise Unavailable(
                f"{self.system}: the answer of {shown_url(url)} did not end in time", "try a shorter time range"
            ) from error
        except httpx.HTTPError as error:
            raise self._broke_off(url, error) from error
        finally:
            response.close()
        headers = {k.lower(): v for k, v in response.headers.items()}
        self._compare_clocks(headers.get("date", ""), asked_ns)
        target = request.url.raw_path.decode("ascii", "replace")
        return Answer(response.status_code, content, url, headers, asked.method, target, asked.body)

    def _compare_clocks(self, date: str, asked_ns: int) -> None:
        """Take what an answer's `Date` says; one that is none says nothing."""
        said = _http_date(date)
        if said is None:
            return
        found = offset_of(round(said.timestamp()), asked_ns, time.time_ns())
        self.offset = found if self.offset is None else self.offset.narrowed(found)

    def _broke_off(self, url: str, error: Exception) -> Unavailable:
        return Unavailable(f"{self.system}: {shown_url(url)} broke off: {_reason(error)}", "is a proxy in between?")

    def json(self, answer: Answer, kind: Any = Any) -> Any:
        """The decoded body, of which all that `kind` (a type of msgspec's) knows is checked. Raises Unavailable when it
        is not JSON (a login page, a proxy's page) or of another shape."""
        try:
            document = answer.json()
        except NoJson as error:
            raise self._unread(answer, f"without JSON: {error}") from None
        try:
            as_type(document, kind)
        except NoJson as error:
            raise self._unread(answer, str(error)) from None
        return document

    def _unread(self, answer: Answer, why: str) -> Unavailable:
        where = shown_url(answer.url)
        return Unavailable(f"{self.system}: {where} answered {answer.status_code} {one_line(why, 300)}", _ASTRAY)


def raise_for_status(system: str, url: str, answer: Answer, token_sent: bool = True) -> NoReturn:
    """Raise for an answer with an error what it means (`failure`): NotAllowed, Unavailable, or Refused with the body
    kept."""
    status, said = answer.status_code, _message(answer)
    message = f"{system}: {shown_url(url)} answered {status}: {one_line(said, _BODY_CHARS)}".rstrip(": ")
    match failure(status, said, "downstream"):
        case Failure.NOT_ALLOWED:
            raise NotAllowed(message, _NO_TOKEN if system == "grafana" and not token_sent else remedy_of(said))
        case Failure.OUTAGE:
            if status < 400:
                raise Unavailable(message, _ELSEWHERE if status >= 300 else _ASTRAY)
            if wants_tls(said):
                raise Unavailable(message, "write https:// in its URL")
            raise Unavailable(message, _LATER if status == _TOO_MANY else f"look at the log of {system}")
    raise Refused(message, status, answer.start, _ASTRAY if status == 404 else "correct what it refuses")


def _message(answer: Answer) -> str:
    """The words of an error's body: `message` or `error` of JSON, a page in words, else all of it."""
    try:
        document = answer.json()
    except NoJson:
        return answer.page if answer.content.lstrip()[:1] == b"<" else answer.start
    said = (document.get("message") or document.get("error")) if isinstance(document, dict) else None
    return said if isinstance(said, str) else answer.start


def _command_left_s() -> float:
    """Seconds until the timer of this process ends the command; infinitely many without one."""
    return signal.getitimer(signal.ITIMER_REAL)[0] or math.inf


def _asked_s(answer: Answer) -> int | None:
    """Seconds that a server which is asked too much (429, 503) wants to be left alone for; None where it says neither
    a whole number of them nor a date (RFC 9110: digits and nothing else, or an HTTP date)."""
    asked = answer.headers.get("retry-after", "").strip()
    if answer.status_code not in (_TOO_MANY, 503):
        return None
    if asked.isascii() and asked.isdecimal():
        return int(asked) if len(asked) < 10 else None
    until = _http_date(asked)
    if until is None:
        return None
    # By the server's own clock: ours may be another.
    now = _http_date(answer.headers.get("date", "")) or datetime.now(UTC)
    return max(0, math.ceil((until - now).total_seconds()))


def _http_date(text: str) -> datetime | None:
    """A date as HTTP writes it ("Sun, 06 Nov 1994 08:49:37 GMT"); None for anything else."""
    try:
        said = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return said if said.tzinfo is not None else None


def unanswered(system: str, url: str, error: BaseException, hint: str) -> Unavailable:
    """The error that nobody answers at a URL; that its name leads nowhere, that no TLS is spoken there, or that its
    certificate is not trusted, is said as such."""
    cause = _cause(error)
    if getattr(cause, "reason", "") in _NO_TLS:
        said = f"{system}: {shown_url(url)} does not speak TLS"
        return Unavailable(said, "write http:// if it has none, or name the port that has")
    if untrusted := getattr(cause, "verify_message", ""):
        said = f"{system}: the certificate of {shown_url(url)} is not trusted: {one_line(untrusted, 200)}"
        return Unavailable(said, "is the name right? a CA of your own belongs in the trust store, or SSL_CERT_FILE")
    if isinstance(cause, socket.gaierror):
        said = f"{system}: the name {urlsplit(url).hostname} cannot be resolved from here"
        return Unavailable(said, "is it spelt right, and are you in its network (a VPN, the cluster)?")
    return Unavailable(f"{system}: {shown_url(url)} does not answer: {_reason(error)}", hint)


def one_line(text: str, most: int | None = None) -> str:
    """A text from elsewhere for a message: known secrets hidden, every run of blanks and line ends as one blank, then
    at most so many characters."""
    return " ".join((hide_secrets(text) if most is None else beginning(text)).split())[:most]


def trust_store(url: str) -> "ssl.SSLContext | None":
    """See `machine_trust` for https; None for http."""
    return machine_trust() if url.startswith("https:") else None


@cache
def machine_trust() -> "ssl.SSLContext":
    """The machine's trust store, so that a private CA installed there is enough. It is read once: reading the
    certificates takes longer (15 ms) than many a request."""
    import ssl

    return ssl.create_default_context()


def _cause(error: BaseException) -> OSError | None:
    """What the operating system said behind an error."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return inner
        inner = inner.__cause__ or inner.__context__
    return None


def _reason(error: BaseException) -> str:
    """What the operating system said, where it is the cause, else the library's words."""
    cause = _cause(error)
    return (cause.strerror or "") if cause is not None else one_line(str(error), 200) or type(error).__name__
