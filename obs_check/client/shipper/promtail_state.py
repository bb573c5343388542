"""promtail's metrics and pages, put together to one snapshot."""

from collections.abc import Mapping, Sequence

from obs_check.client.exposition import Metrics, whole
from obs_check.client.shipper.promtail_targets import Discovered, PromtailTarget
from obs_check.client.shipper.sources import NOTHING_ELSE, Sources, files_on_disk
from obs_check.model.shipping import Destination, FileState, PushRefusal, ShipperState, TargetState


def promtail_state(
    at_ns: int,
    metrics: Metrics,
    targets: Sequence[PromtailTarget] = (),
    discovered: Sequence[Discovered] = (),
    positions: Mapping[str, int] | None = None,
    sources: Sources = NOTHING_ELSE,
    missing: tuple[str, ...] = (),
) -> ShipperState:
    """A snapshot of promtail 3.5. `positions` is what was read in the positions file (it counts before what /targets
    says); of the sources, the disk is looked at."""
    states = [_target(target) for target in targets]
    states += [_dropped(target) for target in discovered if target.dropped]
    files, elsewhere = files_on_disk(_files(metrics, targets, positions), states, sources, "promtail")
    started = [value for _, value in metrics.get("process_start_time_seconds", [])]
    # promtail 3.5 counts reloads, the first reading is none, and does not say when the last was.
    reloads = [value for _, value in metrics.get("promtail_config_reload_success_total", [])]
    return ShipperState(
        "promtail",
        at_ns,
        tuple(files[path] for path in sorted(files)),
        tuple(states),
        destinations(metrics, "promtail"),
        by_label(metrics, "logentry_dropped_lines_total", "reason"),
        metric_refusals(metrics, "promtail"),
        started_s=started[0] if started else None,
        missing=(*missing, *elsewhere),
        loaded_s=started[0] if started and reloads == [0] else None,
        version=build_version(metrics, "promtail_build_info"),
    )


def build_version(metrics: Metrics, name: str) -> str:
    """What a program's metric `*_build_info` calls its version, "" where it has none."""
    return next((labels.get("version", "") for labels, _ in metrics.get(name, [])), "")


def _files(
    metrics: Metrics, targets: Sequence[PromtailTarget], positions: Mapping[str, int] | None
) -> dict[str, FileState]:
    jobs = {path: target.job for target in targets for path in target.positions}
    told = {path: at for target in targets for path, at in target.positions.items()} | dict(positions or {})
    lines = by_label(metrics, "promtail_read_lines_total", "path")
    read = by_label(metrics, "promtail_read_bytes_total", "path")
    seen = by_label(metrics, "promtail_file_bytes_total", "path")
    return {
        path: FileState(path, jobs.get(path, ""), lines.get(path), read.get(path), seen.get(path), told.get(path))
        for path in {*lines, *read, *seen, *told}
        if path
    }


def _target(target: PromtailTarget) -> TargetState:
    return TargetState(
        target.job, target.discovered.get("__path__", ""), target.labels, target.discovered, target.ready
    )


def _dropped(target: Discovered) -> TargetState:
    glob = target.discovered.get("__path__", "")
    return TargetState(target.job, glob, {}, target.discovered, None, target.dropped)


def by_label(metrics: Metrics, name: str, label: str) -> dict[str, int]:
    """The series of a metric added up by one label."""
    total: dict[str, int] = {}
    for labels, value in metrics.get(name, []):
        key = labels.get(label, "")
        total[key] = total.get(key, 0) + whole(value)
    return total


def destinations(metrics: Metrics, prefix: str) -> tuple[Destination, ...]:
    """The destinations of the counters `<prefix>_sent_entries_total` and its siblings (promtail, loki_write)."""
    keys: dict[tuple[str, str], None] = {}
    for name in (
        "sent_entries_total",
        "encoded_bytes_total",
        "dropped_entries_total",
        "request_duration_seconds_count",
    ):
        for labels, _ in metrics.get(f"{prefix}_{name}", []):
            keys[labels.get("component_id", ""), labels.get("host", "")] = None
    return tuple(_destination(metrics, prefix, *key) for key in keys)


def _destination(metrics: Metrics, prefix: str, component: str, host: str) -> Destination:
    own: Metrics = {
        name: [
            (labels, value)
            for labels, value in metrics.get(f"{prefix}_{name}", [])
            if (labels.get("component_id", ""), labels.get("host", "")) == (component, host)
        ]
        for name in (
            "sent_entries_total", "sent_bytes_total", "encoded_bytes_total", "dropped_entries_total",
            "dropped_bytes_total", "batch_retries_total", "request_duration_seconds_count",
        )
    }  # fmt: skip

    def total(name: str) -> int:
        return sum(whole(value) for _, value in own[name])

    tenants = {labels["tenant"] for rows in own.values() for labels, _ in rows if "tenant" in labels}
    return Destination(
        host,
        component,
        tuple(sorted(tenants)),
        total("sent_entries_total"),
        total("sent_bytes_total"),
        total("encoded_bytes_total"),
        by_label(own, "dropped_entries_total", "reason"),
        by_label(own, "dropped_bytes_total", "reason"),
        total("batch_retries_total"),
        by_label(own, "request_duration_seconds_count", "status_code"),
    )


def metric_refusals(metrics: Metrics, prefix: str) -> tuple[PushRefusal, ...]:
    """What the shipper's own counters say was given up, by tenant and reason.

    promtail 3.5: one entry that Loki refuses with 400 counts its whole batch, though Loki keeps the others.
    """
    total: dict[tuple[str, str], int] = {}
    for labels, value in metrics.get(f"{prefix}_dropped_entries_total", []):
        if value:
            key = (labels.get("tenant", ""), labels.get("reason", ""))
            total[key] = total.get(key, 0) + whole(value)
    return tuple(
        PushRefusal("shipper metrics", reason, count=count, tenant=tenant) for (tenant, reason), count in total.items()
    )
