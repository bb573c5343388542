"""A shipper that read its configuration before the file was last changed: what the file says is not what runs."""

from datetime import UTC, datetime

from obs_check.errors import ObsCheckError
from obs_check.evidence.context import Context

_MARGIN_S = 5
"""The kernel's times of processes and those of files differ by up to a second; a file may be written for a start."""


def not_reloaded(context: Context) -> str:
    """One sentence; empty where it cannot be shown. No cause, for the file here may be a copy of the one that runs."""
    path = context.named.shipper_config
    changed = context.files.changed_s(path) if path else None
    if path is None or changed is None or context.shipper is None:
        return ""
    try:
        state, _ = context.shipper.state()
    except ObsCheckError:
        return ""
    if state.loaded_s is None or changed < state.loaded_s + _MARGIN_S:
        return ""
    return (
        f"{state.kind} read its configuration at {_time(state.loaded_s)}, and {path} was changed at {_time(changed)}: "
        "restart or reload it, unless it reads another file"
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
