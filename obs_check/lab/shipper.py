"""The lab's shipper: reads a real configuration of promtail or Alloy and does what promtail 3.5 does with files on this
machine. With Alloy's it shows itself as Alloy does."""

import contextlib
import http.server
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from obs_check.errors import ObsCheckError
from obs_check.lab.shipper_alloy import COMPONENTS, alloy_metrics, component_page, components
from obs_check.lab.shipper_files import Positions
from obs_check.lab.shipper_log import ShipperLog
from obs_check.lab.shipper_metrics import Metrics
from obs_check.lab.shipper_pages import config_text, discovery_page, targets_page
from obs_check.lab.shipper_push import Pusher
from obs_check.lab.shipper_tail import Tail
from obs_check.lab.shipper_targets import LabTarget, Opened, open_as_other, read, sync, targets_of
from obs_check.model.entry import Labels
from obs_check.serving import STOP_S
from obs_check.shipper.item import Item, StageContext
from obs_check.shipper.model import ShipperConfig
from obs_check.shipper.pipeline import Chain
from obs_check.shipper.read import read_shipper

SYNC_S = 0.2
"""Seconds between looks for new files (promtail: 10 s and file system events) and writes of positions."""
_PLAIN, _HTML = "text/plain", "text/html"
POLL_S = 0.05
"""Seconds between looks for new lines."""


@dataclass
class _Running:
    """What one reading of the configuration set up."""

    config: ShipperConfig
    targets: list[LabTarget]
    chains: dict[str, Chain]
    pushers: list[Pusher]


@dataclass(frozen=True, slots=True)
class Meets:
    """Where a shipper runs. `other_user`: it opens only what everyone may read (the lab is one process, so another user
    of the machine is judged by the mode bits); `pods` are the labels of each container as a Kubernetes discovery finds
    them, next to the static targets; directories that are `unmounted` are not there for it."""

    other_user: bool = False
    pods: tuple[Labels, ...] = ()
    unmounted: tuple[str, ...] = ()


