"""What can be broken in the lab: each fault is one change of its configuration and belongs to one cause."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from obs_check.errors import UsageError
from obs_check.lab.settings import LabSettings

Change = Callable[[LabSettings], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`cause` is the id that the diagnosis has to name; `summary` is what is broken, for people."""

    id: str
    cause: str
    summary: str
    change: Change


def _exprs(pattern: str, replacement: str) -> Change:
    """Change every Loki expression of the dashboard by a regular expression."""

    def change(settings: LabSettings) -> None:
        for panel in settings.dashboard["panels"]:
            for target in panel.get("targets", []):
                if "expr" in target:
                    target["expr"] = re.sub(pattern, replacement, target["expr"])

    return change


def _level_warn(settings: LabSettings) -> None:
    settings.boundary["log_level"] = "warn"


def _no_boundary_job(settings: LabSettings) -> None:
    jobs = settings.promtail["scrape_configs"]
    settings.promtail["scrape_configs"] = [j for j in jobs if j["job_name"] != "boundary"]


def _glob_mismatch(settings: LabSettings) -> None:
    labels = settings.promtail["scrape_configs"][1]["static_configs"][0]["labels"]
    labels["__path__"] = labels["__path__"].removesuffix(".log") + ".txt"


def _log_dir_unset(settings: LabSettings) -> None:
    del settings.boundary["log_dir"]


def _audit_off(settings: LabSettings) -> None:
    settings.boundary["disable_audit_logs"] = True


FAULTS: tuple[Fault, ...] = (
    Fault(
        "panel-logfmt",
        "pipeline.wrong-parser",
        "the panels parse coderd's JSON lines with logfmt",
        _exprs(r"\| json [^|]*(?=\|)", "| logfmt "),
    ),
    Fault("level-warn", "file.level-hides-allow", "boundary runs with log_level: warn", _level_warn),
    Fault(
        "no-boundary-job", "shipper.path-not-collected", "promtail has no job for boundary's files", _no_boundary_job
    ),
    Fault("glob-mismatch", "shipper.glob-mismatch", "promtail's job has a path that fits no file", _glob_mismatch),
    Fault("log-dir-unset", "file.log-dir-unset", "boundary has no log_dir and writes to stderr", _log_dir_unset),
    Fault("audit-off", "socket.audit-disabled", "boundary's audit socket is disabled", _audit_off),
    Fault(
        "selector-value",
        "select.label-value-absent",
        "the panels select a namespace that does not exist",
        _exprs(r'namespace="coder"', 'namespace="codr"'),
    ),
    Fault(
        "selector-label",
        "select.label-name-absent",
        "the panels select by a label that no stream has",
        _exprs(r'\{namespace="coder"', '{logger="coderd.agentrpc", namespace="coder"'),
    ),
    Fault(
        "line-filter-case",
        "pipeline.line-filter-kills",
        "the panels filter for Boundary_request",
        _exprs(r"\|= `boundary_request`", "|= `Boundary_request`"),
    ),
    Fault(
        "label-filter-case",
        "pipeline.label-filter-kills",
        "the panels compare decision with DENY and ALLOW",
        _exprs(r"decision=(~?)([`\"])(allow|deny)", r"decision=\1\2X\3"),
    ),
)

DEFAULT_FAULTS = ("panel-logfmt", "level-warn", "no-boundary-job")
"""The three that the real deployment had."""


def find_fault(fault_id: str) -> Fault:
    """The fault of that id; UsageError naming the nearest one."""
    from difflib import get_close_matches

    for fault in FAULTS:
        if fault.id == fault_id:
            return fault
    near = get_close_matches(fault_id, [f.id for f in FAULTS], 1, 0.3)
    raise UsageError(f"no fault `{fault_id}`", f"did you mean `{near[0]}`?" if near else "see demo --list-faults")


def break_with(settings: LabSettings, fault_ids: tuple[str, ...]) -> None:
    """Apply faults to the settings; UsageError for one that changes nothing on this dashboard."""
    for fault in map(find_fault, fault_ids):
        before = json.dumps([settings.boundary, settings.promtail, settings.dashboard], sort_keys=True)
        fault.change(settings)
        if json.dumps([settings.boundary, settings.promtail, settings.dashboard], sort_keys=True) == before:
            raise UsageError(
                f"fault `{fault.id}` changes nothing here", "combine it with other faults only where both apply"
            )
