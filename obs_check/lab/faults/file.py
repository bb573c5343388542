"""Faults of boundary's own log files."""

from pathlib import Path

from obs_check.lab.faults.fault import Fault
from obs_check.lab.settings import LabSettings, boundary_logs


def _level_warn(settings: LabSettings) -> None:
    settings.boundary["log_level"] = "warn"


def _level_error(settings: LabSettings) -> None:
    settings.boundary["log_level"] = "error"


def _log_dir_unset(settings: LabSettings) -> None:
    del settings.boundary["log_dir"]


def _clean_tmp(directory: Path) -> None:
    for path in boundary_logs(directory).glob("*.log"):
        if "Start landjail manager" in path.read_text("utf-8"):
            path.unlink()


def _tmp_cleaned(settings: LabSettings) -> None:
    settings.finish.append(_clean_tmp)


def _json_lines(settings: LabSettings) -> None:
    settings.firewall.json_lines = True


def _close(directory: Path) -> None:
    for path in boundary_logs(directory).glob("*.log"):
        path.chmod(0o000)


def _mode_000(settings: LabSettings) -> None:
    settings.finish.append(_close)


FILE_FAULTS: tuple[Fault, ...] = (
    Fault("level-warn", "file.level-hides-allow", "boundary runs with log_level: warn", _level_warn),
    Fault("level-error", "file.level-hides-allow", "boundary runs with log_level: error", _level_error),
    Fault("log-dir-unset", "file.log-dir-unset", "boundary has no log_dir and writes to stderr", _log_dir_unset),
    Fault("mode-000", "file.unreadable", "nobody but root may read boundary's files", _mode_000, unprivileged=True),
    Fault("tmp-cleaned", "file.empty-child-file-only", "boundary's file was removed while it runs", _tmp_cleaned),
    Fault("json-lines", "file.format-changed", "boundary writes JSON lines", _json_lines),
)
