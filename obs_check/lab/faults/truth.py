"""What only a reading before and after events can tell: zeros that are true, numbers that mean nothing."""

from obs_check.lab.faults.fault import Fault, exprs
from obs_check.lab.settings import LabSettings


def _quiet_quarter(settings: LabSettings) -> None:
    settings.dashboard["time"] = {"from": "now-15m", "to": "now"}


TRUTH_FAULTS: tuple[Fault, ...] = (
    Fault(
        "quiet-quarter",
        "truth.no-such-event",
        "nothing: the dashboard looks at a quarter of an hour in which nothing happened",
        _quiet_quarter,
        control=True,
    ),
    Fault(
        "agents-counted",
        "panel.false-green",
        "the panel of forwarded batches counts the agents that run",
        exprs(r"^sum\((agent_boundary_log_proxy_batches_forwarded_total)\)$", r"count(\1) or vector(0)"),
        control=True,
    ),
    Fault(
        "starts-counted",
        "panel.false-green",
        "the panel of the owners counts what boundary logs when it starts",
        exprs(
            r"^sum by \(owner\).*",
            "sum by (job) (count_over_time({job=`boundary`} != `msg=ALLOW` != `msg=DENY` [$__auto]))",
        ),
        control=True,
    ),
)
