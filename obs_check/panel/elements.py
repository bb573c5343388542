"""What a dashboard is made of, whatever schema it was stored in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from obs_check.errors import InputError

Json = Mapping[str, Any]
_SHOWN_IDS = 60


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel. `datasource` is the reference as stored (None, text or {"uid", "type"}); `query` holds the
    stored fields of the query itself (`expr`, `queryType`, `rawSql`, ...)."""

    ref_id: str
    datasource: Any
    hidden: bool
    query: Json

    @property
    def text(self) -> str:
        """The query text: `expr` or `rawSql`, empty when there is none."""
        return str(self.query.get("expr") or self.query.get("rawSql") or "")


@dataclass(frozen=True, slots=True)
class Transformation:
    """One step between frames and picture. `filter` is the stored frame matcher or None."""

    id: str
    options: Json
    disabled: bool = False
    filter: Json | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. `width` is in grid columns (24 fill the screen); `collapsed` is true inside a closed row, which the
    browser does not query; `repeat` names the variable that multiplies it; `library` is the uid of a library panel."""

    id: int
    title: str
    type: str
    datasource: Any = None
    targets: tuple[Target, ...] = ()
    transformations: tuple[Transformation, ...] = ()
    options: Json = field(default_factory=dict)
    field_config: Json = field(default_factory=dict)
    interval: str = ""
    max_data_points: int | None = None
    time_from: str = ""
    time_shift: str = ""
    width: int = 12
    collapsed: bool = False
    repeat: str = ""
    library: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """One template variable as stored. `current` is the saved value (text, list of texts or None); `query` is text or,
    for object queries, a mapping; `raw` keeps the rest of what was stored."""

    name: str
    type: str
    query: Any = ""
    current: Any = None
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    raw: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard. `fiscal_start` is the first month of the fiscal year, 0 for January; `schema` is `classic` or `v2`;
    `document` is the dashboard object that was read, for drift and edits."""

    uid: str
    title: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...]
    source: str
    schema: str
    time_from: str = "now-6h"
    time_to: str = "now"
    timezone: str = ""
    week_start: str = ""
    fiscal_start: int = 0
    now_delay: str = ""
    document: Json = field(default_factory=dict, repr=False, compare=False)

    def panel(self, panel_id: int) -> Panel | None:
        """The panel with this id, None when there is none."""
        return next((p for p in self.panels if p.id == panel_id), None)

    def data_panels(self) -> list[Panel]:
        """Those that read data."""
        return [p for p in self.panels if p.type not in ("text", "row")]

    def only(self, panel: int) -> frozenset[int]:
        """The id of one data panel, to read that alone. InputError with the ids that there are when it is not there."""
        ids = list(dict.fromkeys(p.id for p in self.data_panels()))
        if panel not in ids:
            more = f" and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else ""
            there = ", ".join(map(str, sorted(ids)[:_SHOWN_IDS])) or "none"
            raise InputError(f"{self.source}: no panel {panel} that reads data", f"panels: {there}{more}")
        return frozenset({panel})
