"""The runs of a watch as Prometheus reads them (text format 0.0.4), and as whoever asks for its health does.

A time is exported as the moment itself, not as an age: `time() - obs_check_panel_checked_timestamp_seconds` is right at
whatever moment it is asked (Prometheus, "Instrumentation": timestamps, not time since).
"""

from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from obs_check.app.watch.account import PanelCheck, RunAccount
from obs_check.app.watch.watch import Status
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS, shown_time
from obs_check.model.wording import count_noun
from obs_check.report.terminal import in_one_line

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_LATENCY_S = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_RUN_S = (1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_HOP = ("path", "hop", "decision")
_PANEL = ("panel", "title")
_BY = ("verdict",)
_OF_LAST = ("verdict", "run", "started", "seconds", "causes", "why")


class WatchMetrics:
    """Metrics of the runs so far. One thread may add a run while another asks for the text: it gets all of a run or
    nothing of it. There are as many series as hops, panels and causes of one run, however many runs there were."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._lock = Lock()
        self._registry = registry = CollectorRegistry()
        self._runs = Counter("obs_check_runs", "Runs that have ended.", _BY, registry=registry)
        self._took = Histogram("obs_check_run_seconds", "How long runs took.", registry=registry, buckets=_RUN_S)
        self._verdict = Gauge(
            "obs_check_last_run_verdict", "1 for that of the last run.", ["verdict"], registry=registry
        )
        self._at = Gauge(
            "obs_check_last_run_timestamp_seconds", "End of the last run with this verdict.", _BY, registry=registry
        )
        self._causes = Gauge(
            "obs_check_last_failure_cause", "1 for each cause of the last failed run.", ["cause"], registry=registry
        )
        self._sent = Counter("obs_check_events_sent", "Events that have to be at a hop.", _HOP, registry=registry)
        self._seen = Counter("obs_check_events_seen", "Events that were seen at a hop.", _HOP, registry=registry)
        self._missing = Counter("obs_check_events_missing", "Events that a hop lacks.", _HOP, registry=registry)
        self._latency = Histogram(
            "obs_check_event_latency_seconds",
            "From the sending of an event to when it was first seen at a hop.",
            _HOP,
            registry=registry,
            buckets=_LATENCY_S,
        )
        self._panel = Gauge(
            "obs_check_panel_verdict", "1 for a panel's last verdict.", [*_PANEL, "verdict"], registry=registry
        )
        self._checked = Gauge(
            "obs_check_panel_checked_timestamp_seconds", "When a panel was last read.", _PANEL, registry=registry
        )
        for verdict in Verdict:
            self._runs.labels(verdict)
            self._verdict.labels(verdict)

    def add(self, account: RunAccount) -> None:
        """Count a run that has ended."""
        with self._lock:
            self._runs.labels(account.verdict).inc()
            self._took.observe(account.seconds)
            for verdict in Verdict:
                self._verdict.labels(verdict).set(verdict is account.verdict)
            self._at.labels(account.verdict).set(account.end_ns / NS)
            if account.verdict is Verdict.FAIL:
                self._causes.clear()
                for cause in account.causes:
                    self._causes.labels(cause).set(1)
            for hop in account.hops:
                labels = (hop.path, hop.hop, hop.decision)
                self._sent.labels(*labels).inc(hop.sent)
                self._seen.labels(*labels).inc(hop.seen)
                self._missing.labels(*labels).inc(hop.missing)
                for latency_s in hop.latencies_s:
                    self._latency.labels(*labels).observe(latency_s)
            if account.panels:
                # A run that got as far knows which panels there are; before it, what is known stays and grows old.
                self._panel.clear()
                self._checked.clear()
                for panel in account.panels:
                    self._add_panel(panel, account.end_ns)

    def _add_panel(self, panel: PanelCheck, at_ns: int) -> None:
        labels = (str(panel.id), in_one_line(panel.title))
        for verdict in Verdict:
            self._panel.labels(*labels, verdict).set(verdict is panel.verdict)
        self._checked.labels(*labels).set(at_ns / NS)

    def text(self) -> bytes:
        """What Prometheus reads, of the type CONTENT_TYPE."""
        with self._lock:
            return generate_latest(self._registry)


def health(status: Status, steady_ns: int, now_ns: int) -> dict[str, Any]:
    """{"alive", "busy", "until", "runs", "last"}: of the watch, not of the pipeline. `last` is the last run without
    its hops and panels, and its age in seconds. `now_ns` is the clock that shows `until`."""
    last = status.last
    told = None
    if last is not None:
        told = {key: value for key, value in last.to_json().items() if key in _OF_LAST}
        told["age_s"] = round((steady_ns - status.ended_ns) / NS, 3)
    return {
        "alive": status.alive(steady_ns),
        "busy": status.busy,
        "until": shown_time(now_ns + status.until_ns - steady_ns),
        "runs": status.runs,
        "last": told,
    }


def in_a_line(account: RunAccount) -> str:
    """A run for a person or a log: when, which, the verdict, and why it is not ok."""
    seen = f"{count_noun(len(account.panels), 'panel')} read" if account.panels else "no panel read"
    said = ", ".join(account.causes) or "; ".join(account.why) or seen
    return in_one_line(
        f"{shown_time(account.start_ns)} run {account.run or '-'} {account.verdict} in {account.seconds:.1f} s: {said}"
    )
