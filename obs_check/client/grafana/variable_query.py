"""Asks the datasources for the options of query variables, as a browser does when it opens a dashboard."""

from collections.abc import Mapping

from obs_check.client.grafana.client import GrafanaClient
from obs_check.errors import NotAllowed, Unavailable
from obs_check.model.window import MS
from obs_check.panel.datasource import Datasource, Datasources
from obs_check.panel.elements import Variable
from obs_check.panel.frames import decode_results
from obs_check.panel.interpolate import interpolate
from obs_check.panel.timerange import TimeRange
from obs_check.panel.variable_options import Option, OptionsRequest, options_of, options_request
from obs_check.panel.variables import EffectiveVariable, Options


def options_from(grafana: GrafanaClient, datasources: Datasources) -> Options:
    """Options from a Grafana. A datasource that does not answer or lets nobody in leaves the options unknown."""

    def options(variable: Variable, before: Mapping[str, EffectiveVariable], within: TimeRange) -> list[Option] | None:
        source = datasources.resolve(variable.raw.get("datasource"), {name: v.value for name, v in before.items()})
        if source is None:
            return None
        query = _filled(variable.query, before, source.kind)
        request = options_request(source.kind, query, within.from_ms * MS, within.to_ms * MS)
        if request is None:
            return None
        try:
            return options_of(variable, _values(grafana, source, variable.name, request, within), request)
        except (Unavailable, NotAllowed):
            return None

    return options


def _values(
    grafana: GrafanaClient, source: Datasource, name: str, request: OptionsRequest, within: TimeRange
) -> list[str]:
    if not request.sql:
        return [str(v) for v in grafana.resource(source.uid, request.path, request.params).value or ()]
    query = {
        "refId": name,
        "datasource": {"type": source.type, "uid": source.uid},
        "rawSql": request.sql,
        "format": "table",
    }
    body = {"from": str(within.from_ms), "to": str(within.to_ms), "queries": [query]}
    result = decode_results(grafana.ds_query(body).value).get(name)
    if result is None or result.error:
        raise Unavailable(f"variable {name}: {result.error if result else 'no answer'}", "correct its query")
    columns = [field for frame in result.frames for field in frame.fields]
    chosen = [f for f in columns if f.name == "__value"] or columns
    return [str(v) for field in chosen for v in field.values if v is not None]


def _filled(query: object, before: Mapping[str, EffectiveVariable], kind: str) -> object:
    if isinstance(query, Mapping):
        return {key: _filled(value, before, kind) for key, value in query.items()}
    return interpolate(query, before, kind) if isinstance(query, str) else query
