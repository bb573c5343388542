"""Edits of several fixes that touch the same thing, made into one."""

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from obs_check.documents.yaml_differences import Difference, text_differences
from obs_check.errors import ConfigError
from obs_check.model.finding import DashboardEdit, FileEdit, TargetEdit


def one_edit_a_target(edits: Sequence[DashboardEdit]) -> tuple[DashboardEdit, ...]:
    """The same changes with one edit a target: from the text that is there to that of the last fix."""
    others = [e for e in edits if not isinstance(e, TargetEdit)]
    targets: dict[tuple[int, str], TargetEdit] = {}
    for edit in edits:
        if isinstance(edit, TargetEdit):
            first = targets.get((edit.panel, edit.ref_id), edit)
            targets[edit.panel, edit.ref_id] = TargetEdit(edit.panel, edit.ref_id, first.before, edit.after)
    return (*targets.values(), *others)


def one_edit_a_file(edits: Iterable[FileEdit]) -> list[FileEdit]:
    """The same changes with one edit a file. ConfigError where two of them change the same lines, and where the text of
    both would say something else than what each of them changes."""
    by_path: dict[str, list[FileEdit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    return [FileEdit(path, found[0].before, _together(path, found)) for path, found in by_path.items()]


def _together(path: str, edits: Sequence[FileEdit]) -> str:
    before = edits[0].before.splitlines(keepends=True)
    changes: list[tuple[int, int, list[str]]] = []
    for edit in edits:
        after = edit.after.splitlines(keepends=True)
        for kind, start, end, low, high in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
            change = (start, end, after[low:high])
            if kind != "equal" and change not in changes:
                changes.append(change)
    changes.sort(key=lambda change: change[:2])
    text: list[str] = []
    at = 0
    for start, end, lines in changes:
        if start < at:
            raise ConfigError(f"{path}: two fixes change line {start + 1}", "apply one of them and diagnose again")
        text += [*before[at:start], *lines]
        at = end
    together = "".join([*text, *before[at:]])
    wanted: Counter[Difference] = Counter()
    for edit in edits:
        wanted |= Counter(text_differences(edit.before, edit.after))
    if Counter(text_differences(edits[0].before, together)) != wanted:
        raise ConfigError(f"{path}: two fixes do not go together", "apply one of them and diagnose again")
    return together
