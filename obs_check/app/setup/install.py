"""Our own dashboards: for a Grafana, with its datasources, and what their panels must read."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from obs_check.client.grafana.client import GrafanaClient
from obs_check.data import DASHBOARDS
from obs_check.documents.nearest import did_you_mean
from obs_check.errors import NotAllowed, Refused, UsageError
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.elements import Dashboard
from obs_check.panel.macros import knows_auto, without_auto

_ENTRY = re.compile(r"  (\d+):")
"""An entry of our expectations, which is a line."""


def own_dashboards() -> dict[str, str]:
    """uid -> title."""
    return {path.stem: json.loads(path.read_text("utf-8"))["title"] for path in sorted(DASHBOARDS.glob("*.json"))}


def own_dashboard(name: str) -> str:
    """The text of one's file; UsageError with the nearest uid there is."""
    known = own_dashboards()
    if name not in known:
        raise UsageError(f"obs-check has no dashboard {name}", did_you_mean(name, known))
    return (DASHBOARDS / f"{name}.json").read_text("utf-8")


def own_expectations(dashboard: Dashboard) -> str:
    """The text of an expect.yaml for the panels of a dashboard that are ours by uid, id, title and type; "" without
    any. A uid of ours may be that of a dashboard with other panels, as the Kubernetes deployment's."""
    if dashboard.uid not in own_dashboards():
        return ""
    file = DASHBOARDS / f"{dashboard.uid}.expect.yaml"
    if not file.is_file():
        return ""
    ours = load_dashboard(json.loads(own_dashboard(dashboard.uid)), dashboard.uid)
    same = {(p.id, p.title, p.type) for p in ours.panels} & {(p.id, p.title, p.type) for p in dashboard.panels}
    held = {str(number) for number, _, _ in same}
    rows = file.read_text("utf-8").splitlines(keepends=True)
    entries = [row for row in rows if (entry := _ENTRY.match(row)) is None or entry[1] in held]
    return "".join(entries) if any(map(_ENTRY.match, entries)) else ""


@dataclass(frozen=True, slots=True)
class Installing:
    """A dashboard that is ready to be saved: `changes` says in sentences what saving it does."""

    model: dict[str, Any]
    changes: tuple[str, ...]


def prepare(name: str, client: GrafanaClient, chosen: Mapping[str, str]) -> Installing:
    """One of our dashboards with that Grafana's datasources: those of the same uid, else those that are `chosen`
    (type -> uid), else the only one of the type. Saves nothing.

    Raises UsageError where that is not clear or where Grafana reads the dashboard from a file, Unavailable or
    NotAllowed.
    """
    model = json.loads(own_dashboard(name))
    settings = client.frontend_settings().value
    known = Datasources.from_settings(settings)
    version = str((settings.get("buildInfo") or {}).get("version") or "")
    told = []
    if not knows_auto(version):
        model = without_auto(model)
        told.append(f"Grafana {version} knows no `$__auto`: graphs count over `$__interval`, all else over `$__range`")
    uids: dict[tuple[str, str], str] = {}
    for reference in _references(model):
        key = (str(reference["type"]), str(reference["uid"]))
        uids.setdefault(key, _uid(*key, known, chosen))
        reference["uid"] = uids[key]
    told += [f"{kind} is datasource {uid}" for (kind, _), uid in uids.items()]
    try:
        found = client.dashboard(name).value
    except Refused as refused:
        if refused.status != 404:
            raise
        return Installing({**model, "version": 0}, (f"dashboard {name} is new in {client.url}", *told))
    except NotAllowed:
        # Grafana 9.4: one that is not there, for a token that may not read all. One that is there is not overwritten.
        unseen = f"{client.url} shows this token no dashboard {name}: it is saved as a new one, if there is none"
        return Installing({**model, "version": 0}, (unseen, *told))
    meta = found.get("meta") or {}
    if meta.get("provisioned"):
        file = meta.get("provisionedExternalId") or "a file"
        raise UsageError(
            f"{client.url} reads the dashboard {name} from {file} and saves no other",
            f"put it there: obs-check dashboard {name} > FILE",
        )
    kept = found["dashboard"].get("version")
    replaced = f"dashboard {name} of {client.url} is replaced (version {kept} stays in its history)"
    return Installing({**model, "version": kept}, (replaced, *told))


def _references(node: object) -> list[dict[str, Any]]:
    """Every `datasource` with type and uid in a model."""
    if isinstance(node, list):
        return [found for one in node for found in _references(one)]
    if not isinstance(node, dict):
        return []
    own = node.get("datasource")
    here = [own] if isinstance(own, dict) and own.get("uid") and own.get("type") else []
    return here + [found for value in node.values() for found in _references(value)]


def _uid(kind: str, uid: str, known: Datasources, chosen: Mapping[str, str]) -> str:
    every = [one for one in known if one.kind == kind]
    if kind in chosen:
        if all(one.uid != chosen[kind] for one in every):
            raise UsageError(
                f"there is no {kind} datasource {chosen[kind]}", did_you_mean(chosen[kind], (one.uid for one in every))
            )
        return chosen[kind]
    if any(one.uid == uid for one in every):
        return uid
    if len(every) == 1:
        return every[0].uid
    if not every:
        raise UsageError(f"that Grafana has no {kind} datasource", "add one to it; the dashboard asks it")
    uids = ", ".join(one.uid for one in every)
    raise UsageError(f"that Grafana has several {kind} datasources: {uids}", f"--datasource {kind}=UID names one")
