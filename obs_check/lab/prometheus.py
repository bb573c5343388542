"""The lab's Prometheus: scrapes targets, keeps the samples in memory, answers /api/v1 on a loopback port."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from obs_check.lab.origin import LoopbackServer
from obs_check.model.window import MS
from obs_check.serving import STOP_S
from obs_check.standin.prometheus.api import PrometheusApi
from obs_check.standin.prometheus.scrape import Fetch, ScrapeTarget, http_fetch, scrape
from obs_check.standin.prometheus.store import Store


class LabPrometheus(LoopbackServer):
    """Scrapes every `interval_s` seconds from the start on. `targets` are (job, URL of the metrics).

    `now_ns` is the clock of samples and of queries without a time; `fetch` gets a target's text.
    """

    def __init__(
        self,
        targets: Sequence[tuple[str, str]],
        interval_s: float = 30.0,
        now_ns: Callable[[], int] = time.time_ns,
        fetch: Fetch | None = None,
        port: int = 0,
    ) -> None:
        super().__init__("lab-prometheus", partial(_ApiHandler, self), port)
        self.store = Store()
        self.targets = [ScrapeTarget(job, url) for job, url in targets]
        self._interval_s = interval_s
        self._now_ns = now_ns
        # Prometheus: a scrape may take 10 s, and no longer than the interval.
        timeout_s = min(interval_s, 10.0)
        self._fetch = fetch or http_fetch(timeout_s)
        self._api = PrometheusApi(self.store, self.targets, interval_s, timeout_s)
        self._scraping = threading.Lock()
        self._stopping = threading.Event()
        self._scraper: threading.Thread | None = None

    def start(self) -> Self:
        """Listen and scrape; Unavailable when the port is taken."""
        super().start()
        self._stopping.clear()
        self._scraper = threading.Thread(target=self._loop, name="lab-prometheus-scraper", daemon=True)
        self._scraper.start()
        return self

    def stop(self) -> None:
        """Stop scraping and listening and wait for every thread. Stopping twice is not an error."""
        self._stopping.set()
        if self._scraper is not None:
            self._scraper.join(STOP_S)
            self._scraper = None
        super().stop()

    def scrape_once(self) -> None:
        """Scrape all targets now, in their order."""
        with self._scraping:
            for target in self.targets:
                scrape(target, self.store, self._fetch, self._now_ns() // MS)

    def answer(self, path: str, form: str) -> tuple[int, dict[str, Any]]:
        """Status and document of one request; `form` is the query string, or that and a form body joined by `&`."""
        params = parse_qs(form, keep_blank_values=False)
        return self._api.answer(unquote(path), params, self._now_ns() // MS)

    def _loop(self) -> None:
        while True:
            self.scrape_once()
            if self._stopping.wait(self._interval_s):
                return


class _ApiHandler(BaseHTTPRequestHandler):
    def __init__(self, prometheus: LabPrometheus, *args: Any) -> None:
        self._prometheus = prometheus
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer the API, and /-/ready and /-/healthy, which a client asks first."""
        self._answer("")

    def do_POST(self) -> None:
        """As GET, with parameters in a form body, as Grafana sends them."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode("utf-8", "replace"))

    def _answer(self, form: str) -> None:
        url = urlsplit(self.path)
        if url.path in ("/-/ready", "/-/healthy"):
            self._send(200, "text/plain; charset=utf-8", b"Prometheus Server is Ready.\n")
            return
        status, document = self._prometheus.answer(url.path, "&".join(filter(None, [url.query, form])))
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The lab writes no access log."""
