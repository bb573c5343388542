"""HTTP as all clients do it: allowed hosts only, one retry, patience with a server that is asked too much (429), errors
as classes of ours, no credentials in messages."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from obs_check.config import host_port
from obs_check.errors import NotAllowed, Refused, Unavailable, UsageError
from obs_check.model.failure import Failure, failure, remedy_of
from obs_check.model.secret import hidden

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 60.0
"""Longer than Grafana's 30 s data proxy timeout, so that its own answer is seen."""
_RETRIED = frozenset({502, 503, 504})
_BODY_CHARS = 500
_ASTRAY = "does the URL, and a datasource's uid, point to the right program?"
_ELSEWHERE = "it leads to another address, which is not followed: name the right one, or a token that is let in"
_TOO_MANY = 429
_LATER = "it has too much to do: try again later, or a shorter time range"
_PATIENCE = 4
"""Times that a request is sent again after a 429, each after a longer pause."""
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


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


class Http:
    """Requests to one base URL.

    `system` names it in messages; `headers` may hold credentials and are never shown. `transport` replaces the
    network and `pause` (seconds) the clock in tests. Proxy variables of the environment are not used: obs-check's own
    requests must not become events.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        allowed: Collection[str],
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: "httpx.BaseTransport | None" = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        import httpx

        self._pause = pause
        check_host(base_url, allowed)
        self.system = system
        self.base_url = base_url.rstrip("/")
        self.sent = 0
        """Requests so far, repeated ones included."""
        self._client = httpx.Client(
            headers=dict(headers or {}),
            timeout=timeout_s,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            verify=trust(base_url),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, params: Mapping[str, str] | None = None, accept: Collection[int] = ()) -> "httpx.Response":
        """GET; statuses below 300 and those of `accept` are returned, others raised."""
        return self._request("GET", path, params, None, accept)

    def post(
        self,
        path: str,
        body: Any,
        accept: Collection[int] = (),
        too_many: "Callable[[httpx.Response], bool] | None" = None,
    ) -> "httpx.Response":
        """POST a question as JSON; statuses below 300 and those of `accept` are returned, others raised. `too_many`
        recognises a 429 that is inside of a body. A refused question is not put again: it may be a heavy one."""
        return self._request("POST", path, None, body, accept, too_many)

    def patch(self, path: str, body: Any) -> "httpx.Response":
        """PATCH with JSON; statuses below 300 are returned, others raised."""
        return self._request("PATCH", path, None, body, ())

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Any,
        accept: Collection[int],
        too_many: "Callable[[httpx.Response], bool] | None" = None,
    ) -> "httpx.Response":
        for attempt in range(_PATIENCE + 1):
            response = self._send(method, path, params, body, accept)
            limited = response.status_code == _TOO_MANY or (too_many is not None and too_many(response))
            if not limited or attempt == _PATIENCE:
                break
            self._pause(_pause_s(response.headers.get("retry-after", ""), attempt))
        if response.status_code >= 300 and response.status_code not in accept:
            raise_for_status(self.system, self.base_url + path, response.status_code, response.text)
        return response

    def _send(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Any, accept: Collection[int]
    ) -> "httpx.Response":
        """One request, repeated once where it cannot have arrived, where a proxy in between gave up, or where the
        connection was closed: a server or balancer may end an idle one in the moment that it is used again."""
        import httpx

        url = self.base_url + path
        last: httpx.Response | None = None
        for attempt in (1, 2):
            self.sent += 1
            try:
                last = self._client.request(method, url, params=params, json=body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if attempt == 2:
                    raise Unavailable(
                        f"{self.system}: {shown_url(url)} does not answer: {_reason(error)}",
                        "is it up, and is the URL right?",
                    ) from error
                continue
            except httpx.TimeoutException as error:
                raise Unavailable(
                    f"{self.system}: {shown_url(url)} gave no answer in time", "try a shorter time range"
                ) from error
            except httpx.HTTPError as error:
                if attempt == 1 and isinstance(error, httpx.ReadError | httpx.RemoteProtocolError):
                    continue
                raise Unavailable(
                    f"{self.system}: {shown_url(url)} broke off: {_reason(error)}", "is a proxy in between?"
                ) from error
            if last.status_code in accept or last.status_code not in _RETRIED or method != "GET":
                break
        assert last is not None
        return last

    def json(self, response: "httpx.Response") -> Any:
        """The decoded body. Raises Unavailable when it is not JSON (a login page, a proxy's page)."""
        try:
            return response.json()
        except ValueError:
            raise Unavailable(
                f"{self.system}: {shown_url(str(response.url))} answered {response.status_code} without JSON: "
                f"{one_line(response.text, 80)!r}",
                _ASTRAY,
            ) from None


def raise_for_status(system: str, url: str, status: int, body: str) -> NoReturn:
    """Raise for an answer with an error what it means (`failure`): NotAllowed, Unavailable, or Refused with the body
    kept."""
    said = _message(body)
    message = f"{system}: {shown_url(url)} answered {status}: {one_line(said, _BODY_CHARS)}".rstrip(": ")
    match failure(status, said, "downstream"):
        case Failure.NOT_ALLOWED:
            raise NotAllowed(message, remedy_of(said))
        case Failure.OUTAGE:
            hint = _ELSEWHERE if status < 400 else _LATER if status == _TOO_MANY else f"look at the log of {system}"
            raise Unavailable(message, hint)
    raise Refused(message, status, body, _ASTRAY if status == 404 else "")


def _message(body: str) -> str:
    """The words of an error's body: `message` or `error` of JSON, else all of it."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return body
    said = (document.get("message") or document.get("error")) if isinstance(document, dict) else None
    return said if isinstance(said, str) else body


def _pause_s(retry_after: str, attempt: int) -> float:
    """Seconds to wait: what `Retry-After` says in seconds, else twice as long every time."""
    try:
        wanted = float(retry_after)
    except ValueError:
        wanted = _FIRST_PAUSE_S * 2.0**attempt
    return min(max(wanted, 0.0), _LONGEST_PAUSE_S)


def one_line(text: str, most: int | None = None) -> str:
    """A text from elsewhere for a message: known secrets hidden, every run of blanks and line ends as one blank, then
    at most so many characters."""
    return " ".join(hidden(text).split())[:most]


def trust(url: str) -> Any:
    """The machine's trust store for https, so that a private CA installed there is enough."""
    if not url.startswith("https:"):
        return True
    import ssl

    return ssl.create_default_context()


def _reason(error: Exception) -> str:
    return one_line(str(error)) or type(error).__name__
