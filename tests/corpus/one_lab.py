"""Whether one running lab serves a fault, which has to start nothing of its own."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from obs_check.lab.faults.registry import find_fault
from obs_check.lab.settings import healthy


@cache
def only_dashboard(fault_id: str) -> bool:
    """Whether nothing but the dashboard changes, which keeps its uid, and nothing has to be read before the events."""
    fault, before, after = find_fault(fault_id), healthy(Path("/lab"), 0), healthy(Path("/lab"), 0)
    fault.change(after)
    alone = replace(after, dashboard=before.dashboard) == before and after.dashboard["uid"] == before.dashboard["uid"]
    return alone and bool(fault.cause) and not fault.control
