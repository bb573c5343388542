"""The log queries that a panel asks, with what Grafana's backend fills in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs_check.errors import QueryError
from obs_check.evidence.context import BrokenPanel
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries
from obs_check.panel.elements import Target
from obs_check.panel.interval import loki_step
from obs_check.panel.macros import backend_macros


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """Log query number `place` of `expr`, the text of a target with macros filled in; `sent` is the target as sent."""

    target: Target
    sent: Mapping[str, Any]
    expr: str
    query: ast.LogQuery
    place: int


def sent_targets(broken: BrokenPanel) -> Iterator[tuple[Target, Mapping[str, Any]]]:
    """The panel's Loki targets that are asked, each with its query as sent."""
    for query in broken.request.queries:
        for sent in query.body["queries"] if query.datasource.kind == "loki" else ():
            # An expression of Grafana's is asked together with what it is made of.
            target = next((t for t in broken.panel.targets if t.ref_id == sent["refId"]), None)
            if target is not None and "expr" in sent:
                yield target, sent


def fill_macros(broken: BrokenPanel, sent: Mapping[str, Any]) -> str:
    """The text of a query with macros filled in as Grafana's backend does."""
    request = broken.request
    length_ms = request.range.to_ms - request.range.from_ms
    own, resolution = str(sent.get("step") or ""), int(sent.get("resolution") or 1)
    return backend_macros(
        str(sent["expr"]),
        from_ms=request.range.from_ms,
        to_ms=request.range.to_ms,
        interval_ms=request.interval.ms,
        step_ms=loki_step(request.interval.ms, length_ms, own, resolution),
        instant=sent.get("queryType") == "instant",
    )


def asked_queries(broken: BrokenPanel) -> Iterator[AskedQuery]:
    """The log queries of a panel's Loki targets, left to right; none of a text that does not parse."""
    for target, sent in sent_targets(broken):
        text = fill_macros(broken, sent)
        try:
            queries = log_queries(parse(text))
        except QueryError:
            continue
        for place, log_query in enumerate(queries):
            yield AskedQuery(target, sent, text, log_query, place)
