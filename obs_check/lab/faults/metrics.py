"""Faults of the panels over Prometheus and of what Prometheus scrapes."""

from obs_check.lab.faults.fault import Fault, exprs
from obs_check.lab.faults.panel import panel
from obs_check.lab.settings import PROMETHEUS_UID, LabSettings

_FORWARDED = r"agent_boundary_log_proxy_batches_forwarded_total"


def _no_report(settings: LabSettings) -> None:
    settings.agent_reports_s, settings.coderd.stats_kept_s = 3600.0, 2.0


def _wrong_path(settings: LabSettings) -> None:
    settings.metrics_path = "/metric"


def _no_agent_stats(settings: LabSettings) -> None:
    settings.coderd.agent_stats = False


def _wrong_url(settings: LabSettings) -> None:
    for one in settings.datasources:
        if one["uid"] == PROMETHEUS_UID:
            one["url"] += "/prometheus"


METRICS_FAULTS: tuple[Fault, ...] = (
    Fault(
        "metric-name",
        "panel.metric-absent",
        "a counter is asked for by a name that it does not have",
        exprs(_FORWARDED, "agent_boundary_log_proxy_batch_forwarded_total"),
    ),
    Fault(
        "metric-name-masked",
        "panel.metric-absent",
        "as metric-name, and `or vector(0)` makes a 0 of it",
        panel(
            10,
            lambda one: one["targets"][0].update(
                expr="sum(agent_boundary_log_proxy_batch_forwarded_total) or vector(0)"
            ),
        ),
    ),
    Fault(
        "metric-label",
        "panel.prometheus-label-value",
        "a counter is selected by a job that does not exist",
        exprs(_FORWARDED, 'agent_boundary_log_proxy_batches_forwarded_total{job="coder"}'),
    ),
    Fault("agent-stats-off", "panel.metric-absent", "coderd shows no counters of the agents", _no_agent_stats),
    Fault("agent-silent", "panel.counter-expired", "the workspace agent stopped to report its counters", _no_report),
    Fault(
        "scrape-path",
        "panel.prometheus-target-down",
        "Prometheus scrapes a path of coderd that is not there",
        _wrong_path,
    ),
    Fault(
        "datasource-url",
        "panel.datasource-unhealthy",
        "the Prometheus datasource has a URL with a path that Prometheus does not serve",
        _wrong_url,
    ),
)
