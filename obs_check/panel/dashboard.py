"""A dashboard from any document that can hold one: classic JSON, API answer, schema v2 resource, ConfigMap."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from obs_check.documents.embedded import unpacked
from obs_check.errors import InputError
from obs_check.model.tree import Json
from obs_check.model.wording import count_noun
from obs_check.panel.classic import read_classic
from obs_check.panel.elements import Dashboard, Panel, Target, Transformation, Variable
from obs_check.panel.schema_v2 import is_v2, read_v2

__all__ = [
    "Dashboard",
    "NoPanels",
    "Panel",
    "Target",
    "Transformation",
    "Variable",
    "changed_dashboard",
    "dashboard_of",
    "load_dashboard",
    "load_dashboards",
]

_EXPORT = (
    "give the dashboard's JSON model, an answer of /api/dashboards/uid/..., or a ConfigMap (or GrafanaDashboard) "
    "that holds one"
)

_PERSES = "obs-check reads dashboards of Grafana: give that one"

_LISTS = ("List", "ConfigMapList", "GrafanaDashboardList")
_OF_OPERATOR = "GrafanaDashboard"
_HOLDING = ("ConfigMap", _OF_OPERATOR, *_LISTS)
_SIGNS = {"panels", "rows", "elements", "templating", "schemaVersion", "dashboard", "spec"}
"""Keys of a dashboard, or of what holds one."""


class NoPanels(InputError):
    """A dashboard that nobody filled."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} is a dashboard without panels", _EXPORT)


def changed_dashboard(dashboard: Dashboard, doc: Mapping[str, object]) -> Dashboard:
    """A dashboard with a document that shares what was not changed with its own. InputError as load_dashboard."""
    if dashboard.schema == "classic" and ("panels" in doc or "rows" in doc):
        return read_classic(doc, dashboard.source, dashboard)
    return load_dashboard(doc, dashboard.source)


def load_dashboard(doc: object, source: str) -> Dashboard:
    """The one dashboard of a parsed document. InputError when there is none, more than one, or one without panels."""
    found = load_dashboards(doc, source)
    if len(found) > 1:
        names = ", ".join(d.uid or d.title for d in found)
        raise InputError(f"{source} holds {count_noun(len(found), 'dashboard')}: {names}", "give one of them")
    return found[0]


def dashboard_of(doc: object, source: str, uid: str) -> Dashboard:
    """The dashboard of this uid among those of a parsed document, else its only one. InputError as load_dashboard."""
    own = [dashboard for dashboard in load_dashboards(doc, source) if dashboard.uid == uid]
    return own[0] if len(own) == 1 else load_dashboard(doc, source)


def load_dashboards(doc: object, source: str) -> list[Dashboard]:
    """Every dashboard of a parsed document, at least one. `source` names the document in messages."""
    try:
        found = _read(doc, source)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The schemas have hundreds of keys; whatever has the wrong shape in one is the document's fault, not ours.
        raise InputError(f"{source} is not a well-formed dashboard: {error}", _EXPORT) from error
    if not found:
        raise InputError(f"{source} holds no dashboard", _elsewhere(doc) or _EXPORT)
    for dashboard in found:
        if not dashboard.panels:
            raise NoPanels(dashboard.source)
    return found


def is_perses(doc: object) -> bool:
    """Whether a document is a dashboard of Perses (https://perses.dev: `Dashboard`, or the resource
    `PersesDashboard`), whose panels have names and are of kind Panel."""
    spec = doc.get("spec") if isinstance(doc, Mapping) else None
    spec = spec.get("config", spec) if isinstance(spec, Mapping) else None
    panels = spec.get("panels") if isinstance(spec, Mapping) else None
    return isinstance(panels, Mapping) and any(
        isinstance(panel, Mapping) and panel.get("kind") == "Panel" for panel in panels.values()
    )


