"""Annotations, in memory."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from obs_check.model.window import MS
from obs_check.standin.grafana.refusal import GrafanaRefusal


class Annotations:
    """What was posted, newest first; times in ms since the epoch. `clock` gives ns."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: list[dict[str, Any]] = []

    def add(self, body: object) -> dict[str, Any]:
        """Keep one; Refusal without a text. A missing time is now."""
        if not isinstance(body, dict) or not body.get("text"):
            raise GrafanaRefusal(400, "Failed to save annotation")
        moment = int(body.get("time") or self._clock() // MS)
        with self._lock:
            row = {
                "id": len(self._rows) + 1,
                "dashboardUID": body.get("dashboardUID") or "",
                "panelId": int(body.get("panelId") or 0),
                "time": moment,
                "timeEnd": int(body.get("timeEnd") or moment),
                "tags": list(body.get("tags") or []),
                "text": str(body["text"]),
            }
            self._rows.insert(0, row)
        return {"message": "Annotation added", "id": row["id"]}

    def change(self, number: int, body: object) -> dict[str, Any]:
        """Replace the given parts of one; Refusal 404 when there is none."""
        with self._lock:
            for row in self._rows:
                if row["id"] == number and isinstance(body, dict):
                    row.update({key: body[key] for key in ("time", "timeEnd", "tags", "text") if key in body})
                    return {"message": "Annotation patched"}
        raise GrafanaRefusal(404, "Annotation not found")

    def find(self, params: Mapping[str, str], tags: list[str]) -> list[dict[str, Any]]:
        """Those of a dashboard, with all the tags, that touch the range from..to."""
        start, end = int(params.get("from") or 0), int(params.get("to") or 1 << 62)
        uid = params.get("dashboardUID", "")
        limit = int(params.get("limit") or 100)
        with self._lock:
            rows = [
                dict(row)
                for row in self._rows
                if row["timeEnd"] >= start
                and row["time"] <= end
                and (not uid or row["dashboardUID"] == uid)
                and set(tags) <= set(row["tags"])
            ]
        return rows[:limit]
