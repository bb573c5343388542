"""Faults between a panel's query and the eye."""

from collections.abc import Callable
from typing import Any

from obs_check.lab.faults.fault import Change, Fault, exprs
from obs_check.lab.settings import LOKI_UID, LabSettings


def panel(number: int, change: Callable[[dict[str, Any]], None]) -> Change:
    """Change one panel of the dashboard."""

    def changed(settings: LabSettings) -> None:
        for one in settings.dashboard["panels"]:
            if one.get("id") == number:
                change(one)

    return changed


def _with(**values: object) -> Callable[[dict[str, Any]], None]:
    return lambda one: one.update(values)


def _no_datasource(settings: LabSettings) -> None:
    for one in settings.dashboard["panels"]:
        for holder in (one, *one.get("targets", [])):
            if (holder.get("datasource") or {}).get("uid") == "loki":
                holder["datasource"] = {"type": "loki", "uid": "loki-prod"}


def _hide(one: dict[str, Any]) -> None:
    for target in one["targets"]:
        target["hide"] = True


def _hide_series(one: dict[str, Any]) -> None:
    one["fieldConfig"]["overrides"].append(
        {
            "__systemRef": "hideSeriesFrom",
            "matcher": {"id": "byNames", "options": {"mode": "exclude", "names": ["Allowed"]}},
            "properties": [{"id": "custom.hideFrom", "value": {"viz": True, "legend": False, "tooltip": False}}],
        }
    )


def _lost_columns(one: dict[str, Any]) -> None:
    # What a change of the query from a range to an instant leaves behind: names of columns that are there no more.
    one["transformations"][0]["options"]["includeByName"] = {"Domain": True, "Requests": True}


def _row_limit(one: dict[str, Any]) -> None:
    threshold = {"id": "greater", "options": {"value": 1000}}
    filters = [{"fieldName": "Value #A", "config": threshold}]
    options = {"type": "include", "match": "any", "filters": filters}
    one["transformations"].insert(0, {"id": "filterByValue", "options": options})


def _zero_mapping(one: dict[str, Any]) -> None:
    result = {"from": 0, "to": 1000, "result": {"text": "0", "index": 0}}
    one["fieldConfig"]["defaults"]["mappings"] = [{"type": "range", "options": result}]


def _rate(one: dict[str, Any]) -> None:
    one["targets"][0]["expr"] = "sum(increase(agent_boundary_log_proxy_batches_forwarded_total[5m])) / 100000"


def _several_domains(settings: LabSettings) -> None:
    variables = settings.dashboard["templating"]["list"]
    domains = "allowed.example,denied.invalid"
    current = {"text": ["allowed.example", "denied.invalid"], "value": ["allowed.example", "denied.invalid"]}
    chosen = {"name": "domain", "type": "custom", "query": domains, "multi": True, "current": current}
    settings.dashboard["templating"]["list"] = [chosen if v["name"] == "domain" else v for v in variables]


def _filtered(settings: LabSettings) -> None:
    nobody = {"key": "filename", "operator": "=~", "value": ".*/nobody/.*"}
    source = {"type": "loki", "uid": LOKI_UID}
    variable = {"name": "Filters", "type": "adhoc", "datasource": source, "filters": [nobody]}
    settings.dashboard["templating"]["list"].append(variable)


def _equals_several(settings: LabSettings) -> None:
    _several_domains(settings)
    exprs(r"domain=~`\$domain`", 'domain="$domain"')(settings)


def _saved(name: str, value: str) -> Change:
    def change(settings: LabSettings) -> None:
        for variable in settings.dashboard["templating"]["list"]:
            if variable["name"] == name:
                variable |= {"query": value, "current": {"text": value, "value": value}}

    return change


def _other_uid(settings: LabSettings) -> None:
    settings.dashboard["uid"] = "agent-firewall-v2"


