"""Requests that other agents send while obs-check looks: a firewall in use is never quiet."""

import contextlib
import http.client
import itertools
import threading
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from obs_check.lab.settings import ALLOWED_HOST, DENIED_HOST

EVERY_S = 0.3
"""Seconds between two requests."""
FIRST = 4
"""Requests that are sent before the block begins."""
_URLS = (
    f"http://{DENIED_HOST}/collect?id=7",
    f"http://{ALLOWED_HOST}/ok",
    f"http://{DENIED_HOST}/exfil",
    f"http://{ALLOWED_HOST}/simple/requests/?format=json",
)


class Others:
    """`with Others(proxy):` sends allowed and denied requests without a tag through a proxy until the block ends."""

    def __init__(self, proxy: str) -> None:
        self._proxy = proxy
        self._stop = threading.Event()
        self._urls = itertools.cycle(_URLS)
        self._thread = threading.Thread(target=self._loop, name="other agents", daemon=True)

    def __enter__(self) -> Self:
        for _ in range(FIRST):
            self._request()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._request()

    def _request(self) -> None:
        url, proxy = next(self._urls), urlsplit(self._proxy)
        connection = http.client.HTTPConnection(proxy.hostname or "", proxy.port, timeout=5)
        # What becomes of it is not asked: behind some faults there is no firewall.
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", url, headers={"Host": urlsplit(url).netloc})
            connection.getresponse().read()
