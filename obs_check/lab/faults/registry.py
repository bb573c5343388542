"""Every fault of the lab, most upstream first, and how faults are found and applied."""

import copy

from obs_check.documents.nearest import nearest
from obs_check.errors import UsageError
from obs_check.lab.faults.aggregate import AGGREGATE_FAULTS
from obs_check.lab.faults.egress import EGRESS_FAULTS
from obs_check.lab.faults.fault import EVENTS, Fault
from obs_check.lab.faults.file import FILE_FAULTS
from obs_check.lab.faults.harmless import HARMLESS
from obs_check.lab.faults.ingest import INGEST_FAULTS
from obs_check.lab.faults.kubernetes import KUBERNETES_FAULTS
from obs_check.lab.faults.metrics import METRICS_FAULTS
from obs_check.lab.faults.panel import PANEL_FAULTS
from obs_check.lab.faults.pipeline import PIPELINE_FAULTS
from obs_check.lab.faults.select import SELECT_FAULTS
from obs_check.lab.faults.shipper import SHIPPER_FAULTS
from obs_check.lab.faults.socket import SOCKET_FAULTS
from obs_check.lab.faults.sql import SQL_FAULTS
from obs_check.lab.faults.truth import TRUTH_FAULTS
from obs_check.lab.settings import LabSettings

FAULTS: tuple[Fault, ...] = (
    *EGRESS_FAULTS,
    *FILE_FAULTS,
    *SOCKET_FAULTS,
    *SHIPPER_FAULTS,
    *KUBERNETES_FAULTS,
    *INGEST_FAULTS,
    *SELECT_FAULTS,
    *PIPELINE_FAULTS,
    *AGGREGATE_FAULTS,
    *PANEL_FAULTS,
    *METRICS_FAULTS,
    *TRUTH_FAULTS,
    *SQL_FAULTS,
)

DEFAULT_FAULTS = ("panel-logfmt", "level-warn", "no-boundary-job")
"""The three that the real deployment had."""


def find_fault(fault_id: str) -> Fault:
    """The fault of that id; UsageError naming the nearest one."""
    for fault in (*FAULTS, *HARMLESS):
        if fault.id == fault_id:
            return fault
    near = nearest(fault_id, (f.id for f in FAULTS))
    remedy = "obs-check demo --list-faults lists them all"
    raise UsageError(f"no fault `{fault_id}`", f"did you mean `{near}`? {remedy}" if near else remedy)


def break_with(settings: LabSettings, fault_ids: tuple[str, ...]) -> None:
    """Apply faults to the settings; UsageError for one that changes nothing here."""
    for fault in map(find_fault, fault_ids):
        before = copy.deepcopy(settings)
        fault.change(settings)
        if settings == before:
            raise UsageError(
                f"fault `{fault.id}` changes nothing here", "combine it with other faults only where both apply"
            )


def wait_for(fault_ids: tuple[str, ...]) -> float:
    """Seconds that have to pass between the events and a look at the panels."""
    return max((find_fault(fault).wait_s for fault in fault_ids), default=0)


def events_for(fault_ids: tuple[str, ...]) -> tuple[int, int]:
    """The allow and deny events that show these faults: those of the first that needs its own."""
    return next((f.events for f in map(find_fault, fault_ids) if f.events != EVENTS), EVENTS)
