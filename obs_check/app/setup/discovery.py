"""What a Grafana shows to somebody who has only its address and a token: the dashboards with panels of Loki."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from obs_check.client.grafana.client import GrafanaClient
from obs_check.errors import InputError, Refused
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.datasource import DASHBOARD, Datasource, Datasources, reference_key
from obs_check.panel.elements import Dashboard
from obs_check.panel.variables import effective_variables

_MOST = 200
"""Dashboards that are looked into."""


@dataclass(frozen=True, slots=True)
class BoardFound:
    """A dashboard: how many panels it has and how many ask a Loki; `datasources` are the uids that its queries mean,
    `loki` those of them that are Lokis."""

    uid: str
    title: str
    panels: int
    of_loki: int
    datasources: tuple[str, ...]
    loki: tuple[str, ...]


def loki_panels(dashboard: Dashboard, settings: Mapping[str, object]) -> BoardFound:
    """What a dashboard asks, by the answer of /api/frontend/settings."""
    known = Datasources.from_settings(settings)
    values = {name: variable.value for name, variable in effective_variables(dashboard).items()}
    meant: dict[int, list[Datasource]] = {}
    for panel in dashboard.panels:
        for target in panel.targets:
            mixed = panel.datasource is None or reference_key(panel.datasource).startswith("--")
            reference = target.datasource if mixed else panel.datasource
            one = known.resolve(reference, values) if reference_key(reference) != DASHBOARD else None
            if one is not None and not one.uid.startswith("--"):
                meant.setdefault(panel.id, []).append(one)
    every = [one for asked in meant.values() for one in asked]
    return BoardFound(
        dashboard.uid,
        dashboard.title,
        len(dashboard.panels),
        sum(any(one.kind == "loki" for one in asked) for asked in meant.values()),
        tuple(dict.fromkeys(one.uid for one in every)),
        tuple(dict.fromkeys(one.uid for one in every if one.kind == "loki")),
    )


def dashboards_of_loki(client: GrafanaClient) -> Iterator[BoardFound]:
    """The dashboards that have panels of Loki. Raises Unavailable or NotAllowed."""
    settings = client.frontend_settings().value
    for hit in client.search("").value[:_MOST]:
        try:
            model = client.dashboard(str(hit["uid"])).value["dashboard"]
            found = loki_panels(load_dashboard(model, str(hit["uid"])), settings)
        except (InputError, Refused):
            # One without panels, or that this token may see the name of only.
            continue
        if found.of_loki:
            yield found
