"""What a panel draws from its final frames: one named value per stat tile, bar, row, line of log or series."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from obs_check.model.wording import count_noun
from obs_check.panel.elements import Panel
from obs_check.panel.format import format_time, format_value
from obs_check.panel.frames import Field, Frame
from obs_check.panel.naming import display_name
from obs_check.panel.overrides import js_regex
from obs_check.panel.reduce import is_null, reduce_field

NO_DATA = "No data"
_VALUES_LIMIT = 25
"""Rows a stat panel with `values: true` shows when no limit is stored."""
_LINE_NAMES = ("Line", "body")


class DrawnValue(NamedTuple):
    """One displayed value: its name, its number (None for blank or text) and the text a person reads."""

    name: str
    number: float | None
    text: str


class Drawn(NamedTuple):
    """The values and the text of the whole panel; `missing` is Grafana's message when it cannot draw."""

    values: list[DrawnValue]
    text: str
    missing: str = ""


def draw(panel: Panel, frames: Sequence[Frame]) -> Drawn:
    """What the panel shows. The frames carry the field configuration; hidden columns are already gone."""
    kind = panel.type
    if kind in _REDUCING:
        return _reduced(panel, frames)
    if kind in {"table", "table-old"}:
        return _table(panel, frames)
    if kind == "logs":
        return _logs(panel, frames)
    if kind in _OVER_TIME:
        return _series(panel, frames)
    return _table(panel, frames)


def reduce_options(panel: Panel) -> tuple[list[str], str, bool]:
    """(calcs, fields, values) of a reducing panel: an absent `calcs` is lastNotNull, an empty list is last."""
    options = panel.options.get("reduceOptions") or {}
    stored = options.get("calcs")
    calcs = ["lastNotNull"] if stored is None else [str(c) for c in stored] or ["last"]
    return calcs, str(options.get("fields") or ""), bool(options.get("values"))


def shows_one_point(panel: Panel) -> bool:
    """Whether the panel shows the last (or first) point of a series alone."""
    calcs, _, by_row = reduce_options(panel)
    return panel.type in _REDUCING and not by_row and set(calcs) <= {"last", "lastNotNull", "first", "firstNotNull"}


def shows_no_text(panel: Panel) -> bool:
    """Whether a tile draws neither value nor name, and no other sign of them: no line and no background."""
    options = panel.options
    coloured = str(options.get("colorMode") or "").startswith("background")
    blank = options.get("textMode") == "none" and options.get("graphMode") == "none" and not coloured
    return panel.type == "stat" and blank


_REDUCING = {"stat", "gauge", "bargauge", "piechart", "singlestat"}
_OVER_TIME = {"timeseries", "graph", "barchart", "trend", "state-timeline", "status-history", "histogram"}


def nothing_text(panel: Panel) -> str:
    """What the panel shows when there is nothing."""
    return str((panel.field_config.get("defaults") or {}).get("noValue") or NO_DATA)


def _reduced(panel: Panel, frames: Sequence[Frame]) -> Drawn:
    calcs, wanted, by_row = reduce_options(panel)
    chosen = _chooser(wanted)
    columns = [(f, frame) for frame in frames for f in frame.fields if chosen(f, frame, frames)]
    zeros = str(
        (panel.field_config.get("defaults") or {}).get("nullValueMode") or panel.options.get("nullValueMode") or ""
    )
    values: list[DrawnValue] = []
    if by_row:
        limit = int((panel.options.get("reduceOptions") or {}).get("limit") or _VALUES_LIMIT)
        for field, frame in columns:
            for row, held in enumerate(field.values):
                name = _row_name(frame, row) or display_name(field, frame, frames)
                values.append(DrawnValue(name, _number(held), format_value(held, field.config)))
        values = values[:limit]
    else:
        for field, frame in columns:
            for calc in calcs:
                held = reduce_field(field, calc, null_as_zero=zeros == "null as zero")
                name = display_name(field, frame, frames) + (f" ({calc})" if len(calcs) > 1 else "")
                values.append(DrawnValue(name, _number(held), format_value(held, field.config)))
    if not values:
        return Drawn([], nothing_text(panel))
    if shows_no_text(panel):
        return Drawn([], "")
    text = values[0].text if len(values) == 1 else ", ".join(f"{v.name} {v.text}".strip() for v in values)
    return Drawn(values, text)


