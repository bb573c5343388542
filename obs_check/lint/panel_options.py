"""A panel's options as rules want them: what has another shape than Grafana writes counts as not there."""

from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.panel.drawing import reduce_options
from obs_check.panel.elements import Panel


def field_setting(panel: Panel, name: str) -> list[Any]:
    """The values of a field option: the default first, then those of overrides."""
    found = [defaults[name]] if name in (defaults := mapping(panel.field_config.get("defaults"))) else []
    for override in mappings(panel.field_config.get("overrides")):
        found += [p.get("value") for p in mappings(override.get("properties")) if p.get("id") == name]
    return found


def reducers(panel: Panel) -> tuple[list[str], bool]:
    """The reducers of a panel that reduces, and whether it shows every row instead."""
    if not isinstance(panel.options.get("reduceOptions", {}), Mapping):
        return [], False
    if not isinstance(mapping(panel.options.get("reduceOptions")).get("calcs", []), list | type(None)):
        return [], False
    calcs, _, by_row = reduce_options(panel)
    return calcs, by_row


def writes_values(panel: Panel) -> bool:
    """Whether a panel writes more than the names and percentages of a pie."""
    legend = mapping(panel.options.get("legend"))
    written = texts(panel.options.get("displayLabels")) + (texts(legend.get("values")) if is_shown(legend) else [])
    return panel.type != "piechart" or "value" in written


_WITH_TABLE = {"timeseries", "barchart", "candlestick", "trend"}
"""Panels whose legend has reducers (Grafana 11)."""
TILES = {"stat", "gauge", "bargauge", "piechart"}
"""Panels that show one number a series, or one a row."""


def shows_numbers(panel: Panel) -> bool:
    """Whether what a panel shows of its fields may be numbers: not a stat that shows names alone, a pie of percentages,
    or tiles of a field that is a label."""
    if not writes_values(panel) or (panel.type == "stat" and panel.options.get("textMode") in ("name", "none")):
        return False
    chosen = mapping(panel.options.get("reduceOptions")).get("fields") if panel.type in TILES else ""
    return not isinstance(chosen, str) or chosen in ("", "/.*/") or "value" in chosen.lower()


def legend_reducers(panel: Panel) -> list[str]:
    """The reducers of a legend that is shown, in panels whose legend has any."""
    if panel.type not in _WITH_TABLE:
        return []
    legend = mapping(panel.options.get("legend"))
    return texts(legend.get("calcs")) if is_shown(legend) else []


def is_shown(legend: Mapping[str, Any]) -> bool:
    """Whether a panel draws the legend of its options."""
    return legend.get("showLegend") is not False and legend.get("displayMode") != "hidden"


def axis_labels(panel: Panel) -> list[Any]:
    """What is written at the axes of a panel that draws over time."""
    defaults = [mapping(one).get("axisLabel") for one in field_setting(panel, "custom")]
    return defaults + field_setting(panel, "custom.axisLabel")


def transforming_reducers(panel: Panel) -> list[str]:
    """The reducers of reduce transformations."""
    steps = [step for step in panel.transformations if step.id == "reduce" and not step.disabled]
    return [name for step in steps for name in texts(step.options.get("reducers"))]


def mapping(value: object) -> Mapping[str, Any]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects in a value that is a list."""
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())


def texts(value: object) -> list[str]:
    """The texts in a value that is a list."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
