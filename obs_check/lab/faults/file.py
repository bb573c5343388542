"""Faults of boundary's own log files."""

from obs_check.lab.faults.fault import Fault
from obs_check.lab.settings import LabSettings


def _level_warn(settings: LabSettings) -> None:
    settings.boundary["log_level"] = "warn"


def _log_dir_unset(settings: LabSettings) -> None:
    del settings.boundary["log_dir"]


FILE_FAULTS: tuple[Fault, ...] = (
    Fault("level-warn", "file.level-hides-allow", "boundary runs with log_level: warn", _level_warn),
    Fault("log-dir-unset", "file.log-dir-unset", "boundary has no log_dir and writes to stderr", _log_dir_unset),
)
