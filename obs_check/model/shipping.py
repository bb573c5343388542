"""What a running shipper says of itself at one moment, whatever its make: files, destinations, drops.

None means that nobody said it: a number that is absent is never a zero. Bytes and lines are plain counts; every counter
is since the shipper's start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from obs_check.model.entry import Labels

Shipper = Literal["promtail", "alloy"]
Reading = Literal["read", "behind", "stale", "shrunk", "replaced", "not tailed", "unknown file", "gone", "unseen"]
"""read: to its end. behind: bytes were left when the offset was written. stale: the file is being read and its offset
says nothing, since it was written before the last lines were read. shrunk: no line was read since the shipper's start
and the file is shorter than its offset (truncated or replaced); promtail 3.5 and Alloy 1.18 then begin again from 0.
replaced: likewise, and the offset is inside a line, so another file stands behind it and its head will not be read. not
tailed: found by a job, not being read. unknown file: on disk, and no job takes it now: an offset that is left from when
one did says nothing. gone: has an offset, is not on disk. unseen: nothing was said that a claim could rest on."""


@dataclass(frozen=True, slots=True)
class FileState:
    """One file. `read_lines`, `read_bytes` (the read offset) and `seen_bytes` (size) are the shipper's own metrics,
    `position` what its target or positions file says, `disk_bytes` and `inode` what the disk said at the same moment.

    `on_disk` is None where the disk could not be asked (the shipper runs elsewhere). `on_line` says whether the byte in
    front of the offset ends a line: a shipper stops nowhere else. promtail 3.5 writes the offset every 10 s; with
    `lags` (Alloy 1.18) it is only written with the first line that is read 10 s after it was written before, so more
    was read than it says; `disk_lines` are then the lines in the file.
    """

    path: str
    job: str = ""
    read_lines: int | None = None
    read_bytes: int | None = None
    seen_bytes: int | None = None
    position: int | None = None
    on_disk: bool | None = None
    disk_bytes: int | None = None
    inode: int | None = None
    on_line: bool | None = None
    lags: bool = False
    disk_lines: int | None = None
    start: int | None = None
    """The byte at which this process began to read it, where the shipper's log says so; `start_on_line` says whether a
    line begins there in the file that is there now."""
    start_on_line: bool | None = None

    @property
    def skipped(self) -> bool:
        """Whether reading began inside of a line: another content stands there than the one that was read up to that
        byte, and what is in front of it was not read."""
        return bool(self.start) and self.start_on_line is False and self.read_lines is not None

    @property
    def offset(self) -> int | None:
        """How far the file was read, in bytes. The metric counts where there is one: promtail 3.5 sets both at the
        same time, but writes its positions file only every sync period."""
        return self.position if self.read_bytes is None else self.read_bytes

    @property
    def known(self) -> bool:
        """Whether the shipper says a number of the file, be it that it was read once."""
        return self._counted or self.position is not None

    @property
    def collected(self) -> bool:
        """Whether a job takes the file now: the path of a target fits it, or this process counts it. A positions file
        keeps what earlier processes and jobs read."""
        return bool(self.job) or self._counted

    @property
    def _counted(self) -> bool:
        return any(n is not None for n in (self.read_lines, self.read_bytes, self.seen_bytes))

    @property
    def size(self) -> int | None:
        """The size on disk, else as the shipper last saw it."""
        return self.seen_bytes if self.disk_bytes is None else self.disk_bytes

    @property
    def left(self) -> int | None:
        """Bytes that are not read yet, below 0 for a file that shrank."""
        return None if self.size is None or self.offset is None else self.size - self.offset

    @property
    def state(self) -> Reading:
        """The reading of the file in one word."""
        if self.on_disk is False:
            return "gone" if self.known else "unseen"
        if not self.collected or not self.known:
            return "unknown file" if self.on_disk else "unseen"
        if self.size == 0 and not self.offset:
            return "read"
        being_read = self.read_lines is not None
        if self.lags and being_read and self.left != 0:
            return "read" if self.read_lines == self.disk_lines else "stale"
        if self.left is not None and self.left < 0:
            return "stale" if being_read else "shrunk"
        if self.offset is None and not being_read:
            return "not tailed"
        if self.left is None:
            return "unseen"
        if self.on_line is False:
            return "stale" if being_read else "replaced"
        return "behind" if self.left > 0 else "read"

    def to_json(self) -> dict[str, Any]:
        """All fields, `state` and `left`."""
        return {
            "path": self.path,
            "job": self.job,
            "state": self.state,
            "disk_bytes": self.disk_bytes,
            "seen_bytes": self.seen_bytes,
            "read_bytes": self.read_bytes,
            "position": self.position,
            "left": {"stale": None, "read": 0}.get(self.state, self.left),
            "read_lines": self.read_lines,
        }


@dataclass(frozen=True, slots=True)
class TargetState:
    """One target of a job. `glob` is its `__path__`; `dropped` says why it is not used ("" when it is). `ready` is
    None where the shipper does not say it (Alloy)."""

    job: str
    glob: str = ""
    labels: Labels = field(default_factory=dict)
    discovered: Labels = field(default_factory=dict)
    ready: bool | None = None
    dropped: str = ""

    def to_json(self) -> dict[str, Any]:
        """All fields but the discovered labels."""
        return {
            "job": self.job,
            "path": self.glob,
            "labels": self.labels,
            "ready": self.ready,
            "dropped": self.dropped,
        }


@dataclass(frozen=True, slots=True)
class Destination:
    """Where entries are pushed: one host (promtail: of all clients with that host), or an Alloy component's endpoint.

    `tenants` are those that had a batch, "" for none set. `dropped` counts entries by the client's own reason
    (`ingester_error`, `rate_limited`, `line_too_long`, `stream_limited`, Alloy also `queue_is_full`), `requests` counts
    pushes by HTTP status (-1: no answer).
    """

    host: str
    component: str = ""
    tenants: tuple[str, ...] = ()
    sent_entries: int = 0
    sent_bytes: int = 0
    encoded_bytes: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    dropped_bytes: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    requests: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All fields; reasons that counted nothing are left out."""
        return {
            "host": self.host,
            "component": self.component,
            "tenants": list(self.tenants),
            "sent_entries": self.sent_entries,
            "sent_bytes": self.sent_bytes,
            "encoded_bytes": self.encoded_bytes,
            "dropped": {reason: n for reason, n in self.dropped.items() if n},
            "dropped_bytes": {reason: n for reason, n in self.dropped_bytes.items() if n},
            "retries": self.retries,
            "requests": dict(self.requests),
        }


