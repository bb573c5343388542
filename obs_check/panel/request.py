"""What the browser sends for a panel: the bodies of POST /api/ds/query, or why it sends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from obs_check.model.tree import Json
from obs_check.panel.adhoc import unknown_operators
from obs_check.panel.datasource import DASHBOARD, MIXED, Datasource, Datasources, is_expression, reference_key
from obs_check.panel.elements import Dashboard, Panel, Target
from obs_check.panel.escaping import trapped_in_backticks
from obs_check.panel.interpolate import interpolate
from obs_check.panel.interval import Interval, browser_interval
from obs_check.panel.targets import filters_of, target_queries
from obs_check.panel.timerange import Calendar, TimeRange, panel_range, time_range
from obs_check.panel.variables import EffectiveVariable

RequestState = Literal["ready", "not_evaluated", "no_active_query", "datasource_not_found", "error"]
_NO_QUERY = {"text", "row", "dashlist", "news", "alertlist", "annolist", "welcome", "gettingstarted"}
_GRID_COLUMNS = 24
VIEWPORT = 1846
"""The grid on a screen of 1920 px, in px."""
NO_RANGE = TimeRange(0, 0)


@dataclass(frozen=True, slots=True)
class Query:
    """One request: `body` for POST `path`. `datasource` is the instance that most of it concerns; `hidden` are the
    refIds that are asked for an expression only and not drawn."""

    datasource: Datasource
    path: str
    body: dict[str, Any]
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PanelRequest:
    """What a panel asks. Without state `ready` there are no queries and `why` is the reason; `range` in ms; `notes`
    tell what a person should know about the values chosen. `whole` is the dashboard's range (ms), `relative` whether it
    moves with the clock: from them the panel's own `range` was made. `variables` are the dashboard's as they are in use
    here."""

    panel: Panel
    state: RequestState
    why: str
    range: TimeRange
    interval: Interval
    max_data_points: int
    queries: tuple[Query, ...] = ()
    notes: tuple[str, ...] = ()
    whole: TimeRange = NO_RANGE
    relative: bool = False
    variables: Mapping[str, EffectiveVariable] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str]:
        """refId -> plugin id of its datasource (`loki`, `prometheus`, ...), without those that are not drawn."""
        return {
            str(q["refId"]): str(q["datasource"]["type"])
            for query in self.queries
            for q in query.body["queries"]
            if q["refId"] not in query.hidden and "datasource" in q
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """How a dashboard is opened: on a screen whose grid is `viewport` px wide, with its own range or with other ends of
    it (ms since the epoch). `relative` says whether given ends stand for a range that moves with the clock; they do not
    unless told."""

    from_ms: int | None = None
    to_ms: int | None = None
    relative: bool | None = None
    viewport: int = VIEWPORT

    def moves(self, dashboard: Dashboard) -> bool:
        """Whether the range moves with the clock."""
        if self.relative is not None:
            return self.relative
        return self.from_ms is None and self.to_ms is None and dashboard.time_from.startswith("now")


AS_SAVED = Opening()


def dashboard_range(dashboard: Dashboard, now_ns: int, opening: Opening = AS_SAVED) -> TimeRange:
    """The range that the dashboard opens with."""
    stored = time_range(dashboard.time_from, dashboard.time_to, now_ns, _calendar(dashboard), dashboard.now_delay)
    from_ms, to_ms = opening.from_ms, opening.to_ms
    return TimeRange(stored.from_ms if from_ms is None else from_ms, stored.to_ms if to_ms is None else to_ms)


def data_points(panel: Panel, viewport: int = VIEWPORT) -> int:
    """How many points a browser asks for: as many as the panel says, or as it has pixels."""
    return panel.max_data_points or max(1, round(viewport * panel.width / _GRID_COLUMNS))


def panel_requests(
    dashboard: Dashboard,
    panel: Panel,
    variables: Mapping[str, EffectiveVariable],
    datasources: Datasources,
    now_ns: int,
    opening: Opening = AS_SAVED,
) -> PanelRequest:
    """The requests of one panel; one `now_ns` serves the whole run."""
    relative = opening.moves(dashboard)
    whole = dashboard_range(dashboard, now_ns, opening)
    time_from = interpolate(panel.time_from, variables)
    time_shift = interpolate(panel.time_shift, variables)
    within, note = panel_range(whole, relative, time_from, time_shift, now_ns, _calendar(dashboard))
    notes = [note] if note else []
    points = data_points(panel, opening.viewport)
    empty = PanelRequest(
        panel, "ready", "", within, Interval(1000, "1s"), points, whole=whole, relative=relative, variables=variables
    )

    def stopped(state: RequestState, why: str) -> PanelRequest:
        return replace(empty, state=state, why=why, notes=tuple(notes))

    if panel.type in _NO_QUERY:
        return stopped("not_evaluated", f"a {panel.type} panel asks nothing")
    if panel.library and not panel.targets:
        kept = "Grafana keeps it, and gives it with a dashboard that is read by its uid"
        return stopped(
            "not_evaluated", f"the queries are in library panel {panel.library!r}, which was not loaded: {kept}"
        )
    if not panel.targets:
        return stopped("no_active_query", "the panel has no query")
    values = {name: v.value for name, v in variables.items()}
    reference = _panel_reference(panel)
    if reference_key(reference) == DASHBOARD:
        return stopped("not_evaluated", "the panel shows the frames of another panel")
    active = [one for one in panel.targets if is_asked(panel, one)]
    if not active:
        return stopped("no_active_query", "every query of the panel is hidden or empty, so the browser sends nothing")
    mixed = reference_key(reference) == MIXED
    groups: dict[str, tuple[Datasource, list[Target]]] = {}
    expressions = [t for t in active if is_expression(t.datasource)]
    for target in active:
        if target in expressions:
            continue
        own = target.datasource if mixed else reference
        found = datasources.resolve(own, values)
        if found is None:
            return stopped("datasource_not_found", datasources.missing(own, values))
        groups.setdefault("" if expressions else found.uid, (found, []))[1].append(target)
    if not groups:
        return stopped("not_evaluated", "the panel has expressions only, without a query they could use")
    low = interpolate(panel.interval, variables) or smallest_interval(next(iter(groups.values()))[0])
    interval = browser_interval(within.length_ms, points, low)
    if interval.truncated:
        notes.append(f"$__interval is {interval.text} but the step is {interval.ms} ms: events between are not counted")
    sent, problems = [], []
    for found, targets in groups.values():
        chosen = with_auto(variables, within)
        notes += _notes(targets, found, chosen)
        asked = [
            (one, (datasources.resolve(one.datasource, values) or found) if mixed else found)
            for one in targets + expressions
        ]
        body, hidden, problem = _body(asked, panel, chosen, within, interval, points)
        problems += [problem] if problem else []
        suffix = "&expression=true" if expressions else ""
        sent.append(Query(found, f"/api/ds/query?ds_type={found.type}{suffix}", body, hidden))
    if problems:
        return stopped("error", problems[0])
    return replace(empty, interval=interval, queries=tuple(sent), notes=tuple(dict.fromkeys(notes)))


def _body(
    asked: list[tuple[Target, Datasource]],
    panel: Panel,
    variables: Mapping[str, EffectiveVariable],
    within: TimeRange,
    interval: Interval,
    points: int,
) -> tuple[dict[str, Any], frozenset[str], str]:
    queries: list[dict[str, Json]] = []
    for target, own in asked:
        try:
            made, problem = target_queries(target, own, variables, within, interval, points, panel.id)
        except (TypeError, ValueError) as error:
            return {}, frozenset(), f"query {target.ref_id} has a field of the wrong kind: {error}"
        if problem:
            return {}, frozenset(), problem
        queries += made
    body = {"from": str(within.from_ms), "to": str(within.to_ms), "queries": queries}
    return body, frozenset(t.ref_id for t, _ in asked if t.hidden), ""


_ASK_NOTHING = {"text", "dashlist", "alertlist", "annolist", "news", "welcome", "gettingstarted", "row"}
"""Panels that keep the queries of what they were before and ask none (Grafana: skipDataQuery)."""


def is_asked(panel: Panel, target: Target) -> bool:
    """The browser drops hidden and empty queries; with an expression the hidden ones are needed as its input."""
    if panel.type in _ASK_NOTHING:
        return False
    needed = any(is_expression(t.datasource) and not t.hidden for t in panel.targets)
    return (needed or not target.hidden) and not _is_empty(target)


def _is_empty(target: Target) -> bool:
    return any(name in target.query and not target.query[name] for name in ("expr", "rawSql"))


def _panel_reference(panel: Panel) -> object:
    if panel.datasource is not None:
        return panel.datasource
    owned = (t.datasource for t in panel.targets if t.datasource is not None and not is_expression(t.datasource))
    return next(owned, None)


def smallest_interval(datasource: Datasource) -> str:
    """The least interval that a datasource is asked with, "" for none."""
    stored = str(datasource.settings.get("timeInterval") or "")
    return {"prometheus": stored or "15s", "sql": stored or "1m"}.get(datasource.kind, "")


def with_auto(variables: Mapping[str, EffectiveVariable], within: TimeRange) -> dict[str, EffectiveVariable]:
    """Interval variables set to auto get their value from the range."""
    return {
        name: replace(v, values=(browser_interval(within.length_ms, *v.auto).text,)) if v.auto else v
        for name, v in variables.items()
    }


def _notes(targets: list[Target], found: Datasource, variables: dict[str, EffectiveVariable]) -> list[str]:
    notes = [
        f"variable {v.name}: {v.note}" for v in variables.values() if v.note and any(v.name in t.text for t in targets)
    ]
    if found.kind == "loki":
        for target in targets:
            notes += [
                f"variable {name} is escaped with two backslashes inside backticks, so it never matches"
                for name in trapped_in_backticks(target.text, variables)
            ]
    filters = filters_of(found, variables)
    if filters and found.kind != "loki":
        notes.append(f"ad hoc filters of {found.name} are not applied")
    elif filters:
        left = f", but for the operators {', '.join(unknown_operators(filters))}" if unknown_operators(filters) else ""
        notes.append(f"ad hoc filters are applied approximately, at the end of every pipeline{left}")
    return notes


def _calendar(dashboard: Dashboard) -> Calendar:
    return Calendar(dashboard.timezone, dashboard.week_start or "sunday", dashboard.fiscal_start)