def _range_ended(settings: LabSettings) -> None:
    settings.dashboard["time"] = {"from": "now-7d", "to": "now-1d"}


def _edited_live(one: dict[str, Any]) -> None:
    target = one["targets"][0]
    target["expr"] = target["expr"].replace("sum by (domain)", "sum by (owner)")


PANEL_FAULTS: tuple[Fault, ...] = (
    Fault("dashboard-uid", "panel.dashboard-missing", "the dashboard was imported under another uid", _other_uid),
    Fault(
        "edited-live",
        "panel.dashboard-drift",
        "someone edited a panel in Grafana and it counts something else now",
        panel(3, _edited_live),
    ),
    Fault(
        "datasource-uid",
        "panel.datasource-missing",
        "the panels name a datasource that is not there",
        _no_datasource,
    ),
    Fault(
        "backslash-in-quotes",
        "panel.query-refused",
        "the panels' regular expression has one backslash in double quotes",
        exprs(r"`\"http_url\":\"https\?://\(\?P<domain>\[\^/:\"\]\+\)`", r'"http_url.:.https?://(?P<domain>[\\w.-]+)"'),
    ),
    Fault(
        "query-hidden",
        "panel.hidden-target",
        "the query of a panel is switched off",
        panel(3, _hide),
    ),
    Fault(
        "variable-not-regex",
        "panel.variable-empty",
        "the panels compare the owner with = instead of =~",
        exprs(r"owner=~`\$owner`", "owner=`$owner`"),
    ),
    Fault(
        "adhoc-filter",
        "panel.adhoc-filter",
        "the dashboard is saved with an ad hoc filter that no line passes",
        _filtered,
    ),
    Fault(
        "variable-equals",
        "panel.variable-multi-value",
        "the panels compare a domain with several values with = instead of =~",
        _equals_several,
    ),
    Fault(
        "variable-saved",
        "panel.variable-value-absent",
        "the dashboard is saved with an owner in the wrong case",
        _saved("owner", "Joe"),
    ),
    Fault(
        "variable-multi",
        "panel.variable-escaped",
        "the domain is a variable with several values, between backticks",
        _several_domains,
    ),
    Fault(
        "range-ended",
        "panel.time-range",
        "the dashboard was saved with a range that ends a day ago",
        _range_ended,
    ),
    Fault(
        "time-shift",
        "panel.time-range",
        "a panel looks at the day before",
        panel(7, _with(timeShift="1d")),
    ),
    Fault(
        "lines-reduced",
        "panel.transformation-drops",
        "the lines of a panel are reduced to one row a column, without their times",
        panel(8, _with(transformations=[{"id": "reduce", "options": {"reducers": ["last"]}}])),
    ),
    Fault(
        "columns-gone",
        "panel.transformation-drops",
        "a table keeps columns that its query does not return",
        panel(2, _lost_columns),
    ),
    Fault(
        "rows-filtered",
        "panel.transformation-drops",
        "a table keeps rows above 1000 only",
        panel(3, _row_limit),
    ),
    Fault(
        "series-hidden",
        "panel.override-hides",
        "a click on a legend entry was saved with the dashboard",
        panel(6, _hide_series),
    ),
    Fault(
        "reduced-field",
        "panel.reducer-blank",
        "a stat panel reduces a column that is not there",
        panel(1, lambda one: one["options"]["reduceOptions"].update(fields="/^count$/")),
    ),
    Fault(
        "zero-first",
        "panel.zero-masked",
        "a counter is shown as vector(0) or its value",
        panel(10, lambda one: one["targets"][0].update(expr=f"vector(0) or {one['targets'][0]['expr']}")),
    ),
    Fault(
        "zero-mapping",
        "panel.zero-masked",
        "a value mapping writes 0 for small numbers",
        panel(10, _zero_mapping),
    ),
    Fault(
        "no-decimals",
        "panel.rounded-to-zero",
        "a rate is shown without decimals",
        panel(10, _rate),
    ),
)
