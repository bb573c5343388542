"""The targets of a configuration and the files that they read."""

import contextlib
import errno
import socket
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from obs_check.lab.shipper_files import Positions, find_files
from obs_check.lab.shipper_log import ShipperLog
from obs_check.lab.shipper_metrics import Metrics
from obs_check.lab.shipper_tail import Tail
from obs_check.model.entry import Labels
from obs_check.shipper.model import ScrapeJob
from obs_check.shipper.relabel import relabel


@dataclass
class LabTarget:
    """One target after relabeling. `dropped` says why it is not read, "" when it is. `tails` is path to the file
    being read, `unopened` are files that could not be opened."""

    job: str
    discovered: Labels
    labels: Labels = field(default_factory=dict)
    path: str = ""
    exclude: str = ""
    dropped: str = ""
    tails: dict[str, Tail] = field(default_factory=dict)
    unopened: set[str] = field(default_factory=set)

    @property
    def ready(self) -> bool:
        """Promtail: at least one file is read."""
        return bool(self.tails)


def targets_of(job: ScrapeJob, metrics: Metrics, pods: Sequence[Labels] = ()) -> list[LabTarget]:
    """The static targets of a job, and `pods` where it discovers them, dropped ones too; counts
    `promtail_targets_failed_total`."""
    found: list[LabTarget] = []
    seen: set[tuple[str, str, tuple[tuple[str, str], ...]]] = set()
    for discovered in (*job.targets, *(labels for labels in pods if _asks_for(job, labels))):
        labels = relabel(discovered, job.relabel)
        target = LabTarget(job.name, discovered)
        found.append(target)
        host = (labels or {}).get("__host__")
        if labels is None:
            target.dropped, reason = "dropped target", "dropped"
        elif host is not None and host != socket.gethostname():
            target.dropped, reason = f"ignoring target, wrong host (hostname:{socket.gethostname()})", "wrong_host"
        elif "__path__" not in labels:
            target.dropped, reason = "no path for target", "no_path"
        else:
            target.path, target.exclude = labels["__path__"], labels.get("__path_exclude__", "")
            target.labels = {name: value for name, value in labels.items() if not name.startswith("__")}
            key = (target.path, target.exclude, tuple(sorted(target.labels.items())))
            if key not in seen:
                seen.add(key)
                continue
            target.dropped, reason = "ignoring target, already exists", "exists"
        metrics.add("promtail_targets_failed_total", reason=reason)
    return found


def _asks_for(job: ScrapeJob, labels: Labels) -> bool:
    return any(one.role == "pod" and one.leaves_out(labels, lambda _: False) is None for one in job.kubernetes)


Opened = Callable[[str, int], Tail]
"""(path, offset) -> the file being read; raises OSError."""


def open_as_other(path: str, offset: int) -> Tail:
    """Open a file as a user would who neither owns it nor is in its group: the kernel's rule, by its mode bits. Raises
    PermissionError."""
    if not Path(path).stat().st_mode & stat.S_IROTH:
        raise PermissionError(errno.EACCES, "permission denied", path)
    return Tail(path, offset)


def sync(
    target: LabTarget,
    positions: Positions,
    metrics: Metrics,
    log: ShipperLog,
    opened: Opened = Tail,
    unmounted: Sequence[str] = (),
) -> None:
    """Start to read files that are new, stop those that are gone. A file that cannot be opened, or whose position is no
    number, shows in `promtail_file_bytes_total` and in the log only. What is in a directory that is `unmounted` is not
    there."""
    if target.dropped:
        return
    hidden = tuple(f"{directory}/" for directory in unmounted)
    found = [path for path in find_files(target.path, target.exclude) if not path.startswith(hidden)]
    for path in found:
        with contextlib.suppress(OSError):
            metrics.set("promtail_file_bytes_total", Path(path).stat().st_size, path=path)
        if path not in target.tails:
            try:
                target.tails[path] = opened(path, positions.get(path))
                log.seeked(path, target.tails[path].offset)
            except (OSError, ValueError) as error:
                _unopened(target, path, error, log)
    for path in set(target.tails) - set(found):
        forget(target, path, positions, metrics)


def _unopened(target: LabTarget, path: str, error: OSError | ValueError, log: ShipperLog) -> None:
    """Say it once (promtail: every sync period of 10 s)."""
    if path not in target.unopened:
        target.unopened.add(path)
        log.unopened(path, f"open {path}: {error.strerror}" if isinstance(error, OSError) else str(error))


def forget(target: LabTarget, path: str, positions: Positions, metrics: Metrics) -> None:
    """Stop to read a file that is gone: its position and its series go too."""
    target.tails.pop(path).close()
    positions.remove(path)
    for name in ("promtail_read_lines_total", "promtail_read_bytes_total", "promtail_file_bytes_total"):
        metrics.forget(name, path=path)


def read(
    target: LabTarget, positions: Positions, metrics: Metrics, log: ShipperLog, take: Callable[[str, Labels], None]
) -> None:
    """Give every new line to `take` with the target's labels and `filename`."""
    for path, tail in list(target.tails.items()):
        try:
            lines = tail.read()
        except OSError:
            forget(target, path, positions, metrics)
            continue
        if tail.reopened:
            log.reopened(path, tail.reopened == "truncated")
            tail.reopened = ""
        if not lines:
            continue
        metrics.add("promtail_read_lines_total", len(lines), path=path)
        for line in lines:
            take(line, {**target.labels, "filename": path})
        positions.put(path, tail.offset)
        metrics.set("promtail_read_bytes_total", tail.offset, path=path)
