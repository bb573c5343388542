"""`metrics` and `geoip`: stages that are read and checked, but whose effect is not simulated."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Item, PerLine, StageContext
from obs_check.shipper.stages.source import read_required, read_source

_ACTIONS = {"counter": ("inc", "add"), "gauge": ("set", "inc", "dec", "add", "sub"), "histogram": ()}


def _keep(item: Item) -> bool:  # noqa: ARG001 (every line passes unchanged)
    return True


@dataclass(frozen=True)
class MetricsStage:
    """`metrics`: counts lines for promtail's own /metrics; it never changes a line. `names` are its metrics."""

    kind: ClassVar[str] = "metrics"
    names: tuple[str, ...]

    @classmethod
    def read(cls, node: YamlValue) -> "MetricsStage":
        """From YAML."""
        for metric in node.mapping().values():
            metric.mapping(("type", "description", "source", "prefix", "max_idle_duration", "config"))
            kind = read_required(metric, "type")
            actions = _ACTIONS.get(kind.text().lower())
            if actions is None:
                raise kind.error(f"{kind.text()!r} is neither Counter, Gauge nor Histogram")
            config = metric.get("config")
            action = config.get("action") if config else None
            if actions and (action.text().lower() if action else "") not in actions:
                raise (action or metric).error(f"config.action must be one of {', '.join(actions)}")
        return cls(tuple(node.mapping()))

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""
        return PerLine(_keep)


@dataclass(frozen=True)
class GeoIp:
    """`geoip`: would set values from a database file, which is not opened here: its values stay absent."""

    kind: ClassVar[str] = "geoip"
    note: ClassVar[str] = "geoip: its database is not opened, its values stay absent"
    database: str
    source: str | None

    @classmethod
    def read(cls, node: YamlValue) -> "GeoIp":
        """From YAML."""
        node.mapping(("db", "source", "db_type", "custom_lookups"))
        read_required(node, "db_type")
        return cls(read_required(node, "db").text(), read_source(node))

    def start(self, context: StageContext, place: str) -> PerLine:  # noqa: ARG002 (the protocol's signature)
        """At work."""
        return PerLine(_keep)
