"""`metrics` and `geoip`: stages that are read and checked, but whose effect is not simulated."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, LineStage
from obs_check.shipper.stages.declaration import Form, StageDeclaration, StageSettings

_ACTIONS = {"counter": ("inc", "add"), "gauge": ("set", "inc", "dec", "add", "sub"), "histogram": ()}


class _Unseen(LineStage):
    def change(self, item: Item) -> bool:  # noqa: ARG002 (every line passes unchanged)
        return True


@dataclass(frozen=True)
class MetricsStage(_Unseen):
    """`metrics`: counts lines for promtail's own /metrics; it never changes a line. `sources` are the metrics with the
    extracted values that they need, "" where every line counts (`match_all`)."""

    kind: ClassVar[str] = "metrics"
    sources: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, given: StageSettings) -> "MetricsStage":
        """As it is configured; Alloy checks more than promtail, where the metrics are mappings."""
        if given.alloy:
            blocks = [given.inside(block) for _, block in given.blocks]
            return cls(tuple(_needed(block.written("name").text(), block, block) for block in blocks))
        metrics = given.written("metrics").mapping()
        found = []
        for name, metric in metrics.items():
            metric.mapping(("type", "description", "source", "prefix", "max_idle_duration", "config"))
            kind = given.inside(metric).needed("type")
            actions = _ACTIONS.get(kind.text().lower())
            if actions is None:
                raise kind.error(f"{kind.text()!r} is neither Counter, Gauge nor Histogram")
            config = metric.get("config")
            action = config.get("action") if config else None
            if actions and (action.text().lower() if action else "") not in actions:
                raise (action or metric).error(f"config.action must be one of {', '.join(actions)}")
            found.append(_needed(name, given.inside(metric), given.inside(config) if config and actions else None))
        return cls(tuple(found))


def _needed(name: str, metric: StageSettings, config: StageSettings | None) -> tuple[str, str]:
    """A metric with its source, which is its name where none is written."""
    return name, "" if config and config.flag("match_all") else metric.text("source") or name


@dataclass(frozen=True)
class GeoIp(_Unseen):
    """`geoip`: would set values from a database file, which is not opened here: its values stay absent."""

    kind: ClassVar[str] = "geoip"
    note: ClassVar[str] = "geoip: its database is not opened, its values stay absent"
    database: str
    source: str | None

    @classmethod
    def read(cls, given: StageSettings) -> "GeoIp":
        if not given.alloy:
            given.needed("db_type")
        return cls(given.needed("db").text(), given.source())


_METRIC: Form = {
    **dict.fromkeys(("description", "source", "prefix", "max_idle_duration"), "text"),
    "name": "text!",
    "value": "text",
}
_COUNTED: Form = {"match_all": "flag", "count_entry_bytes": "flag"}
METRICS = StageDeclaration(
    MetricsStage.read,
    ("metrics",),
    "metrics",
    whole="metrics",
    blocks={
        "metric.counter": {**_METRIC, "action": "text!", **_COUNTED},
        "metric.gauge": {**_METRIC, "action": "text!"},
        "metric.histogram": {**_METRIC, "buckets": "texts!"},
    },
)
GEOIP = StageDeclaration(
    GeoIp.read,
    ("geoip",),
    "geoip",
    {"db": "text!", "source": "text", "db_type": "text", "custom_lookups": "map"},
    {"source": "text!"},
)
