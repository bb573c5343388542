"""Which fixes are applied, what they would change, and all of them as one patch."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from obs_check.app.systems.dashboard_file import in_words
from obs_check.app.systems.merge_edits import one_edit_a_file, one_edit_a_target
from obs_check.documents.nearest import did_you_mean
from obs_check.errors import UsageError
from obs_check.model.finding import DashboardEdit, FileEdit, Finding


@dataclass(frozen=True, slots=True)
class Chosen:
    """The findings whose fixes are `taken`, and a sentence for each fix that is left out."""

    taken: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()

    def changes(self, dashboard: str) -> list[str]:
        """What would change, one line a file and one for the dashboard of this name."""
        files = one_edit_a_file(e for f in self.taken for e in f.fix.edits if isinstance(e, FileEdit))
        lines = [f"{edit.path}: {_counted(edit)}" for edit in files]
        edits = _dashboard_edits(self.taken)
        return lines + ([f"dashboard {dashboard}: {in_words(edits)}"] if edits else [])


def chosen_fixes(findings: Sequence[Finding], only: Collection[str] = (), also_review: bool = False) -> Chosen:
    """The fixes that can be applied: safe ones, those to review only when asked for, of the causes `only` where some
    are named. UsageError for a cause that none of the findings has."""
    found = {finding.cause for finding in findings}
    if unknown := [cause for cause in only if cause not in found]:
        raise UsageError(f"--only {unknown[0]}: no such cause was found", did_you_mean(unknown[0], found))
    taken, left_out = [], []
    for finding in findings:
        if only and finding.cause not in only:
            continue
        if not finding.fix.edits:
            left_out.append(f"{finding.cause} is for a person to mend: {finding.fix.summary}")
        elif finding.fix.safety == "safe" or (finding.fix.safety == "review" and also_review):
            taken.append(finding)
        else:
            left_out.append(f"{finding.cause} is to be reviewed first; --also-review applies it: {finding.fix.summary}")
    return Chosen(tuple(taken), tuple(left_out))


def patch_of(findings: Iterable[Finding]) -> str:
    """All fixes that have a diff as one patch for `patch -p1`: of a file one diff, whose changes go together."""
    findings = list(findings)
    files = {edit.path: edit for edit in one_edit_a_file(e for f in findings for e in _files(f))}
    parts: dict[str, None] = {}
    for finding in findings:
        edits = _files(finding)
        if not edits and finding.fix.diff:
            parts[finding.fix.diff.rstrip("\n") + "\n"] = None
        for edit in edits:
            parts[_diff(files[edit.path])] = None
    return "".join(parts)


def _files(finding: Finding) -> list[FileEdit]:
    return [edit for edit in finding.fix.edits if isinstance(edit, FileEdit)]


def _dashboard_edits(findings: Iterable[Finding]) -> tuple[DashboardEdit, ...]:
    return one_edit_a_target([e for f in findings for e in f.fix.edits if not isinstance(e, FileEdit)])


def _diff(edit: FileEdit) -> str:
    name = Path(edit.path).name
    lines = difflib.unified_diff(edit.before.splitlines(True), edit.after.splitlines(True), f"a/{name}", f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _counted(edit: FileEdit) -> str:
    lines = [line for line in _diff(edit).splitlines()[2:] if line[:1] in "+-"]
    added = sum(line.startswith("+") for line in lines)
    return f"{added} lines added, {len(lines) - added} taken away"
