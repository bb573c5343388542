"""One cause, many panels: findings of one cause become one, with everyone's panels, proof and edits."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from obs_check.evidence.dashboard_edit import dashboard_fix
from obs_check.model.finding import DashboardEdit, FileEdit, Finding, join_evidence


def group_findings(findings: Iterable[Finding], uid: str, dashboard: Mapping[str, object]) -> list[Finding]:
    """Findings of the same cause joined, in the order of first appearance; the claim is the first panel's."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        key = (finding.cause, finding.group or finding.fix.summary)
        groups.setdefault(key, []).append(finding)
    found = []
    for group in groups.values():
        first = group[0]
        edits: list[DashboardEdit] = []
        known: dict[int | None, list[DashboardEdit]] = {}
        for edit in (e for f in group for e in f.fix.edits):
            # An edit of the dashboard itself is the same for every panel.
            if not isinstance(edit, FileEdit) and edit not in (same := known.setdefault(edit.panel, [])):
                same.append(edit)
                edits.append(edit)
        fix = first.fix
        if edits:
            fix = dashboard_fix(first.fix.summary, uid, dashboard, edits, first.fix.meaning)
            # What a person has to look at in one panel is not done unseen in the others.
            safe = all(f.fix.safety == "safe" for f in group)
            fix = replace(fix, safety="safe" if safe else "review")
        panels = tuple(sorted({p for f in group for p in f.panels}))
        found.append(replace(first, panels=panels, evidence=join_evidence([f.evidence for f in group]), fix=fix))
    return found
