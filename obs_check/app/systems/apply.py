"""Apply the edits of a fix: files are written, dashboards saved as a new version. Only ever on request."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from obs_check.app.systems.merge_edits import one_edit_a_file, one_edit_a_target
from obs_check.client.files.text_files import read_exact, replace_text
from obs_check.errors import ConfigError
from obs_check.model.finding import DashboardEdit, FileEdit, Finding


def apply_fixes(
    findings: Iterable[Finding], change_dashboard: Callable[[tuple[DashboardEdit, ...], str], str]
) -> list[str]:
    """Apply every edit once; returns a line for each change, with the way back.

    `change_dashboard` gets all edits of the dashboard at once and a message. ConfigError, before anything is changed,
    when a file is no longer what the fix was made for or the dashboard cannot be changed; one for a file that cannot be
    written any more says what was changed before it.
    """
    done = []
    files: list[FileEdit] = []
    targets: list[DashboardEdit] = []
    causes: list[str] = []
    for finding in findings:
        for edit in finding.fix.edits:
            if isinstance(edit, FileEdit):
                files.append(edit)
            else:
                targets.append(edit)
                causes.append(finding.cause)
    files = one_edit_a_file(files)
    for file in files:
        _check(file)
    if targets:
        done.append(change_dashboard(one_edit_a_target(targets), f"obs-check: {', '.join(dict.fromkeys(causes))}"))
    for file in files:
        try:
            done.append(_write(file))
        except ConfigError as error:
            before = f"; before that: {'; '.join(done)}" if done else ""
            raise ConfigError(f"{error.message}{before}", error.hint) from error
    return done


def _check(edit: FileEdit) -> None:
    path = Path(edit.path)
    try:
        same = read_exact(path) == edit.before
    except (OSError, UnicodeDecodeError):
        same = False
    if not same:
        raise ConfigError(f"{path} has changed since it was diagnosed", "run diagnose again")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise ConfigError(
            f"{path}: it or its directory cannot be written", "make the change by hand, or with the rights"
        )


def _write(edit: FileEdit) -> str:
    path = Path(edit.path)
    backup = replace_text(path, edit.before, edit.after)
    return f"{path} changed; the text before is {backup}; it counts once the program that reads it is restarted"