@dataclass(frozen=True, slots=True)
class PushRefusal:
    """A push that was not taken. `source` says who told it: the shipper's log (`words` are then Loki's own, `at` the
    log line's time as written), the shipper's or Loki's metrics. `count` is entries where known, else pushes."""

    source: Literal["shipper log", "shipper metrics", "loki metrics"]
    reason: str
    status: int | None = None
    words: str = ""
    count: int | None = None
    tenant: str = ""
    final: bool = True
    at: str = ""

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "source": self.source,
            "reason": self.reason,
            "status": self.status,
            "words": self.words,
            "count": self.count,
            "tenant": self.tenant,
            "final": self.final,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class ShipperState:
    """A snapshot at `at_ns` (ns since the epoch). `stage_drops` counts lines by the stages' reasons; `components` are
    Alloy's unhealthy components, `name: why`. `missing` says what could not be asked, one sentence each."""

    kind: Shipper
    at_ns: int
    files: tuple[FileState, ...] = ()
    targets: tuple[TargetState, ...] = ()
    destinations: tuple[Destination, ...] = ()
    stage_drops: Mapping[str, int] = field(default_factory=dict)
    refusals: tuple[PushRefusal, ...] = ()
    components: tuple[str, ...] = ()
    started_s: float | None = None
    """When the process started (s since the epoch), where its metrics say so."""
    missing: tuple[str, ...] = ()
    unopened: Mapping[str, str] = field(default_factory=dict)
    undiscovered: str = ""
    """Why it could not list the pods of a cluster, in the words of its log ("" where that does not say so)."""
    """Files that could not be opened, with the words of the shipper's log."""
    loaded_s: float | None = None
    """When it last read its configuration (s since the epoch), where its metrics say so."""
    version: str = ""
    """As its metrics call it."""

    def file(self, path: str) -> FileState | None:
        """The state of one file, None when neither shipper nor disk has it."""
        return next((f for f in self.files if f.path == path), None)

    @property
    def read_lines(self) -> int:
        """Lines read of all files."""
        return sum(f.read_lines or 0 for f in self.files)

    @property
    def sent_entries(self) -> int:
        """Entries that every destination together took. With two destinations an entry counts twice."""
        return sum(d.sent_entries for d in self.destinations)

    @property
    def client_drops(self) -> dict[str, int]:
        """Entries that the clients gave up, by reason; reasons that counted nothing are left out."""
        total: dict[str, int] = {}
        for destination in self.destinations:
            for reason, count in destination.dropped.items():
                if count:
                    total[reason] = total.get(reason, 0) + count
        return total

    def to_json(self) -> dict[str, Any]:
        """{"kind", "at", "files", "targets", "destinations", "stage_drops", "refusals", "components", "missing",
        "unopened", "undiscovered"}."""
        return {
            "kind": self.kind,
            "at": self.at_ns,
            "files": [f.to_json() for f in self.files],
            "targets": [t.to_json() for t in self.targets],
            "destinations": [d.to_json() for d in self.destinations],
            "stage_drops": dict(self.stage_drops),
            "refusals": [r.to_json() for r in self.refusals],
            "components": list(self.components),
            "missing": list(self.missing),
            "unopened": dict(self.unopened),
            "undiscovered": self.undiscovered,
        }
