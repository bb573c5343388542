"""What became of the lines that a shipper read between two snapshots.

    read = dropped by stages + dropped by the client + sent + open

`open` is in flight (a batch that waits, is tried again, or was lost with a restart) where it is above 0. It is below 0
where one line became several entries or where lines read earlier were sent now, and stays above 0 for good where stages
join lines (`multiline`, partial `cri` lines) or drop them without counting (`json` with `drop_malformed`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from obs_check.model.shipping import Destination, FileState, ShipperState


@dataclass(frozen=True, slots=True)
class ShippingAccount:
    """The difference of two snapshots. `own` are lines of the run in the files it wrote (None when nobody counted
    them), `own_read` lines read of those files. `restarted`: counters went back, so they are counted from 0."""

    read: int
    stage_drops: Mapping[str, int] = field(default_factory=dict)
    client_drops: Mapping[str, int] = field(default_factory=dict)
    sent: int = 0
    retries: int = 0
    encoded_bytes: int = 0
    requests: Mapping[str, int] = field(default_factory=dict)
    read_by_file: Mapping[str, int] = field(default_factory=dict)
    own: int | None = None
    own_read: int | None = None
    replaced: tuple[str, ...] = ()
    """Files that are another file on disk than before (inode), or shorter."""
    restarted: bool = False
    destinations: int = 1

    @property
    def open(self) -> int:
        """Lines read that were neither dropped nor sent."""
        return self.read - sum(self.stage_drops.values()) - sum(self.client_drops.values()) - self.sent

    def sentence(self) -> str:
        """The account in one line, for example `read 26 = dropped by stages 1 (lifecycle 1) + sent 25`."""
        parts = [
            *([f"dropped by stages {_by_reason(self.stage_drops)}"] if self.stage_drops else []),
            *([f"dropped by the client {_by_reason(self.client_drops)}"] if self.client_drops else []),
            f"sent {self.sent}",
        ]
        if self.open > 0:
            tries = f", {self.retries} retries" if self.retries else ""
            parts.append(f"in flight {self.open}{tries}")
        text = f"read {self.read} = {' + '.join(parts)}"
        if self.open < 0:
            text += f" - {-self.open} that were read before"
        if self.own is not None:
            text += f"; {self.own} of the run"
        if self.replaced:
            text += f"; replaced or truncated meanwhile: {', '.join(self.replaced)}"
        return text + ("; the shipper was restarted meanwhile" if self.restarted else "")

    def to_json(self) -> dict[str, Any]:
        """All fields, `open` and `sentence`."""
        return {
            "read": self.read,
            "stage_drops": dict(self.stage_drops),
            "client_drops": dict(self.client_drops),
            "sent": self.sent,
            "open": self.open,
            "retries": self.retries,
            "encoded_bytes": self.encoded_bytes,
            "requests": dict(self.requests),
            "read_by_file": dict(self.read_by_file),
            "own": self.own,
            "own_read": self.own_read,
            "replaced": list(self.replaced),
            "restarted": self.restarted,
            "sentence": self.sentence(),
        }


def account(before: ShipperState, after: ShipperState, own: Mapping[str, int] | None = None) -> ShippingAccount:
    """The account from `before` to `after`. `own` is the run's lines by file, where somebody counted them in the files.

    With several destinations each takes every entry: the one that took fewest counts, so that nothing is sent twice.
    """
    restarted = _restarted(before, after)
    base = ShipperState(before.kind, before.at_ns) if restarted else before
    read = {f.path: _grown(base.file(f.path), f) for f in after.files if f.read_lines is not None}
    old = {_key(d): d for d in base.destinations}
    moved = [_moved(old.get(_key(d)), d) for d in after.destinations]
    worst = min(moved, key=lambda m: m[0], default=(0, {}))
    inodes = {f.path: f for f in before.files}
    return ShippingAccount(
        read=sum(read.values()),
        stage_drops=_difference(base.stage_drops, after.stage_drops),
        client_drops=worst[1],
        sent=worst[0],
        retries=sum(d.retries for d in after.destinations) - sum(d.retries for d in old.values()),
        encoded_bytes=sum(d.encoded_bytes for d in after.destinations) - sum(d.encoded_bytes for d in old.values()),
        requests=_difference(_requests(base.destinations), _requests(after.destinations)),
        read_by_file={path: lines for path, lines in read.items() if lines},
        own=None if own is None else sum(own.values()),
        own_read=None if own is None else sum(read.get(path, 0) for path in own),
        replaced=tuple(f.path for f in after.files if _replaced(inodes.get(f.path), f)),
        restarted=restarted,
        destinations=len(after.destinations),
    )


def _by_reason(counts: Mapping[str, int]) -> str:
    return f"{sum(counts.values())} ({', '.join(f'{reason} {n}' for reason, n in sorted(counts.items()))})"


def _restarted(before: ShipperState, after: ShipperState) -> bool:
    if before.started_s is not None and after.started_s is not None:
        return before.started_s != after.started_s
    now = {_key(d): d for d in after.destinations}
    return any((d := now.get(key)) is not None and d.encoded_bytes < was.encoded_bytes for key, was in _keyed(before))


def _key(destination: Destination) -> tuple[str, str]:
    return destination.component, destination.host


def _keyed(state: ShipperState) -> Iterable[tuple[tuple[str, str], Destination]]:
    return ((_key(d), d) for d in state.destinations)


def _moved(before: Destination | None, after: Destination) -> tuple[int, dict[str, int]]:
    """Entries sent and entries dropped by reason, of one destination."""
    was = before or Destination(after.host)
    return after.sent_entries - was.sent_entries, _difference(was.dropped, after.dropped)


def _requests(destinations: Iterable[Destination]) -> dict[str, int]:
    return _sum(destination.requests for destination in destinations)


def _sum(many: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in many:
        for key, count in one.items():
            total[key] = total.get(key, 0) + count
    return total


def _difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {key: n - before.get(key, 0) for key, n in after.items() if n != before.get(key, 0)}


def _grown(before: FileState | None, after: FileState) -> int:
    """Lines read since: a counter that went back belongs to a tail that was started again."""
    was, now = (before.read_lines if before else None) or 0, after.read_lines or 0
    return now - was if now >= was else now


def _replaced(before: FileState | None, after: FileState) -> bool:
    if before is None or before.disk_bytes is None or after.disk_bytes is None:
        return False
    other = None not in (before.inode, after.inode) and before.inode != after.inode
    return other or after.disk_bytes < before.disk_bytes
