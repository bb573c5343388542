"""Which fixes are applied, what they would change, and all of them as one patch."""

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from obs_check.app.systems.dashboard_file import in_words
from obs_check.app.systems.merge_edits import one_edit_a_file, one_edit_a_target
from obs_check.documents.nearest import did_you_mean
from obs_check.documents.patch import NOT_AS_TEXT
from obs_check.errors import UsageError
from obs_check.evidence.dashboard_edit import file_diff
from obs_check.model.finding import DashboardEdit, FileEdit, Finding
from obs_check.model.wording import count_noun


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
        if finding.severity == "info" and not finding.fix.edits:
            # It says how things are, and there is nothing to mend.
            continue
        if not finding.fix.edits:
            left_out.append(f"{finding.cause} is for a person to mend: {finding.fix.summary}")
        elif finding.fix.safety == "safe" or (finding.fix.safety == "review" and also_review):
            taken.append(finding)
        else:
            left_out.append(f"{finding.cause} is to be reviewed first; --also-review applies it: {finding.fix.summary}")
    return Chosen(tuple(taken), tuple(left_out))


@dataclass(frozen=True, slots=True)
class Patch:
    """A `text` for `patch -p1` in `folder`, of so many `files`. `left_out` are sentences of what only --apply changes:
    they are comments of the text, too."""

    text: str
    folder: Path
    files: int
    left_out: tuple[str, ...]


def patch_of(findings: Iterable[Finding]) -> Patch:
    """All changes of files as one patch: of a file one diff, whose changes go together. What cannot be written without
    a secret is left out, and so are dashboards, which are not files where the patch is applied."""
    findings = list(findings)
    edits = one_edit_a_file(e for f in findings for e in f.fix.edits if isinstance(e, FileEdit))
    folder = Path(os.path.commonpath([Path(edit.path).absolute().parent for edit in edits])) if edits else Path.cwd()
    diffs = [file_diff(replace(edit, path=str(Path(edit.path).absolute())), folder) for edit in edits]
    held = [diff.partition("\n")[0].removeprefix("# ") for diff in diffs if diff.startswith(NOT_AS_TEXT)]
    places = dict.fromkeys(f.fix.path for f in findings if any(not isinstance(e, FileEdit) for e in f.fix.edits))
    left_out = (*held, *(f"{place} is saved in Grafana by --apply, and no file to patch" for place in places))
    taken = [diff for diff in diffs if not diff.startswith(NOT_AS_TEXT)]
    return Patch("".join([*(f"# {one}\n" for one in left_out), *taken]), folder, len(taken), left_out)


def _dashboard_edits(findings: Iterable[Finding]) -> tuple[DashboardEdit, ...]:
    return one_edit_a_target([e for f in findings for e in f.fix.edits if not isinstance(e, FileEdit)])


def _counted(edit: FileEdit) -> str:
    marks = [line[:1] for line in file_diff(edit).split("\n")]
    return f"{count_noun(marks.count('+') - 1, 'line')} added, {marks.count('-') - 1} taken away"
