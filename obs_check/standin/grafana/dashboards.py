"""The dashboards of the lab Grafana: one JSON file each, written back when one is saved."""

import json
import re
import threading
from pathlib import Path
from typing import Any

from obs_check.model.tree import Json
from obs_check.standin.grafana.refusal import GrafanaRefusal

_UID = re.compile(r"[a-zA-Z0-9_-]{1,40}")


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "dashboard"


class Dashboards:
    """Files `*.json` of a folder; a file without `uid` goes by its name. What is saved is read again from the file, so
    that an edit by hand is seen. Those in its folder `provisioned` cannot be saved; its folder `library` has library
    panels, `<uid>.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._messages: dict[str, list[dict[str, Any]]] = {}

    def _read(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        found = {}
        for path in sorted([*self._folder.glob("*.json"), *self._folder.glob("provisioned/*.json")]):
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                # Grafana's provisioning skips a file it cannot read.
                continue
            if isinstance(document, dict):
                found[str(document.get("uid") or path.stem)] = (path, document)
        return found

    def _find(self, uid: str) -> tuple[Path, dict[str, Any]]:
        try:
            return self._read()[uid]
        except KeyError:
            raise GrafanaRefusal(404, "Dashboard not found") from None

    def get(self, uid: str) -> dict[str, Any]:
        """{"meta", "dashboard"}; Refusal (404) when there is none."""
        path, document = self._find(uid)
        if "elements" in document:
            place = f"/apis/dashboard.grafana.app/v2beta1/namespaces/default/dashboards/{uid}"
            raise GrafanaRefusal(406, f"dashboard api version not supported, use {place} instead")
        provisioned = path.parent != self._folder
        version = int(document.get("version") or 1)
        slug = _slug(str(document.get("title", uid)))
        meta = {
            "type": "db",
            "slug": slug,
            "url": f"/d/{uid}/{slug}",
            "version": version,
            "canSave": True,
            "canEdit": True,
            "provisioned": provisioned,
            "provisionedExternalId": path.name if provisioned else "",
            "folderUid": "",
            "folderTitle": "General",
            "apiVersion": "v1",
        }
        return {"meta": meta, "dashboard": {**document, "uid": uid, "version": version}}

    def resource(self, uid: str) -> dict[str, Any]:
        """A dashboard of schema v2 as /apis has it; Refusal (404) when there is none."""
        _, document = self._find(uid)
        spec = {key: value for key, value in document.items() if key != "uid"}
        version = "dashboard.grafana.app/v2beta1"
        return {"kind": "Dashboard", "apiVersion": version, "metadata": {"name": uid}, "spec": spec}

    def search(self, query: str = "", uids: list[str] | None = None) -> list[dict[str, Any]]:
        """Dashboards whose title contains `query`, or of these uids."""
        rows = []
        for number, (uid, (_, document)) in enumerate(self._read().items(), 1):
            title = str(document.get("title", uid))
            if query.lower() not in title.lower() or (uids and uid not in uids):
                continue
            slug = _slug(title)
            rows.append(
                {
                    "id": number,
                    "uid": uid,
                    "title": title,
                    "uri": f"db/{slug}",
                    "url": f"/d/{uid}/{slug}",
                    "type": "dash-db",
                    "tags": document.get("tags") or [],
                    "isStarred": False,
                }
            )
        return rows

    def save(self, body: Any) -> dict[str, Any]:
        """Write a new version; Refusal 412 when the sender has not seen the latest one and does not overwrite."""
        sent = body.get("dashboard") if isinstance(body, dict) else None
        if not isinstance(sent, dict):
            raise GrafanaRefusal(400, "bad request data")
        if not sent.get("title"):
            raise GrafanaRefusal(400, "Dashboard title cannot be empty", status="empty-name")
        uid = str(sent.get("uid") or _slug(str(sent["title"])))
        if _UID.fullmatch(uid) is None:
            long = "uid too long, max 40 characters"
            raise GrafanaRefusal(400, long if len(uid) > 40 else "uid contains illegal characters")
        with self._lock:
            known = self._read().get(uid)
            if known is None:
                path, version = self._folder / f"{uid}.json", 1
            else:
                path, document = known
                if path.parent != self._folder:
                    raise GrafanaRefusal(400, "Cannot save provisioned dashboard")
                current = int(document.get("version") or 1)
                if int(sent.get("version") or 0) != current and not body.get("overwrite"):
                    message = "The dashboard has been changed by someone else"
                    raise GrafanaRefusal(412, message, status="version-mismatch")
                version = current + 1
            text = json.dumps({**sent, "uid": uid, "version": version}, indent=2, ensure_ascii=False) + "\n"
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)
            note = {"version": version, "message": str(body.get("message") or "")}
            self._messages.setdefault(uid, []).insert(0, note)
        slug = _slug(str(sent["title"]))
        return {"uid": uid, "url": f"/d/{uid}/{slug}", "slug": slug, "status": "success", "version": version}

    def library_element(self, uid: str) -> dict[str, Json]:
        """{"result": {"uid", "kind", "model"}}; Refusal (404) when there is none."""
        path = self._folder / "library" / f"{uid}.json"
        if _UID.fullmatch(uid) is None or not path.is_file():
            raise GrafanaRefusal(404, "library element could not be found")
        model = json.loads(path.read_text(encoding="utf-8"))
        result = {"uid": uid, "name": model.get("title", uid), "kind": 1, "type": model.get("type", ""), "model": model}
        return {"result": result}

    def versions(self, uid: str) -> dict[str, object]:
        """The versions saved since the start, newest first, with their messages."""
        self._find(uid)
        return {"versions": list(self._messages.get(uid, []))}
