"""A Grafana from PATH with the lab's datasources and dashboards. It asks nothing of the internet."""

import configparser
import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from obs_check.errors import UsageError
from obs_check.lab.native.program import NativeProgram, on_path
from obs_check.lab.settings import SESSIONS, SQL_UID, LabSettings
from obs_check.panel.macros import knows_auto, without_auto

if TYPE_CHECKING:
    import httpx

MISSING = "grafana is not with its conf/defaults.ini in .., /usr/share/grafana or $GF_PATHS_HOME"


def home() -> Path | None:
    """The directory with Grafana's conf and public of the `grafana` on PATH; None when either is not there."""
    program = shutil.which("grafana")
    if program is None:
        return None
    places = [Path(program).resolve().parent.parent, Path("/usr/share/grafana")]
    if named := os.environ.get("GF_PATHS_HOME"):
        places.insert(0, Path(named))
    return next((place for place in places if (place / "conf/defaults.ini").is_file()), None)


class NativeGrafana(NativeProgram):
    """Its database is below `directory`; `datasources` and `dashboards` (files, that cannot be saved) are provisioned.
    `sub_path` is served below that path."""

    program = "grafana"
    ready_path = "/api/health"

    def __init__(
        self,
        directory: Path,
        datasources: Sequence[Mapping[str, object]] = (),
        dashboards: Path | None = None,
        sub_path: str = "",
    ) -> None:
        super().__init__(directory)
        self.url += sub_path
        self._datasources = datasources
        self._dashboards = dashboards
        self._sub_path = sub_path
        self._password = secrets.token_hex(16)

    def arguments(self) -> list[str]:
        """With a configuration and provisioning of its own; UsageError when it is not installed whole."""
        found = home()
        if found is None:
            raise UsageError(MISSING, "set GF_PATHS_HOME to the folder that has conf and public")
        self._provision()
        config = configparser.RawConfigParser()
        config.read_dict(self._config())
        path = self._directory / "grafana.ini"
        path.touch(mode=0o600)
        with path.open("w", encoding="utf-8") as file:
            config.write(file)
        return ["server", f"--homepath={found}", f"--config={path}"]

    def admin(self) -> "httpx.Client":
        """A client with the rights of the administrator."""
        import httpx

        return httpx.Client(base_url=self.url, auth=("admin", self._password), timeout=60, trust_env=False)

    def token(self, role: str) -> str:
        """The token of a new service account: Viewer, Editor, Admin or None (which may do nothing)."""
        with self.admin() as admin:
            name = f"obs-check-{role}-{secrets.token_hex(4)}".lower()
            account = admin.post("/api/serviceaccounts", json={"name": name, "role": role}).raise_for_status().json()
            path = f"/api/serviceaccounts/{account['id']}/tokens"
            return str(admin.post(path, json={"name": name}).raise_for_status().json()["key"])

    def save(self, model: Mapping[str, object]) -> None:
        """Import a dashboard, as a person does: it can be saved again."""
        with self.admin() as admin:
            body = {"dashboard": {**model, "id": None}, "overwrite": True}
            admin.post("/api/dashboards/db", json=body).raise_for_status()

    def _config(self) -> dict[str, dict[str, str]]:
        data = self._directory / "data"
        return {
            "paths": {
                "data": str(data),
                "logs": str(data / "log"),
                "plugins": str(data / "plugins"),
                "provisioning": str(self._directory / "provisioning"),
            },
            "server": {
                "http_addr": "127.0.0.1",
                "http_port": str(self._port),
                "root_url": f"http://127.0.0.1:{self._port}{self._sub_path}/",
                "serve_from_sub_path": str(bool(self._sub_path)).lower(),
            },
            "security": {"admin_user": "admin", "admin_password": self._password, "disable_gravatar": "true"},
            "auth.anonymous": {"enabled": "false"},
            "users": {"allow_sign_up": "false"},
            "analytics": {
                "reporting_enabled": "false",
                "check_for_updates": "false",
                "check_for_plugin_updates": "false",
            },
            "news": {"news_feed_enabled": "false"},
            "plugins": {"preinstall_disabled": "true", "public_key_retrieval_disabled": "true"},
            "unified_alerting": {"enabled": "false"},
            "log": {"mode": "console", "level": "warn"},
        }

    def _provision(self) -> None:
        folder = self._directory / "provisioning"
        for name in ("datasources", "dashboards", "plugins", "alerting", "access-control"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        sources = [{"access": "proxy", "orgId": 1, **one} for one in self._datasources]
        document: dict[str, object] = {"apiVersion": 1, "datasources": sources}
        (folder / "datasources/all.yaml").write_text(yaml.safe_dump(document), "utf-8")
        if self._dashboards is not None:
            options = {"path": str(self._dashboards)}
            provider = {"name": "files", "type": "file", "updateIntervalSeconds": 1, "options": options}
            document = {"apiVersion": 1, "providers": [provider]}
            (folder / "dashboards/all.yaml").write_text(yaml.safe_dump(document), "utf-8")


def fit(settings: LabSettings) -> None:
    """Write the dashboards as this Grafana reads them; UsageError for the one over coderd's database, which only the
    lab's own can ask."""
    if any("rawSql" in str(panel) for panel in settings.dashboard["panels"]):
        raise UsageError("only the lab's own Grafana can ask coderd's database", "leave out --native grafana")
    settings.datasources = [one for one in settings.datasources if one["uid"] != SQL_UID]
    if not knows_auto(str(major() or "")):
        settings.dashboard = without_auto(settings.dashboard)
        settings.source = json.dumps(without_auto(json.loads(settings.source)), indent=2, ensure_ascii=False) + "\n"


def imported_dashboards(directory: Path) -> list[Any]:
    """The dashboards of a lab's folder, those over coderd's database left out."""
    files = sorted((directory / "dashboards").glob("*.json"))
    return [json.loads(file.read_text("utf-8")) for file in files if file.stem != SESSIONS]


def major() -> int | None:
    """The major version of the `grafana` on PATH, None where it does not say. Raises UsageError when there is none."""
    said = subprocess.run([on_path("grafana"), "--version"], capture_output=True, text=True, timeout=30).stdout
    found = re.search(r"version (\d+)\.", said)
    return int(found[1]) if found else None