def _read(doc: object, source: str, referred: frozenset[tuple[str, str]] = frozenset()) -> list[Dashboard]:
    """`referred` are ConfigMaps' names and keys that a GrafanaDashboard beside them names."""
    if not isinstance(doc, Mapping):
        raise InputError(f"{source} is not a dashboard: {type(doc).__name__} instead of an object", _EXPORT)
    if is_perses(doc):
        raise InputError(f"{source} is a dashboard of Perses", _PERSES)
    kind = str(doc.get("kind") or "")
    if kind == "ConfigMap":
        return _config_map(doc, source, referred)
    if kind == _OF_OPERATOR:
        return _of_operator(doc, source)
    if kind in _LISTS:
        items = [item for item in doc.get("items") or [] if isinstance(item, Mapping)]
        referred = frozenset(key for item in items for key in _referred(item))
        return [d for i in items if i.get("kind") in _HOLDING for d in _read(i, source, referred)]
    if isinstance(doc.get("dashboard"), Mapping):
        return _read(doc["dashboard"], source)
    if isinstance(doc.get("spec"), Mapping):
        spec: Mapping[str, Json] = doc["spec"]
        uid = str((doc.get("metadata") or {}).get("name") or "")
        return [read_v2(spec, source, uid)] if is_v2(spec) else _read({"uid": uid, **spec}, source)
    if is_v2(doc):
        return [read_v2(doc, source, str(doc.get("uid") or ""))]
    if "panels" in doc or "rows" in doc:
        return [read_classic(doc, source)]
    if "schemaVersion" in doc or "templating" in doc:
        raise NoPanels(source)
    raise InputError(f"{source} is not a dashboard: it has neither panels nor elements", _EXPORT)


def _of_operator(doc: Mapping[str, Any], source: str) -> list[Dashboard]:
    """What grafana-operator's resource holds itself, under the uid that its `spec.uid` gives it."""
    spec = doc.get("spec")
    given: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {}
    for key, text in (("json", given.get("json")), ("gzipJson", unpacked(str(given.get("gzipJson") or "")))):
        if not text:
            continue
        try:
            held = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{source}: spec.{key} is not JSON: {error}", "correct it") from error
        if isinstance(held, Mapping) and given.get("uid"):
            held = {**held, "uid": given["uid"]}
        return _read(held, f"{source}:spec.{key}")
    return []


def _referred(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The name and the key of the ConfigMap that a GrafanaDashboard takes its dashboard from."""
    spec = item.get("spec") if item.get("kind") == _OF_OPERATOR else None
    named = spec.get("configMapRef") if isinstance(spec, Mapping) else None
    if isinstance(named, Mapping):
        yield str(named.get("name")), str(named.get("key"))


def _elsewhere(doc: object) -> str:
    """Where grafana-operator has the dashboard of a resource that does not hold it, as a remedy; "" for others."""
    if not isinstance(doc, Mapping):
        return ""
    items = doc.get("items")
    for item in items if isinstance(items, list) else [doc]:
        if not isinstance(item, Mapping) or item.get("kind") != _OF_OPERATOR:
            continue
        for name, key in _referred(item):
            return f"it is in the ConfigMap {name}, key {key} (configMapRef): give the file of that"
        spec = item.get("spec")
        made = [
            key for key in ("url", "grafanaCom", "jsonnet", "jsonnetLib") if isinstance(spec, Mapping) and key in spec
        ]
        if made:
            return f"the operator makes it of spec.{made[0]}: give the uid that it has in Grafana, or its JSON"
    return ""


def _config_map(doc: Mapping[str, Any], source: str, referred: frozenset[tuple[str, str]]) -> list[Dashboard]:
    data, coded = doc.get("data") or {}, doc.get("binaryData") or {}
    if not isinstance(data, Mapping) or not isinstance(coded, Mapping):
        raise InputError(f"{source}: data of the ConfigMap is not an object", _EXPORT)
    found = []
    metadata = doc.get("metadata")
    name = str(metadata.get("name")) if isinstance(metadata, Mapping) else ""
    for key, text in (*data.items(), *((key, _decoded(text)) for key, text in coded.items())):
        if not str(key).endswith(".json") and (name, str(key)) not in referred:
            continue
        try:
            held = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise InputError(f"{source}: {key} is not JSON: {error}", "correct the ConfigMap's entry") from error
        # Other programs have their JSON beside it.
        if isinstance(held, Mapping) and not is_perses(held) and _SIGNS & held.keys():
            found += _read(held, f"{source}:{key}")
    return found


def _decoded(text: object) -> str:
    """The text of what is in base64, "" for what is none."""
    try:
        return base64.b64decode(str(text)).decode()
    except ValueError:
        return ""
