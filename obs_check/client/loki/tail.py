"""Loki's `/tail`: new lines over a websocket, connected again when the connection is lost."""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from socket import create_connection
from typing import Any
from urllib.parse import urlencode

from obs_check.client.answer import Answer, NoJson
from obs_check.client.http import NOBODY, Access, check_host, one_line, raise_for_status, trust_store, unanswered
from obs_check.client.loki.result import read_tailed
from obs_check.config import host_port
from obs_check.errors import Refused, Unavailable
from obs_check.model.entry import LogStream

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0
_OPEN_S = 10.0
_BEAT_S = 0.5
_SILENT = logging.Logger("tail", logging.CRITICAL + 1)
"""websockets 17.4: its thread logs a traceback where a connection is given up while its answer still comes."""
_MESSAGE_BYTES = 64 * 1024 * 1024
_REFUSED = 1011
"""Loki 3.5 ends a connection so when it refuses the query only after it stands."""


class LokiTail:
    """The tail of one Loki. `say` gets a sentence whenever lines may be missing; `pause` (seconds) replaces the clock
    in tests; `beat` is called twice a second while nothing comes, and ends the tail by an error of its own."""

    def __init__(
        self,
        url: str,
        allowed: Collection[str],
        say: Callable[[str], None],
        access: Access = NOBODY,
        pause: Callable[[float], None] = time.sleep,
        beat: Callable[[], None] | None = None,
    ) -> None:
        check_host(url, allowed)
        self._url = url.rstrip("/")
        self._say = say
        self._pause = pause
        self._beat = beat
        self._headers = access.headers()

    def lines(self, query: str, start_ns: int, limit: int) -> Iterator[list[LogStream]]:
        """Batches of streams from `start_ns` on, at most `limit` lines of the past; never ends by itself.

        Raises Unavailable or NotAllowed when the first connection fails, Refused for a query that Loki refuses. Later
        losses are said, and the lines since the last one that was seen are asked for again.
        """
        from websockets.exceptions import ConnectionClosed

        seen = _Seen(start_ns)
        heard = False
        pause_s = 0.0
        connected = False
        while True:
            try:
                with self._connect({"query": query, "start": str(seen.from_ns), "limit": str(limit)}) as socket:
                    if connected:
                        self._say("loki: connected again")
                    connected = True
                    while True:
                        try:
                            message = socket.recv(timeout=_BEAT_S if self._beat else None)
                        except TimeoutError:
                            if self._beat is not None:
                                self._beat()
                            continue
                        streams, dropped = read_tailed(_document(message))
                        heard = True
                        pause_s = 0.0
                        if dropped:
                            self._say(f"loki: {dropped} lines were dropped, they came faster than they were read")
                        if fresh := seen.fresh(streams):
                            yield fresh
            except ConnectionClosed as error:
                reason = f"{error.rcvd.reason or error.rcvd.code}" if error.rcvd else "without a goodbye"
                if not heard and error.rcvd and error.rcvd.code == _REFUSED:
                    raise Refused(
                        f"loki: {one_line(reason)}", 400, reason, "correct the query, or ask without following"
                    ) from error
                lost = f"the connection ended ({one_line(reason)})"
            except Unavailable as error:
                if not connected or type(error) is not Unavailable:
                    raise
                lost = error.message.removeprefix("loki: ")
            pause_s = min(max(2 * pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._say(f"loki: {lost}; again in {pause_s:g} s, from the last line seen")
            self._pause(pause_s)

    def _connect(self, params: Mapping[str, str]) -> Any:
        """A connection as a context manager."""
        from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
        from websockets.sync.client import connect

        address = f"{self._url}/loki/api/v1/tail"
        host, _, port = host_port(self._url).rpartition(":")
        try:
            # With a socket of its own it follows no redirect.
            socket = create_connection((host.strip("[]"), int(port)), _OPEN_S)
            try:
                return connect(
                    f"ws{address.removeprefix('http')}?{urlencode(params)}",
                    sock=socket,
                    additional_headers=self._headers,
                    proxy=None,
                    open_timeout=_OPEN_S,
                    max_size=_MESSAGE_BYTES,
                    ssl=trust_store(self._url),
                    logger=_SILENT,
                )
            except BaseException:
                socket.close()
                raise
        except (InvalidStatus, ValueError) as error:
            refused = error if isinstance(error, InvalidStatus) else error.__cause__
            if not isinstance(refused, InvalidStatus):
                raise
            body = bytes(refused.response.body or b"")
            raise_for_status("loki", address, Answer(refused.response.status_code, body, address))
        except (InvalidHandshake, InvalidURI, OSError, TimeoutError) as error:
            raise unanswered("loki", address, error, "is it up, and is the URL right?") from error


def _document(message: str | bytes) -> Any:
    """A message of the tail as JSON. Raises Unavailable."""
    content = message.encode("utf-8", "surrogatepass") if isinstance(message, str) else message
    try:
        return Answer(200, content).json()
    except NoJson as error:
        raise Unavailable(f"loki: the tail sent {error}", "does the URL point to Loki?") from None


class _Seen:
    """The lines of the last moment, which a new connection answers again."""

    def __init__(self, from_ns: int) -> None:
        self.from_ns = from_ns
        self._known: set[tuple[int, str, frozenset[tuple[str, str]]]] = set()

    def fresh(self, streams: list[LogStream]) -> list[LogStream]:
        """The streams without entries that were there before."""
        result = []
        for labels, entries in streams:
            new = [e for e in entries if (e.ts, e.line, frozenset(labels.items())) not in self._known]
            if new:
                result.append(LogStream(labels, new))
        newest = max((e.ts for s in result for e in s.entries), default=self.from_ns)
        if newest > self.from_ns:
            self.from_ns, self._known = newest, set()
        self._known |= {
            (e.ts, e.line, frozenset(labels.items())) for labels, es in result for e in es if e.ts == self.from_ns
        }
        return result
