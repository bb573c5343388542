"""Which language a query is in: its datasource says so, else its own text, else the queries of the same datasource."""

from collections.abc import Mapping
from typing import Any, Literal

from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries, walk
from obs_check.panel.datasource import Datasource, Datasources, reference_key
from obs_check.panel.elements import Dashboard, Panel, Target
from obs_check.panel.variables import EffectiveVariable

Language = Literal["logql", "promql", "sql", ""]
_KINDS: dict[str, Language] = {"loki": "logql", "prometheus": "promql", "sql": "sql"}
_NAMES: tuple[tuple[str, Language], ...] = (("loki", "logql"), ("prom", "promql"))
_PROMETHEUS_SETTINGS = ("format", "intervalFactor", "exemplar")
"""What only Prometheus' query editor saves."""
_LOKI_QUERY_TYPES = ("range", "instant", "stream")


def reference_of(panel: Panel, target: Target) -> Any:
    """The reference to a query's datasource: that of its panel, its own where the panel has none or mixes."""
    mixed = reference_key(panel.datasource).startswith("--") or panel.datasource is None
    return target.datasource if mixed else panel.datasource


def plugin_of(
    dashboard: Dashboard,
    panel: Panel,
    target: Target,
    variables: Mapping[str, EffectiveVariable],
    known: Datasources | None,
) -> str:
    """The plugin of a query's datasource: that of the datasource variable that it names (Grafana looks a datasource up
    by its uid and lets the type beside it be), the type in the reference, that of the datasource that it means; ""
    where nobody tells."""
    reference = reference_of(panel, target)
    name = reference_key(reference).strip("${}[]")
    for variable in dashboard.variables:
        if variable.type == "datasource" and variable.name == name and variable.query:
            return str(variable.query)
    kind = str(reference.get("type") or "") if isinstance(reference, dict) else ""
    if (not kind or kind == "datasource") and known is not None:
        found = known.resolve(reference, {name: v.value for name, v in variables.items()})
        kind = found.type if found else kind
    return kind


def language_of(kind: str, target: Target) -> Language | None:
    """ "" for a query that is LogQL or PromQL; None for a plugin whose language is not read here."""
    if target.query.get("rawSql"):
        return "sql" if not kind or Datasource("", "", kind).kind == "sql" else None
    return _KINDS.get(Datasource("", "", kind).kind) if kind else ""


def told_language(panel: Panel, target: Target, tree: ast.Expr) -> Language:
    """The language of a query that parses as LogQL and as PromQL, by the name of its datasource and by what only one
    of the two has; "" where nothing tells, as of a selector alone. `tree` is the query as LogQL."""
    name = reference_key(reference_of(panel, target)).lower()
    by_name = {language for part, language in _NAMES if part in name}
    if len(by_name) == 1:
        return by_name.pop()
    if any(matcher.name == "__name__" for query in log_queries(tree) for matcher in query.selector.matchers):
        return "promql"
    if panel.type == "logs" or target.query.get("queryType") in _LOKI_QUERY_TYPES:
        return "logql"
    if any(target.query.get(setting) for setting in _PROMETHEUS_SETTINGS):
        return "promql"
    return ""


def counts_in_range(tree: ast.Expr | None) -> bool:
    """Whether a query that parses as both counts over a range: in PromQL that hardly ever stands behind a selector
    that names no metric."""
    return tree is not None and any(isinstance(node, ast.RangeAggregation) for node in walk(tree))
