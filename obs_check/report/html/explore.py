"""Links into Grafana's Explore, in the form that the server of a report understands."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from obs_check.model.window import MS

_QUERY = re.compile(r"^(?:GET|POST) /loki/api/v1/(?P<kind>query|query_range)\s(?:.*\s)?query=(?P<query>.+)$", re.DOTALL)
_VERSION = re.compile(r"^(\d+)\.")
_PANES = 10
"""Grafana 10.0 introduced `schemaVersion=1&panes=`; servers before it read `left=` alone."""


def loki_query(request: str) -> tuple[str, str] | None:
    """The query that a request asks Loki, and `range` or `instant`; None for any other request."""
    found = _QUERY.match(request)
    return None if found is None else (found["query"], "range" if found["kind"] == "query_range" else "instant")


def explore_url(
    base: str, version: str, uid: str, queries: Sequence[Mapping[str, Any]], window: Mapping[str, Any]
) -> str | None:
    """The address of Explore with the queries filled in; None where the address of Grafana or of a datasource is not
    known. `queries` are targets as a panel has them, the window is {"start_ns", "end_ns"}.

    A server whose version is not known gets the form before Grafana 10, which newer ones still read.
    """
    if urlsplit(base).scheme not in ("http", "https") or not uid or not queries:
        return None
    start, end = window.get("start_ns"), window.get("end_ns")
    if not isinstance(start, int) or not isinstance(end, int):
        return None
    span = {"from": str(start // MS), "to": str(-(-end // MS))}
    pane = {"datasource": uid, "queries": [dict(query) for query in queries], "range": span}
    found = _VERSION.match(version)
    if found is not None and int(found[1]) >= _PANES:
        asked = f"schemaVersion=1&panes={_packed({'obs': pane})}&orgId=1"
    else:
        asked = f"orgId=1&left={_packed(pane)}"
    return f"{base.rstrip('/')}/explore?{asked}"


def _packed(value: Mapping[str, Any]) -> str:
    return quote(json.dumps(value, ensure_ascii=False, separators=(",", ":")), safe="")