class LabShipper:
    """Tails the files of a promtail configuration and pushes to its clients, until `stop`.

    `url` is its web interface (promtail: `/ready`, `/metrics`, `/targets`, `/service-discovery`, `/config`, `/reload`;
    Alloy: see shipper_alloy.py), "" before `start`. A configuration whose name ends in .alloy is Alloy's. `env` is for
    `${NAME}` in the configuration. Failed pushes are told in `log_path` as promtail tells them on stderr; `meets` is
    where it runs.
    """

    def __init__(
        self,
        config_path: Path,
        positions_path: Path,
        env: Mapping[str, str],
        log_path: Path | None = None,
        meets: Meets = Meets(),
    ) -> None:
        self._meets = meets
        self._opened: Opened = open_as_other if meets.other_user else Tail
        self.url = ""
        self._port = 0
        self._config_path = config_path
        self.alloy = config_path.suffix == ".alloy"
        self.loaded_s = 0.0
        """When the configuration was read that is in use, seconds since the epoch."""
        self._env = dict(env)
        self._positions = Positions(positions_path, self.alloy)
        self._log = ShipperLog(log_path, self.alloy)
        self.metrics = Metrics()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._last_ns = 0
        self._running: _Running | None = None
        self._thread: threading.Thread | None = None
        self._server: http.server.ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Read configuration and positions and begin, once more as a new process where it served before; raises
        ConfigError."""
        config = read_shipper(self._config_path, self._env)
        self.metrics = Metrics()
        self.metrics.set("process_start_time_seconds", round(time.time(), 2))
        self._stop.clear()
        self._positions.load()
        self._running = self._set_up(config)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self))
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self._port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="shipper http", daemon=True).start()
        self._thread = threading.Thread(target=self._loop, name="shipper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read what is there, send it, write positions and end; may be called again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_S)
            self._thread = None
        with self._lock:
            if self._running is not None:
                self._round(look=True)
                self._take_down(self._running)
                self._running = None
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def reload(self) -> None:
        """Read the configuration again. Raises ConfigError and keeps the old one when the new one is wrong."""
        try:
            config = read_shipper(self._config_path, self._env)
        except ObsCheckError:
            self.metrics.add("promtail_config_reload_fail_total")
            raise
        with self._lock:
            if self._running is not None:
                self._round(look=True)
                self._take_down(self._running)
                self._running = self._set_up(config)
        self.metrics.add("promtail_config_reload_success_total")

    @property
    def targets(self) -> list[LabTarget]:
        """All targets of now, dropped ones too."""
        with self._lock:
            return list(self._running.targets) if self._running else []

    @property
    def ready(self) -> bool:
        """Promtail's readiness: some target reads a file."""
        return any(target.ready for target in self.targets)

    @property
    def jobs(self) -> list[str]:
        """The names of all jobs."""
        with self._lock:
            return [job.name for job in self._running.config.jobs] if self._running else []

    def config_text(self) -> str:
        """The configuration in use as YAML without secrets."""
        with self._lock:
            return config_text(self._running.config) if self._running else ""

    def _set_up(self, config: ShipperConfig) -> _Running:
        self.loaded_s = round(time.time(), 2)
        context = StageContext(time.time_ns, self._dropped, random.random)
        targets = [t for job in config.jobs for t in targets_of(job, self.metrics, self._meets.pods)]
        self.metrics.set("promtail_targets_active_total", sum(not t.dropped for t in targets))
        chains = {job.name: job.pipeline.start(context) for job in config.jobs}
        pushers = [Pusher(client, config, self.metrics, self._log) for client in config.clients]
        return _Running(config, targets, chains, pushers)

    def _take_down(self, running: _Running) -> None:
        for chain in running.chains.values():
            self._push(running, chain.flush(None))
        for pusher in running.pushers:
            pusher.stop()
        for target in running.targets:
            for tail in target.tails.values():
                tail.close()
            target.tails.clear()
        with contextlib.suppress(OSError):
            self._positions.save()

    def _dropped(self, reason: str) -> None:
        self.metrics.add("logentry_dropped_lines_total", reason=reason)

    def _loop(self) -> None:
        looked = 0.0
        while not self._stop.is_set():
            now = time.monotonic()
            look = now - looked >= SYNC_S
            looked = now if look else looked
            with self._lock:
                self._round(look)
            self._stop.wait(POLL_S)

    def _round(self, look: bool) -> None:
        """One look at the files; the lock is held."""
        running = self._running
        if running is None:
            return
        if look:
            for target in running.targets:
                sync(target, self._positions, self.metrics, self._log, self._opened, self._meets.unmounted)
            self.metrics.set("promtail_files_active_total", sum(len(t.tails) for t in running.targets))
            with contextlib.suppress(OSError):  # promtail goes on when positions cannot be written
                self._positions.save()
        if any(pusher.busy for pusher in running.pushers):
            return
        for target in running.targets:
            chain = running.chains[target.job]

            def take(line: str, labels: Labels, chain: Chain = chain) -> None:
                self._push(running, chain.feed(Item(line, labels)))

            read(target, self._positions, self.metrics, self._log, take)
        now_ns = time.time_ns()
        for chain in running.chains.values():
            self._push(running, chain.flush(now_ns))

    def _push(self, running: _Running, items: list[Item]) -> None:
        for item in items:
            for pusher in running.pushers:
                pusher.put(self._read_time() if item.ts is None else item.ts, item.labels, item.line, item.metadata)

    def _read_time(self) -> int:
        """Now in ns, never the same twice: Loki keeps one of two equal lines of one time."""
        self._last_ns = max(time.time_ns(), self._last_ns + 1)
        return self._last_ns


def _handler(shipper: LabShipper) -> type[http.server.BaseHTTPRequestHandler]:
    class ShipperHandler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = _answer_of_alloy if shipper.alloy else _answer
            status, kind, text = answer(shipper, unquote(self.path.split("?")[0]))
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """No access log."""

    return ShipperHandler


def _answer(shipper: LabShipper, path: str) -> tuple[int, str, str]:
    """Status, media type and body."""
    match path:
        case "/ready":
            if shipper.ready:
                return 200, _PLAIN, "Ready"
            return (
                500,
                _PLAIN,
                "Not ready: no file is being read\n",
            )
        case "/metrics":
            return 200, _PLAIN, shipper.metrics.text()
        case "/" | "/targets":
            return 200, _HTML, targets_page(shipper.targets)
        case "/service-discovery":
            return 200, _HTML, discovery_page(shipper.targets)
        case "/config":
            return 200, _PLAIN, shipper.config_text()
        case "/reload":
            return _reloaded(shipper)
    return 404, _PLAIN, "404 page not found\n"


def _answer_of_alloy(shipper: LabShipper, path: str) -> tuple[int, str, str]:
    if path.startswith(COMPONENTS):
        status, text = component_page(components(shipper.targets, shipper.jobs), path)
        return status, "application/json", text
    match path:
        case "/-/ready":
            return 200, _PLAIN, "Alloy is ready.\n"
        case "/metrics":
            return 200, _PLAIN, alloy_metrics(shipper.metrics.values(), shipper.targets, shipper.loaded_s)
        case "/-/reload":
            return _reloaded(shipper)
    return 404, _PLAIN, "404 page not found\n"


def _reloaded(shipper: LabShipper) -> tuple[int, str, str]:
    try:
        shipper.reload()
    except ObsCheckError as error:
        return 500, _PLAIN, f"failed to reload config: {error}\n"
    return 200, _PLAIN, ""
