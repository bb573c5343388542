"""Where a dashboard comes from, and where a change of it has to go: Grafana, a file, or what provisions it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from obs_check.app.systems.dashboard_file import edit_file, in_words, is_of_operator
from obs_check.client.files.local_files import read_document
from obs_check.client.grafana.client import GrafanaClient
from obs_check.errors import ConfigError, Refused
from obs_check.evidence.dashboard_edit import apply_edits
from obs_check.model.finding import DashboardEdit
from obs_check.model.tree import Json
from obs_check.panel.library import as_references, is_library_panel, with_library_panels

_ELSEWHERE = re.compile(r"/apis/dashboard\.grafana\.app/[^\s\"]+")
_UID = re.compile(r"[^/\\\0]+")
"""Grafana 13 takes letters, digits, - and _; earlier ones had others, too. None has what parts a path."""
FILE_SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class DashboardSource:
    """A dashboard as it was read. `document` is its model, or for a file what holds it; `file` is the file it was read
    from, else None; `provisioned` names the file that Grafana itself reads it from ("" when it does not), and `kept` is
    the file that obs-check.yaml says that it comes from."""

    name: str
    document: dict[str, Any]
    file: Path | None = None
    provisioned: str = ""
    kept: Path | None = None

    def apply(
        self, edits: tuple[DashboardEdit, ...], dashboard: Mapping[str, object], message: str, grafana: GrafanaClient
    ) -> tuple[str, Path | None]:
        """Change the dashboard where it is kept; returns a line that says what was done and how to go back, and the
        file that was written.

        `dashboard` is the model that the edits were made for. Grafana refuses to save what it provisions, and
        grafana-operator undoes what was saved: that is changed in the file that it comes from, where obs-check.yaml
        names it. In a file only what changes is replaced,
        so that its form is kept; ConfigError where it is not found as it was read.
        """
        if self.file is not None:
            return edit_file(self.file, edits, dashboard), self.file
        if self.kept is not None and (self.provisioned or is_of_operator(self.kept)):
            return self._provisioned_from(self.kept, edits, dashboard)
        return self._saved(edits, dashboard, message, grafana), None

    def _provisioned_from(
        self, kept: Path, edits: tuple[DashboardEdit, ...], dashboard: Mapping[str, object]
    ) -> tuple[str, Path | None]:
        try:
            done = edit_file(kept, edits, dashboard)
        except ConfigError as error:
            return f"{self.name} was NOT changed: {error.message}; {error.hint}", None
        who = f"{self.provisioned} is provisioned anew" if self.provisioned else "grafana-operator has it"
        return f"{done}; Grafana shows it once {who} (kubectl apply -f {kept})", kept

    def _saved(
        self, edits: tuple[DashboardEdit, ...], dashboard: Mapping[str, object], message: str, grafana: GrafanaClient
    ) -> str:
        if "spec" in self.document:
            return (
                f"{self.name} was NOT changed: it is kept in schema v2, which obs-check does not write; "
                "change it in Grafana as the diff shows"
            )
        borrowed = [e for e in edits if e.panel is not None and is_library_panel(dashboard, e.panel)]
        own = tuple(edit for edit in edits if edit not in borrowed)
        named = ", ".join(dict.fromkeys(f"panel {edit.panel} is a library panel" for edit in borrowed))
        shared = f"{named}, which all dashboards share; change it in Grafana's list of library panels as the diff shows"
        if not own:
            return f"{self.name} was NOT changed: {shared}"
        if self.provisioned:
            return (
                f"{self.name} was NOT changed: it is provisioned from {self.provisioned}, and Grafana does not save "
                "changes of such a dashboard; change that file as the diff shows, or name it in obs-check.yaml (source)"
            )
        changed = apply_edits(dashboard, own)
        before = changed.get("version")
        after = grafana.save_dashboard(as_references(changed), message).value.get("version")
        path = f"/api/dashboards/uid/{quote(str(changed.get('uid') or ''), safe='')}/restore"
        left = f"; NOT changed: {shared}" if borrowed else ""
        return (
            f"{self.name} saved as version {after} with {in_words(own)}; "
            f'to go back restore version {before} in its settings (or POST {path} {{"version": {before}}}){left}'
        )


def open_dashboard(wanted: str, grafana: GrafanaClient, kept: Path | None = None) -> DashboardSource:
    """A dashboard by uid, or by file name; `kept` is the file that one of Grafana's comes from. ConfigError for a file
    that cannot be read, Unavailable, Refused or NotAllowed for a uid."""
    if wanted.endswith(FILE_SUFFIXES):
        path = Path(wanted)
        return DashboardSource(wanted, read_document(path), path)
    if not _UID.fullmatch(wanted):
        raise ConfigError(
            f"dashboard {wanted!r} is neither the uid of one nor a file",
            "the uid stands behind /d/ in the browser's address; a file ends in .json, .yaml or .yml",
        )
    try:
        answer: Mapping[str, Any] = grafana.dashboard(wanted).value
    except Refused as refused:
        # Grafana 12 names the place of a dashboard that is kept in schema v2.
        elsewhere = _ELSEWHERE.search(refused.body) if refused.status == 406 else None
        if elsewhere is None:
            raise
        return DashboardSource(f"dashboard {wanted}", grafana.dashboard_resource(elsewhere[0]).value)
    meta = answer.get("meta") or {}
    provisioned = str(meta.get("provisionedExternalId") or "a file") if meta.get("provisioned") else ""

    def library_panel(uid: str) -> Mapping[str, Json]:
        try:
            return grafana.library_panel(uid).value
        except Refused:
            # The dashboard is still read: this panel says for itself that it was not loaded.
            return {}

    document = with_library_panels(answer["dashboard"], library_panel)
    return DashboardSource(f"dashboard {wanted}", document, None, provisioned, kept)
