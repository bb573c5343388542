"""Which datasource a reference means, from the map of `/api/frontend/settings`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from obs_check.documents.nearest import nearest

MIXED = "-- Mixed --"
DASHBOARD = "-- Dashboard --"
EXPRESSION = "__expr__"
_EXPRESSIONS = {EXPRESSION, "-100", "Expression"}
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|\[\[(\w+)\]\]")


@dataclass(frozen=True, slots=True)
class Datasource:
    """One datasource instance. `type` is the plugin id, `settings` its jsonData, `database` the older top-level name
    of a SQL database."""

    uid: str
    name: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    database: str = ""

    @property
    def kind(self) -> str:
        """`loki`, `prometheus`, `sql` or the plugin id where none of them fits."""
        if self.type in {"loki", "prometheus"}:
            return self.type
        if self.type.endswith("-prometheus-datasource"):
            return "prometheus"
        return "sql" if any(name in self.type for name in ("postgres", "mysql", "mssql")) else self.type


class Datasources:
    """The datasources a token can see: name -> settings, as the frontend settings list them."""

    def __init__(self, listed: Mapping[str, Mapping[str, Any]], default: str = "") -> None:
        """`default` is the default datasource's name; without it the entry marked `isDefault` is taken."""
        self._all = [
            Datasource(
                uid=str(raw.get("uid") or name),
                name=str(raw.get("name") or name),
                type=str(raw.get("type") or ""),
                settings=raw.get("jsonData") or {},
                database=str(raw.get("database") or ""),
            )
            for name, raw in listed.items()
        ]
        marked = next((str(raw.get("name") or name) for name, raw in listed.items() if raw.get("isDefault")), "")
        self._default = default or marked

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "Datasources":
        """From the whole answer of `/api/frontend/settings`."""
        return cls(settings.get("datasources") or {}, str(settings.get("defaultDatasource") or ""))

    def __iter__(self) -> Iterator[Datasource]:
        return iter(self._all)

    @property
    def default(self) -> Datasource | None:
        """The default datasource, None when there is none."""
        return self._named(self._default)

    def resolve(self, reference: object, values: Mapping[str, str] | None = None) -> Datasource | None:
        """The instance that a stored reference means, None when there is none.

        None, `default` and `{type}` without uid mean the default datasource; a text is a uid, else a name; a
        variable (`$ds`, `${ds}`) is replaced from `values`, first.
        """
        key = reference_key(reference, values)
        if key in {"", "default"}:
            return self.default
        found = next((d for d in self._all if d.uid == key), None) or self._named(key)
        return found or next((d for d in self._all if d.uid == d.name and provisioned_uid(d.name) == key), None)

    def missing(self, reference: object, values: Mapping[str, str] | None = None) -> str:
        """The sentence for a reference that `resolve` did not find, with the nearest name."""
        key = reference_key(reference, values) or "default"
        near = self.nearest(reference, values)
        if near is None:
            there = ", ".join(sorted(d.uid for d in self._all)) or "none"
            return f"datasource {key!r} was not found; there are: {there}"
        return f"datasource {key!r} was not found; the nearest is {near.uid!r} ({near.type})"

    def nearest(self, reference: object, values: Mapping[str, str] | None = None) -> Datasource | None:
        """The instance whose uid or name is like a reference that was not found, else the only one of its type."""
        kind = str(reference.get("type") or "") if isinstance(reference, Mapping) else ""
        fitting = [d for d in self._all if d.type == kind] if kind else self._all
        names = {name: d for d in fitting for name in (d.uid, d.name)}
        near = nearest(reference_key(reference, values), names)
        if near:
            return names[near]
        return fitting[0] if kind and len(fitting) == 1 else None

    def _named(self, name: str) -> Datasource | None:
        return next((d for d in self._all if d.name == name), None)


def provisioned_uid(name: str) -> str:
    """The uid that Grafana (9 to 12: `safeUIDFromName`) gives a provisioned datasource without one.

    >>> provisioned_uid("Prometheus")
    'PBFA97CFB590B2093'
    """
    return "P" + sha256(name.encode()).hexdigest()[:16].upper()


def reference_key(reference: object, values: Mapping[str, str] | None = None) -> str:
    """The uid or name in a reference, variables replaced; empty for the default datasource."""
    uid = reference.get("uid") if isinstance(reference, Mapping) else reference
    text = "" if uid is None else str(uid)
    known = values or {}
    return _VARIABLE.sub(lambda m: known.get(m[1] or m[2] or m[3], m[0]), text)


def is_expression(reference: object) -> bool:
    """Whether a target is a server-side expression over other targets."""
    if isinstance(reference, Mapping) and reference.get("type") == EXPRESSION:
        return True
    return reference_key(reference) in _EXPRESSIONS
