"""Faults between boundary's audit socket and coderd's log line."""

from obs_check.lab.faults.fault import Fault
from obs_check.lab.settings import LabSettings


def _audit_off(settings: LabSettings) -> None:
    settings.boundary["disable_audit_logs"] = True


SOCKET_FAULTS: tuple[Fault, ...] = (
    Fault("audit-off", "socket.audit-disabled", "boundary's audit socket is disabled", _audit_off),
)
