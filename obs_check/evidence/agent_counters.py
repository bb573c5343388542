"""The workspace agents' counters of the audit path, asked of the dashboard's Prometheus."""

from dataclasses import dataclass, replace

from obs_check.evidence.context import Context
from obs_check.evidence.questions import results_of
from obs_check.model.probe import Probe
from obs_check.model.window import MS, Window

FORWARDED = "agent_boundary_log_proxy_batches_forwarded_total"
BATCHES_DROPPED = "agent_boundary_log_proxy_batches_dropped_total"
LOGS_DROPPED = "agent_boundary_log_proxy_logs_dropped_total"


@dataclass(frozen=True, slots=True)
class CounterValue:
    """The value of a counter by its `reason` label ("" without one) at a time; empty where it has no series."""

    by_reason: dict[str, float]
    probe: Probe

    @property
    def total(self) -> float:
        """The sum over the reasons."""
        return sum(self.by_reason.values())


def counter_at(context: Context, metric: str, at_ns: int) -> CounterValue | None:
    """A counter at a time (ns), summed by `reason`; None without a Prometheus datasource. Raises Unavailable."""
    source = next((d for d in context.datasources if d.kind == "prometheus"), None)
    if source is None:
        return None
    query = {
        "refId": "A",
        "datasource": {"type": source.type, "uid": source.uid},
        "expr": f"sum by (reason) ({metric})",
        "instant": True,
        "range": False,
        "format": "time_series",
        "intervalMs": 1000,
        "maxDataPoints": 100,
    }
    window = Window(at_ns - 60_000 * MS, at_ns)
    body = {"from": str(window.start_ns // MS), "to": str(window.end_ns // MS), "queries": [query]}
    results, probe = results_of(context.grafana, body)
    found: dict[str, float] = {}
    for result in results.values():
        for frame in result.frames:
            for field in frame.fields:
                if field.type == "number" and field.values and field.values[-1] is not None:
                    found[field.labels.get("reason", "")] = float(field.values[-1])
    return CounterValue(found, replace(probe, window=window))
