"""Links into Grafana's Explore, in the form that the server of a report understands."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from obs_check.app.verify.document import JsonProbe
from obs_check.model.tree import Json, mapping_at
from obs_check.model.window import MS

_PROXY = re.compile(r"/api/datasources/proxy/uid/(?P<uid>[^/]+)/loki/api/v1/(?P<kind>query|query_range)\?(?P<asked>.*)")
_VERSION = re.compile(r"^(\d+)\.")
_PANES = 10
"""Grafana 10.0 introduced `schemaVersion=1&panes=`; servers before it read `left=` alone."""


def asked_queries(probe: "JsonProbe") -> tuple[str, list[dict[str, Any]]] | None:
    """The uid of the datasource that a probe asks through Grafana, and its queries as a panel has them; None where it
    asks something else."""
    exchange = mapping_at(probe, "exchange")
    body = exchange.get("body")
    if isinstance(body, Mapping) and str(exchange.get("target") or "").startswith("/api/ds/query"):
        queries = body_queries(body)
        uids = {datasource_of(query).get("uid") or "" for query in queries} - {"", "__expr__"}
        return (uids.pop() if len(uids) == 1 else "-- Mixed --", queries) if uids else None
    found = _PROXY.fullmatch(str(exchange.get("target") or ""))
    asked = parse_qs(found["asked"]) if found else {}
    if found is None or "query" not in asked:
        return None
    uid = unquote(found["uid"])
    kind = "range" if found["kind"] == "query_range" else "instant"
    return uid, [
        {"refId": "A", "datasource": {"type": "loki", "uid": uid}, "expr": asked["query"][0], "queryType": kind}
    ]


def body_queries(body: object) -> list[dict[str, Json]]:
    """The entries of a body for /api/ds/query; what a document keeps of a body may have any shape."""
    found = body.get("queries") if isinstance(body, Mapping) else None
    return [dict(entry) for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def datasource_of(query: Mapping[str, object]) -> dict[str, str]:
    """The `type` and `uid` that an entry names; "" for what it does not."""
    named = query.get("datasource")
    return {key: str(named.get(key) or "") for key in ("type", "uid")} if isinstance(named, Mapping) else {}


def explore_url(
    base: str, version: str, uid: str, queries: Sequence[Mapping[str, object]], window: Mapping[str, object]
) -> str | None:
    """The address of Explore with the queries filled in; None where the address of Grafana or of a datasource is not
    known. `queries` are targets as a panel has them, the window is {"start_ns", "end_ns"}.

    A server whose version is not known gets the form before Grafana 10, which newer ones still read.
    """
    if _scheme(base) not in ("http", "https") or not uid or not queries:
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


def _scheme(base: str) -> str:
    try:
        return urlsplit(base).scheme
    except ValueError:
        return ""


def _packed(value: Mapping[str, object]) -> str:
    return quote(json.dumps(value, ensure_ascii=False, separators=(",", ":")), safe="")
