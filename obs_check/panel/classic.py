"""Reads the classic dashboard JSON: top-level panels, rows with children, and the rows of schemaVersion < 16."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from obs_check.errors import InputError
from obs_check.panel.elements import Dashboard, Panel, Target, Transformation, Variable


def read_classic(doc: Mapping[str, Any], source: str, like: Dashboard | None = None) -> Dashboard:
    """The dashboard that this document holds; InputError where a part is not what it has to be. Panels that are the
    very same JSON in `like` are taken from it: of many panels a change is about one."""
    variables = _items(_mapping(doc.get("templating"), "templating", source).get("list"), "templating.list", source)
    time = _mapping(doc.get("time"), "time", source)
    picker = _mapping(doc.get("timepicker"), "timepicker", source)
    return Dashboard(
        uid=str(doc.get("uid") or ""),
        title=str(doc.get("title") or ""),
        panels=tuple(_panels(doc, source, like)),
        variables=tuple(_variable(v) for v in variables),
        source=source,
        schema="classic",
        time_from=str(time.get("from") or "now-6h"),
        time_to=str(time.get("to") or "now"),
        timezone=str(doc.get("timezone") or ""),
        week_start=str(doc.get("weekStart") or ""),
        fiscal_start=int(doc.get("fiscalYearStartMonth") or 0),
        now_delay=str(picker.get("nowDelay") or ""),
        document=doc,
    )


def read_panel_json(raw: Mapping[str, Any], source: str, fallback_id: int, collapsed: bool = False) -> Panel:
    """One panel object, also as a library element's `model` holds it. `fallback_id` is used when it has no id."""
    where = f"panel {raw.get('id', fallback_id)}"
    grid = _mapping(raw.get("gridPos"), f"{where}.gridPos", source)
    library = _mapping(raw.get("libraryPanel"), f"{where}.libraryPanel", source)
    points = raw.get("maxDataPoints")
    transformations = _items(raw.get("transformations"), f"{where}.transformations", source)
    return Panel(
        id=int(raw["id"]) if isinstance(raw.get("id"), int | float) else fallback_id,
        title=str(raw.get("title") or library.get("name") or ""),
        type=_type(raw),
        datasource=raw.get("datasource"),
        targets=tuple(_target(t, i) for i, t in enumerate(_items(raw.get("targets"), f"{where}.targets", source))),
        transformations=(
            *(
                Transformation(
                    id=str(t.get("id") or ""),
                    options=_mapping(t.get("options"), f"{where}.transformations", source),
                    disabled=bool(t.get("disabled")),
                    filter=t.get("filter") or None,
                )
                for t in transformations
            ),
            *_of_old_table(raw),
        ),
        options=_options(raw, f"{where}.options", source),
        field_config=_field_config(raw, f"{where}.fieldConfig", source),
        interval=str(raw.get("interval") or ""),
        max_data_points=int(points) if points else None,
        time_from=str(raw.get("timeFrom") or ""),
        time_shift=str(raw.get("timeShift") or ""),
        width=int(grid.get("w") or raw.get("span", 6) * 2),
        collapsed=collapsed,
        repeat=str(raw.get("repeat") or ""),
        library=str(library.get("uid") or ""),
    )


_OLD_REDUCERS = {"avg": "mean", "total": "sum", "current": "lastNotNull"}
"""What Grafana calls the reducers of its old panels now."""


def _of_old_table(raw: Mapping[str, object]) -> Iterator[Transformation]:
    """A table of old that has a row for every series, by what Grafana makes of it (tablePanelChangedHandler)."""
    if raw.get("type") not in ("table", "table-old") or raw.get("transform") != "timeseries_aggregations":
        return
    columns = raw.get("columns")
    listed = [c.get("value") for c in columns if isinstance(c, Mapping)] if isinstance(columns, list) else []
    reducers = [_OLD_REDUCERS.get(str(one), str(one)) for one in listed]
    yield Transformation("reduce", {"reducers": reducers, "includeTimeField": False})


def _type(raw: Mapping[str, object]) -> str:
    """The panel's plugin; a graph of old that draws no time is what Grafana makes of it as it loads the dashboard."""
    axis = raw.get("xaxis")
    mode = axis.get("mode") if raw.get("type") == "graph" and isinstance(axis, Mapping) else ""
    return {"histogram": "histogram", "series": "barchart"}.get(str(mode), str(raw.get("type") or ""))


def _options(raw: Mapping[str, object], where: str, source: str) -> Mapping[str, object]:
    """The panel's options; a singlestat of old says elsewhere which number of a series it shows and whether it draws a
    line behind it, from where Grafana takes both as it makes a stat of the panel (migrateFromAngularSinglestat)."""
    found = _mapping(raw.get("options") or None, where, source)
    if raw.get("type") != "singlestat":
        return found
    line, name = raw.get("sparkline"), str(raw.get("valueName") or "avg")
    drawn = "area" if isinstance(line, Mapping) and line.get("show") else "none"
    return {"graphMode": drawn, "reduceOptions": {"calcs": [_OLD_REDUCERS.get(name, name)]}, **found}


def _steps_of_old(raw: Mapping[str, Any]) -> Mapping[str, object]:
    """The thresholds of a singlestat of old that is coloured by them; it has one colour more than limits."""
    colors, limits = raw.get("colors"), raw.get("thresholds")
    coloured = raw.get("colorValue") or raw.get("colorBackground")
    if raw.get("type") != "singlestat" or not coloured or not isinstance(colors, list) or not isinstance(limits, str):
        return {}
    values = [None, *(limit.strip() for limit in limits.split(",") if limit.strip())]
    return {"thresholds": {"steps": [{"color": c, "value": v} for c, v in zip(colors, values, strict=False)]}}