def _chooser(wanted: str) -> Callable[[Field, Frame, Sequence[Frame]], bool]:
    if not wanted:
        return lambda f, _frame, _frames: f.type == "number"
    pattern = js_regex(wanted) if wanted.startswith("/") else re.compile(f"^{re.escape(wanted)}$")
    return lambda f, frame, frames: bool(pattern.search(display_name(f, frame, frames)))


def _table(panel: Panel, frames: Sequence[Frame]) -> Drawn:
    """A table shows one frame only, the others wait behind a selector."""
    index = int(panel.options.get("frameIndex") or 0)
    frame = frames[index] if 0 <= index < len(frames) else (frames[0] if frames else None)
    if frame is None or not frame.fields:
        return Drawn([], nothing_text(panel))
    if not frame.rows:
        return Drawn([], NO_DATA)
    column = next((f for f in frame.fields if f.type == "number"), None)
    values = []
    for row in range(frame.rows):
        shown = " | ".join(_cell(f, f.values[row]) for f in frame.fields)
        values.append(DrawnValue(_row_name(frame, row), _number(column.values[row]) if column else None, shown))
    return Drawn(values, count_noun(frame.rows, "row"))


def _logs(panel: Panel, frames: Sequence[Frame]) -> Drawn:
    """A row is a line where its frame has a time and a text (Grafana 9 to 13: a frame without either is left out)."""
    values, without_time = [], False
    for frame in frames:
        line = next((f for n in _LINE_NAMES for f in frame.fields if f.name == n and f.type == "string"), None)
        line = line or next((f for f in frame.fields if f.type == "string"), None)
        if line is None:
            continue
        time = next((f for f in frame.fields if f.type == "time"), None)
        if time is None:
            without_time = without_time or frame.rows > 0
            continue
        values += [
            DrawnValue(str(text), None, f"{_cell(time, time.values[n])} {text}") for n, text in enumerate(line.values)
        ]
    if not values:
        kind = "time" if without_time else "string"
        missing = f"Data is missing a {kind} field" if any(f.rows for f in frames) else ""
        return Drawn([], missing or nothing_text(panel), missing)
    return Drawn(values, count_noun(len(values), "line"))


def _series(panel: Panel, frames: Sequence[Frame]) -> Drawn:
    """One value a series: the total of its points, which for counts per interval is the number of events drawn."""
    if not any(f.rows for f in frames):
        return Drawn([], nothing_text(panel))
    timed = [f for f in frames if any(c.type == "time" for c in f.fields)]
    if not timed and panel.type != "barchart":
        return Drawn([], "Data is missing a time field", "Data is missing a time field")
    values = []
    for frame in timed or frames:
        for field in frame.fields:
            if field.type not in {"number", "boolean"}:
                continue
            points = [float(v) for v in field.values if not is_null(v)]
            total = sum(points) if points else None
            shown = f"{format_value(total, field.config)} in {len(points)} points" if points else ""
            values.append(DrawnValue(display_name(field, frame, frames), total, shown))
    if not values:
        return Drawn([], "Data is missing a number field", "Data is missing a number field")
    return Drawn(values, ", ".join(f"{v.name} {v.text}".strip() for v in values))


def _row_name(frame: Frame, row: int) -> str:
    return " | ".join(str(f.values[row]) for f in frame.fields if f.type == "string" and f.values[row] is not None)


def _cell(field: Field, value: object) -> str:
    if field.type == "time" and isinstance(value, int):
        return format_time(value)
    return format_value(value, field.config)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
