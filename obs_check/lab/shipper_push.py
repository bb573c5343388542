"""Batches of lines and their way to Loki."""

import json
import random
import threading
import time
from dataclasses import dataclass, field

import httpx

from obs_check.client.http import machine_trust
from obs_check.lab.shipper_log import ShipperLog
from obs_check.lab.shipper_metrics import Metrics
from obs_check.model.entry import Labels
from obs_check.model.window import NS
from obs_check.serving import STOP_S
from obs_check.shipper.model import PushClient, ShipperConfig
from obs_check.shipper.pushed import LINE_TOO_LONG
from obs_check.shipper.stages.tenant import TENANT_LABEL

MAX_WORDS = 1024
"""Promtail 3.5: so much of the first line of a refusal goes into its log."""
PENDING_BATCHES = 4
"""Full batches that may wait for a slow Loki before reading stops."""


@dataclass
class Batch:
    """Lines of one tenant. `streams` is label set to [[time ns, line, metadata?]]; `size` counts bytes of lines."""

    tenant: str
    born: float
    streams: dict[tuple[tuple[str, str], ...], list[list[object]]] = field(default_factory=dict)
    entries: int = 0
    size: int = 0

    def add(self, ts_ns: int, labels: Labels, line: str, metadata: Labels) -> None:
        """Put a line in."""
        value: list[object] = [str(ts_ns), line, metadata] if metadata else [str(ts_ns), line]
        self.streams.setdefault(tuple(sorted(labels.items())), []).append(value)
        self.entries += 1
        self.size += len(line.encode())

    def body(self) -> bytes:
        """The JSON of Loki's push API."""
        streams = [{"stream": dict(labels), "values": values} for labels, values in self.streams.items()]
        return json.dumps({"streams": streams}, ensure_ascii=False).encode()


class Pusher:
    """One client of the configuration, with its thread. As promtail 3.5: a batch goes out when it is full or
    `batch_wait` old; 429, 5xx and no answer are tried again with growing pauses, any other refusal is final. A line
    over `limits_config.max_line_size` is cut or given up."""

    def __init__(self, client: PushClient, config: ShipperConfig, metrics: Metrics, log: ShipperLog) -> None:
        self.client = client
        self._limit, self._truncates = config.max_line_size, config.truncates
        self._metrics = metrics
        self._log = log
        self._host = httpx.URL(client.url).netloc.decode()
        for name in ("encoded_bytes", "sent_bytes", "sent_entries"):
            metrics.add(f"promtail_{name}_total", 0, host=self._host)
        self._http = httpx.Client(timeout=client.timeout / NS, trust_env=False, verify=machine_trust())
        self._open: dict[str, Batch] = {}
        self._full: list[Batch] = []
        self._tenants: set[str] = set()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shipper push", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """True when so much waits that reading should pause."""
        with self._changed:
            return len(self._full) >= PENDING_BATCHES

    def put(self, ts_ns: int, labels: Labels, line: str, metadata: Labels) -> None:
        """Take a line. Labels of the line win over external labels; the tenant label is taken off."""
        labels = {**self.client.external_labels, **labels}
        tenant = labels.pop(TENANT_LABEL, "") or self.client.tenant
        if self._limit and len(raw := line.encode()) > self._limit:
            kind = "mutated" if self._truncates else "dropped"
            told = {"host": self._host, "reason": LINE_TOO_LONG, "tenant": tenant}
            self._metrics.add(f"promtail_{kind}_entries_total", 1, **told)
            if not self._truncates:
                return
            line = raw[: self._limit].decode("utf-8", "replace")
        with self._changed:
            batch = self._open.get(tenant)
            if batch and batch.size + len(line.encode()) > self.client.batch_bytes:
                self._full.append(self._open.pop(tenant))
                batch = None
            if batch is None:
                batch = self._open[tenant] = Batch(tenant, time.monotonic())
                if tenant not in self._tenants:
                    self._tenants.add(tenant)
                    self._metrics.first_batch(self._host, tenant)
            batch.add(ts_ns, labels, line, metadata)
            self._changed.notify()

    def stop(self) -> None:
        """Send what waits, each batch once, and end the thread; what takes longer than STOP_S is given up."""
        self._stopping.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(STOP_S)
        self._http.close()

    def _run(self) -> None:
        while batch := self._next():
            self._send(batch)

    def _next(self) -> Batch | None:
        """The next batch that is due; waits for it. None when stopped and empty."""
        wait = self.client.batch_wait / NS
        with self._changed:
            while True:
                if self._full:
                    return self._full.pop(0)
                oldest = min(self._open.values(), key=lambda b: b.born, default=None)
                if oldest is None:
                    if self._stopping.is_set():
                        return None
                    self._changed.wait()
                    continue
                left = oldest.born + wait - time.monotonic()
                if left <= 0 or self._stopping.is_set():
                    return self._open.pop(oldest.tenant)
                self._changed.wait(left)

    def _send(self, batch: Batch) -> None:
        body = batch.body()
        self._metrics.add("promtail_encoded_bytes_total", len(body), host=self._host)
        pause = self.client.min_backoff / NS
        status, error = -1, ""
        for _ in range(max(1, self.client.max_retries)):
            status, error = self._post(body, batch.tenant)
            if 200 <= status < 300:
                self._metrics.add("promtail_sent_entries_total", batch.entries, host=self._host)
                self._metrics.add("promtail_sent_bytes_total", len(body), host=self._host)
                return
            final = status > 0 and status != 429 and status // 100 != 5
            if final or (status == 429 and self.client.drop_rate_limited):
                break
            self._log.push("warn", "error sending batch, will retry", self._host, status, batch.tenant, error)
            # As promtail: the try that turns out to be the last counts too.
            self._metrics.add("promtail_batch_retries_total", host=self._host, tenant=batch.tenant)
            if self._stopping.wait(pause * random.uniform(0.5, 1)):
                break
            pause = min(pause * 2, self.client.max_backoff / NS)
        labels = {
            "host": self._host,
            "tenant": batch.tenant,
            "reason": "rate_limited" if status == 429 else "ingester_error",
        }
        self._log.push("error", "final error sending batch", self._host, status, batch.tenant, error)
        self._metrics.add("promtail_dropped_entries_total", batch.entries, **labels)
        self._metrics.add("promtail_dropped_bytes_total", len(body), **labels)

    def _post(self, body: bytes, tenant: str) -> tuple[int, str]:
        """The HTTP status of one try, -1 when there was no answer, and promtail's words for a failure."""
        headers = {"Content-Type": "application/json", **self.client.headers}
        if tenant:
            headers["X-Scope-OrgID"] = tenant
        started = time.monotonic()
        status, error = -1, ""
        try:
            answer = self._http.post(self.client.url, content=body, headers=headers)
            status = answer.status_code
            if status // 100 != 2:
                words = (answer.text.splitlines() or [""])[0][:MAX_WORDS]
                error = f"server returned HTTP status {status} {answer.reason_phrase} ({status}): {words}"
        except httpx.HTTPError as problem:
            error = f'Post "{self.client.url}": {problem}'
        self._metrics.request(self._host, status, time.monotonic() - started)
        return status, error