def _mappings_of_old(raw: Mapping[str, Any]) -> Mapping[str, object]:
    """The words that a singlestat of old writes in place of values, or of ranges of them (`mappingType` 2)."""
    by_range = raw.get("mappingType") == 2
    listed = raw.get("rangeMaps" if by_range else "valueMaps")
    if raw.get("type") != "singlestat" or not isinstance(listed, list):
        return {}
    found: list[Mapping[str, object]] = []
    for one in (one for one in listed if isinstance(one, Mapping)):
        told = {"text": str(one.get("text") or "")}
        if by_range:
            found.append({"type": "range", "options": {**_ends_of_old(one), "result": told}})
        elif one.get("value") == "null":
            found.append({"type": "special", "options": {"match": "null", "result": told}})
        else:
            found.append({"type": "value", "options": {str(one.get("value")): told}})
    return {"mappings": found} if found else {}


def _ends_of_old(given: Mapping[str, Any]) -> Mapping[str, float | None]:
    ends: dict[str, float | None] = {}
    for name in ("from", "to"):
        try:
            ends[name] = float(str(given.get(name)))
        except ValueError:
            ends[name] = None
    return ends


def _field_config(raw: Mapping[str, Any], where: str, source: str) -> Mapping[str, object]:
    """The field options; a graph or singlestat of old keeps its unit and thresholds elsewhere, from where Grafana takes
    them as it makes a time series or stat of the panel."""
    found = _mapping(raw.get("fieldConfig"), where, source)
    options = raw.get("options")
    older = options.get("fieldOptions") if isinstance(options, Mapping) else None
    if not found and isinstance(older, Mapping):
        # Grafana 6 had them there.
        found = {key: older[key] for key in ("defaults", "overrides") if key in older}
    axes = [axis for axis in raw.get("yaxes") or () if isinstance(axis, Mapping)] if raw.get("type") == "graph" else []
    unit = axes[0].get("format") if axes else raw.get("format") if raw.get("type") == "singlestat" else None
    older_defaults = {**_steps_of_old(raw), **_mappings_of_old(raw), **({"unit": unit} if unit else {})}
    given = found.get("defaults")
    defaults = given if isinstance(given, Mapping) else {}
    added = {key: value for key, value in older_defaults.items() if not defaults.get(key)}
    return {**found, "defaults": {**defaults, **added}} if added else found


def _panels(doc: Mapping[str, object], source: str, like: Dashboard | None) -> Iterator[Panel]:
    known = zip(_walk(like.document, source), like.panels, strict=False) if like is not None else iter(())
    for next_id, read in enumerate(_walk(doc, source), 10_001):
        raw, collapsed, repeat = read
        before, panel = next(known, (None, None))
        if panel is not None and before is not None and before[0] is raw and before[1:] == read[1:]:
            yield panel
            continue
        panel = read_panel_json(raw, source, next_id, collapsed)
        yield panel if panel.repeat else replace(panel, repeat=repeat)


def _walk(
    holder: Mapping[str, object], source: str, collapsed: bool = False, repeat: str = ""
) -> Iterator[tuple[Mapping[str, object], bool, str]]:
    """Panels with whether their row is closed and the variable that their row is repeated by. The panels of an open
    row follow it, those of a closed one are inside of it."""
    for raw in _items(holder.get("panels"), "panels", source):
        if raw.get("type") == "row" or isinstance(raw.get("panels"), list):
            repeat, closed = str(raw.get("repeat") or ""), bool(raw.get("collapsed"))
            yield from _walk(raw, source, collapsed or closed, repeat)
            repeat = "" if closed else repeat
        else:
            yield raw, collapsed, repeat
    for row in _items(holder.get("rows"), "rows", source):
        yield from _walk(row, source, collapsed or bool(row.get("collapse")), str(row.get("repeat") or ""))


def _target(raw: Mapping[str, object], index: int) -> Target:
    own = {k: v for k, v in raw.items() if k not in {"refId", "datasource", "hide"}}
    return Target(
        # Grafana names unnamed targets A, B, ... in order.
        ref_id=str(raw.get("refId") or chr(ord("A") + index % 26)),
        datasource=raw.get("datasource"),
        hidden=bool(raw.get("hide")),
        query=own,
    )


def _variable(raw: Mapping[str, object]) -> Variable:
    current = raw.get("current")
    return Variable(
        name=str(raw.get("name") or ""),
        type=str(raw.get("type") or "query"),
        query=raw.get("query") if raw.get("query") is not None else "",
        current=_saved_value(current),
        multi=bool(raw.get("multi")),
        include_all=bool(raw.get("includeAll")),
        all_value=str(raw.get("allValue") or ""),
        raw=raw,
    )


def _saved_value(current: object) -> object:
    """The value of `current`; in some dashboards a whole option stands where its value should."""
    while isinstance(current, Mapping):
        current = current.get("value")
    return current


def _mapping(value: object, where: str, source: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{source}: {where} is {type(value).__name__}, not an object", "export the dashboard again")
    return value


def _items(value: object, where: str, source: str) -> list[Mapping[str, Any]]:
    if value is None or value == {}:
        return []
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise InputError(f"{source}: {where} is not a list of objects", "export the dashboard again")
    return value
