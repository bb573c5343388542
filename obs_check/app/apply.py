"""Apply the edits of a fix: files are written, dashboards saved as a new version. Only ever on request."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from obs_check.causes.dashboard_edit import edited
from obs_check.errors import ConfigError
from obs_check.model.finding import FileEdit, Finding, TargetEdit


def apply_fixes(
    findings: Iterable[Finding], dashboard: Mapping[str, Any], save_dashboard: Callable[[dict[str, Any], str], None]
) -> list[str]:
    """Apply every edit once; returns a line for each change, with the way back.

    ConfigError when a file is no longer what the fix was made for.
    """
    done = []
    targets: list[TargetEdit] = []
    causes: list[str] = []
    for finding in findings:
        for edit in finding.fix.edits:
            if isinstance(edit, FileEdit):
                done.append(_write(edit))
            else:
                targets.append(edit)
                causes.append(finding.cause)
    if targets:
        save_dashboard(edited(dashboard, targets), f"obs-check: {', '.join(dict.fromkeys(causes))}")
        done.append(f"dashboard saved with {len(targets)} changed queries; go back in its version history")
    return done


def _write(edit: FileEdit) -> str:
    path = Path(edit.path)
    if path.read_text() != edit.before:
        raise ConfigError(f"{path} has changed since it was diagnosed", "run diagnose again")
    backup = path.with_name(path.name + ".before")
    backup.write_text(edit.before)
    path.write_text(edit.after)
    return f"{path} changed; the text before is {backup}"
