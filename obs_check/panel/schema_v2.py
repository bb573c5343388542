"""Reads the v2 dashboard schema (Grafana 12 and later): elements, layouts and word enumerations."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from obs_check.errors import InputError
from obs_check.model.tree import Json
from obs_check.panel.elements import Dashboard, Panel, Target, Transformation, Variable

_VARIABLE_KINDS = {
    "QueryVariable": "query",
    "TextVariable": "textbox",
    "ConstantVariable": "constant",
    "CustomVariable": "custom",
    "DatasourceVariable": "datasource",
    "IntervalVariable": "interval",
    "AdhocVariable": "adhoc",
    "GroupByVariable": "groupby",
    "SwitchVariable": "switch",
}


class _LayoutPlace(NamedTuple):
    width: int = 12
    collapsed: bool = False
    repeat: str = ""


def is_v2(spec: Mapping[str, object]) -> bool:
    """Whether a dashboard object follows schema v2: it keeps `elements`, never `panels`."""
    return isinstance(spec.get("elements"), Mapping)


def read_v2(spec: Mapping[str, Any], source: str, uid: str) -> Dashboard:
    """The dashboard of a v2 `spec`. The uid stands outside the spec (metadata.name)."""
    places: dict[str, _LayoutPlace] = {}
    layout = spec.get("layout")
    if isinstance(layout, Mapping):
        places.update(_places(layout, _LayoutPlace()))
    panels = tuple(
        _panel(name, element, places.get(name, _LayoutPlace()), 10_001 + i, source)
        for i, (name, element) in enumerate(spec["elements"].items())
    )
    time = spec.get("timeSettings") or {}
    return Dashboard(
        uid=uid,
        title=str(spec.get("title") or ""),
        panels=panels,
        variables=tuple(_variable(v) for v in spec.get("variables") or ()),
        source=source,
        schema="v2",
        time_from=str(time.get("from") or "now-6h"),
        time_to=str(time.get("to") or "now"),
        timezone=str(time.get("timezone") or ""),
        week_start=str(time.get("weekStart") or ""),
        fiscal_start=int(time.get("fiscalYearStartMonth") or 0),
        now_delay=str(time.get("nowDelay") or ""),
        document=spec,
    )


def _places(layout: Mapping[str, Any], place: _LayoutPlace) -> Iterator[tuple[str, _LayoutPlace]]:
    spec = layout.get("spec") or {}
    for item in spec.get("items") or ():
        own = item.get("spec") or {}
        repeat = (own.get("repeat") or {}).get("value", "")
        name = (own.get("element") or {}).get("name", "")
        yield name, place._replace(width=int(own.get("width") or place.width), repeat=str(repeat or place.repeat))
    for row in [*(spec.get("rows") or ()), *(spec.get("tabs") or ())]:
        own = row.get("spec") or {}
        repeat = (own.get("repeat") or {}).get("value", "")
        inner = place._replace(
            collapsed=place.collapsed or bool(own.get("collapse")), repeat=str(repeat or place.repeat)
        )
        yield from _places(own.get("layout") or {}, inner)


def _panel(name: str, element: object, place: _LayoutPlace, fallback_id: int, source: str) -> Panel:
    if not isinstance(element, Mapping) or not isinstance(element.get("spec"), Mapping):
        raise InputError(f"{source}: element {name} has no spec", "export the dashboard again")
    spec = element["spec"]
    if element.get("kind") == "LibraryPanel":
        library = spec.get("libraryPanel") or {}
        return Panel(
            id=int(spec.get("id") or fallback_id),
            title=str(spec.get("title") or library.get("name") or name),
            type="",
            library=str(library.get("uid") or ""),
            width=place.width,
            collapsed=place.collapsed,
            repeat=place.repeat,
        )
    data = (spec.get("data") or {}).get("spec") or {}
    options = data.get("queryOptions") or {}
    picture = spec.get("vizConfig") or {}
    drawn = picture.get("spec") or {}
    points = options.get("maxDataPoints")
    targets = tuple(_target(q, i) for i, q in enumerate(data.get("queries") or ()))
    return Panel(
        id=int(spec.get("id") or fallback_id),
        title=str(spec.get("title") or ""),
        # The first v2 versions kept the panel type in `kind`, where later ones say VizConfig.
        type=str(picture.get("group") or picture.get("kind") or ""),
        datasource=_panel_datasource(targets),
        targets=targets,
        transformations=tuple(_transformation(t) for t in data.get("transformations") or ()),
        options=drawn.get("options") or {},
        field_config=drawn.get("fieldConfig") or {},
        interval=str(options.get("interval") or ""),
        max_data_points=int(points) if points else None,
        time_from=str(options.get("timeFrom") or ""),
        time_shift=str(options.get("timeShift") or ""),
        width=place.width,
        collapsed=place.collapsed,
        repeat=place.repeat,
    )


def _panel_datasource(targets: tuple[Target, ...]) -> Json:
    """v2 has no datasource of the panel: queries of several datasources make it a mixed one."""
    seen = {str(t.datasource.get("uid", "")) for t in targets if isinstance(t.datasource, Mapping)}
    return {"uid": "-- Mixed --", "type": "datasource"} if len(seen) > 1 else None


def _target(raw: Mapping[str, Any], index: int) -> Target:
    spec = raw.get("spec") or {}
    query = spec.get("query") or {}
    named = query.get("datasource") or spec.get("datasource") or {}
    # In v2 `datasource.name` holds the uid, and `group` (first versions: `kind`) the plugin.
    reference = {"uid": named.get("name") or named.get("uid"), "type": query.get("group") or query.get("kind")}
    return Target(
        ref_id=str(spec.get("refId") or chr(ord("A") + index % 26)),
        datasource={k: v for k, v in reference.items() if v} or None,
        hidden=bool(spec.get("hidden")),
        query=query.get("spec") or {},
    )


def _transformation(raw: Mapping[str, Any]) -> Transformation:
    spec = raw.get("spec") or {}
    return Transformation(
        id=str(raw.get("group") or raw.get("kind") or ""),
        options=spec.get("options") or {},
        disabled=bool(spec.get("disabled")),
        filter=spec.get("filter") or None,
    )


def _variable(raw: Mapping[str, Any]) -> Variable:
    spec = raw.get("spec") or {}
    kind = _VARIABLE_KINDS.get(str(raw.get("kind")), str(raw.get("kind")))
    current = spec.get("current")
    query = spec.get("pluginId") if kind == "datasource" else spec.get("query")
    return Variable(
        name=str(spec.get("name") or ""),
        type=kind,
        query=query if query is not None else "",
        current=current.get("value") if isinstance(current, Mapping) else current,
        multi=bool(spec.get("multi")),
        include_all=bool(spec.get("includeAll")),
        all_value=str(spec.get("allValue") or ""),
        raw=spec,
    )
