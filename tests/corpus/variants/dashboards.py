"""Another dashboard over the same data, with what the dashboards of real deployments have."""

import json
from collections.abc import Callable
from typing import Any

from obs_check.lab.settings import LOKI_UID, LabSettings

Dashboard = dict[str, Any]
_LOKI = {"type": "loki", "uid": LOKI_UID}
_LINES = '{namespace="coder"} |= `boundary_request` | json decision=`fields.decision`, owner=`fields.owner`'
_URL = r'regexp `"http_url":"(?P<address>https?://[^?"]+)`'


def drawn(change: Callable[[Dashboard], None]) -> Callable[[LabSettings], None]:
    """A change of the dashboard and of the file that it comes from, so that neither drifts from the other."""

    def both(settings: LabSettings) -> None:
        change(settings.dashboard)
        source = json.loads(settings.source)
        change(source)
        settings.source = json.dumps(source, indent=2)

    return both


def rewritten_exprs(change: Callable[[str], str]) -> Callable[[LabSettings], None]:
    """Every LogQL expression of the dashboard changed."""

    def all_of(dashboard: Dashboard) -> None:
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                if target["datasource"]["type"] == "loki":
                    target["expr"] = change(target["expr"])

    return drawn(all_of)


def _panel(number: int, kind: str, title: str, expr: str, query: str = "instant", **more: Any) -> dict[str, Any]:
    target = {"refId": "A", "datasource": _LOKI, "queryType": query, "editorMode": "code", "expr": expr}
    place = {"x": 0, "y": 60 + number, "w": 12, "h": 6}
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    fields: dict[str, Any] = {"defaults": {}, "overrides": []}
    known = {"id": number, "type": kind, "title": title, "datasource": _LOKI, "gridPos": place, "targets": [target]}
    return {**known, "fieldConfig": fields, "options": options, **more}


def _variable(name: str, kind: str, query: Any, value: Any, **more: Any) -> dict[str, Any]:
    text = "All" if value == "$__all" else value
    return {"name": name, "type": kind, "query": query, "current": {"text": text, "value": value}, **more}


def deployed(settings: LabSettings) -> None:
    """The dashboard as a deployment draws it. Rows of an instant answer are named by their labels, which no override
    renames."""
    drawn(_deployed)(settings)
    renamed = "1: {path: B, kind: count, by: decision, names: {allow: Allowed, deny: Denied}}"
    assert renamed in settings.expect
    settings.expect = settings.expect.replace(renamed, "1: {path: B, kind: count, by: decision}")


def _deployed(dashboard: Dashboard) -> None:
    """Instant for range, bars for numbers, tables without the query string, a repeated panel and a repeated row, other
    kinds of variables; the added panels have no expectation."""
    by_id = {panel["id"]: panel for panel in dashboard["panels"]}
    by_id[1]["type"] = "bargauge"
    by_id[1]["targets"][0]["queryType"] = "instant"
    by_id[1]["options"]["reduceOptions"]["values"] = True
    by_id[7]["type"] = "stat"
    for panel in (by_id[2], by_id[3]):
        panel["targets"][0]["expr"] = panel["targets"][0]["expr"].replace("topk(20, ", "topk(10, ")
    variables = dashboard["templating"]["list"]
    owners = _variable("owner", "custom", "joe,ann", "$__all", includeAll=True, allValue=".*", multi=True)
    dashboard["templating"]["list"] = [
        *(owners if v["name"] == "owner" else v for v in variables),
        _variable("verdict", "custom", "allow,deny", ["allow", "deny"], multi=True, includeAll=False),
        _variable(
            "pod",
            "query",
            {"label": "pod", "stream": '{namespace="coder"}', "type": 1},
            "$__all",
            datasource=_LOKI,
            includeAll=True,
            multi=True,
            refresh=2,
        ),
        _variable("every", "interval", "1m,5m,1h", "5m", auto=False),
        _variable("level", "constant", "INFO", "INFO", hide=2),
        {"name": "filters", "type": "adhoc", "datasource": _LOKI, "filters": []},
    ]
    by_url = f"sum by (address) (count_over_time({_LINES} | decision=`%s` | owner=~`$owner` | {_URL} [%s]))"
    one_verdict = f"sum(count_over_time({_LINES} | decision=`$verdict` | owner=~`$owner` [$__range]))"
    dashboard["panels"] += [
        _panel(31, "table", "Denied addresses", "topk(20, " + by_url % ("deny", "$__range") + ")"),
        _panel(32, "bargauge", "Allowed addresses", by_url % ("allow", "$__range")),
        _panel(33, "stat", "Requests: $verdict", one_verdict, repeat="verdict", repeatDirection="h"),
        _panel(34, "timeseries", "Rate", f"sum by (decision) (rate({_LINES} | owner=~`$owner` [$every]))", "range"),
        _panel(35, "logs", "coderd, level $level", '{namespace="coder", pod=~"$pod"} |= `$level`', "range"),
        {"id": 110, "type": "row", "title": "Owners: $verdict", "collapsed": False, "repeat": "verdict", "panels": []},
        _panel(36, "timeseries", "By owner", one_verdict.replace("sum(", "sum by (owner) (", 1), "range"),
    ]


def folded(dashboard: Dashboard) -> None:
    """Rows that are closed, which hold their panels, and a datasource that a variable names."""
    rows: list[dict[str, Any]] = []
    for panel in dashboard["panels"]:
        for holder in (panel, *panel.get("targets", [])):
            if (holder.get("datasource") or {}).get("uid") == LOKI_UID:
                holder["datasource"] = {"type": "loki", "uid": "${logs}"}
        if panel["type"] == "row" or not rows:
            rows.append(panel)
        else:
            rows[-1]["panels"].append(panel)
            rows[-1]["collapsed"] = True
    dashboard["panels"] = rows
    dashboard["templating"]["list"].insert(0, _variable("logs", "datasource", "loki", LOKI_UID))


def seldom(dashboard: Dashboard) -> None:
    """Panels of lines that come once a month, without an expectation: empty they are as good as full."""
    dashboard["panels"] += [
        _panel(41, "logs", "Panics", '{namespace="coder"} |= `panic:`', "range"),
        _panel(42, "stat", "Panics", 'sum(count_over_time({namespace="coder"} |= `panic:` [$__range]))'),
    ]
