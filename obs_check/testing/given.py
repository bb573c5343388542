"""What a test gives, in a Loki and a Prometheus of its own: in memory, at the test's time, without a socket."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from obs_check.boundary.coderd import Workspace
from obs_check.boundary.written import boundary_line, coderd_line
from obs_check.errors import InputError
from obs_check.model.entry import Entry, LogStream, entry_time
from obs_check.model.event import Event
from obs_check.model.window import MS, NS
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.request import decode_push
from obs_check.standin.loki.store import TenantStore
from obs_check.standin.prometheus.store import Store
from obs_check.testing.suite import Case, GivenEvent

TENANT = "fake"
"""Loki's name for the one tenant of a Loki without tenants."""
_LABELS_A = {"job": "boundary", "filename": "/tmp/boundary_logs/boundary-2026-01-01_00-00-00-100.log"}
_LABELS_B = {
    "app": "coder",
    "namespace": "coder",
    "pod": "coder-0",
    "container": "coder",
    "filename": "/var/log/pods/coder_coder-0_0f3b1c52/coder/0.log",
}


def events_of(case: Case, path: str) -> list[Event]:
    """The requests that were given on a path, as the events that an expectation is checked with; oldest first."""
    return [event for event, _ in _requests(case, path)]


def loki_store(case: Case) -> TenantStore:
    """The streams of a case after Loki's own checks and discovered labels. InputError where Loki refuses a line."""
    ingest = Ingest(Limits(), Counters(), lambda: case.at_ns)
    streams = [*_event_streams(case), *_given_streams(case)]
    if streams:
        body = {
            "streams": [
                {"stream": labels, "values": [[str(e.ts), e.line, e.metadata] for e in entries]}
                for labels, entries in streams
            ]
        }
        try:
            ingest.push(TENANT, decode_push(json.dumps(body).encode(), "application/json", "", ingest.limits))
        except LokiRefusal as refusal:
            said = f"test {case.name!r}: Loki refuses a line: {refusal.body}"
            raise InputError(said, "change what is given") from None
    return ingest.tenant(TENANT)


def prometheus_store(case: Case) -> Store:
    """The samples of a case, the last one of each series at the test's time."""
    store = Store()
    samples = []
    for series in case.series:
        for back, value in enumerate(reversed(series.values)):
            if value is not None:
                samples.append((case.at_ns - back * series.interval_ns, dict(series.labels), value))
    for ts, labels, value in sorted(samples, key=lambda one: one[0]):
        store.append(ts // MS, [(labels, value)])
    return store


def _given_streams(case: Case) -> Iterator[LogStream]:
    for stream in case.streams:
        entries = [Entry(case.at_ns - line.ago_ns, line.line, dict(line.metadata)) for line in stream.lines]
        yield LogStream(dict(stream.labels), sorted(entries, key=entry_time))


def _event_streams(case: Case) -> Iterable[LogStream]:
    in_files = [Entry(event.sent_ns, boundary_line(event), {}) for event, _ in _requests(case, "A")]
    in_audit = [
        # coderd writes a batch up to some seconds after the request; its own time stamp is the later one.
        Entry(event.sent_ns, coderd_line(event, event.sent_ns + NS, Workspace(owner=given.owner)), {})
        for event, given in _requests(case, "B")
    ]
    found = (LogStream(dict(_LABELS_A), in_files), LogStream(dict(_LABELS_B), in_audit))
    return [stream for stream in found if stream.entries]


def _requests(case: Case, path: str) -> list[tuple[Event, GivenEvent]]:
    """Equal requests are 1 ms apart, the last one at the time given; each carries a tag of its own."""
    found = []
    for given in case.events:
        for i in range(given.count):
            at = case.at_ns - given.ago_ns - (given.count - 1 - i) * MS
            url = given.url.replace("{n}", str(i + 1))
            host = urlsplit(url).hostname or ""
            found.append((Event("test", 0, given.decision, given.method, url, host, at), given))
    numbered = [(_tagged(event, n), given) for n, (event, given) in enumerate(found, 1) if path in given.paths]
    return sorted(numbered, key=lambda one: (one[0].sent_ns, one[0].n))


def _tagged(event: Event, n: int) -> Event:
    numbered = replace(event, n=n)
    joint = "&" if urlsplit(event.url).query else "?"
    return replace(numbered, url=f"{event.url}{joint}obs={numbered.tag}")
