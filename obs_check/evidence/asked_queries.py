"""The log queries that a panel asks, with what Grafana's backend fills in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from obs_check.errors import QueryError
from obs_check.evidence.context import BrokenPanel
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.parts import log_queries
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


def asked_queries(broken: BrokenPanel) -> Iterator[AskedQuery]:
    """The log queries of a panel's Loki targets, left to right; none of a text that does not parse."""
    request = broken.request
    for query in request.queries:
        if query.datasource.kind != "loki":
            continue
        for sent in query.body["queries"]:
            target = next((t for t in broken.panel.targets if t.ref_id == sent["refId"]), None)
            if target is None:
                continue
            text = backend_macros(
                sent["expr"],
                from_ms=request.range.from_ms,
                to_ms=request.range.to_ms,
                interval_ms=request.interval.ms,
                step_ms=loki_step(
                    request.interval.ms,
                    request.range.to_ms - request.range.from_ms,
                    str(sent.get("step") or ""),
                    int(sent.get("resolution") or 1),
                ),
                instant=sent.get("queryType") == "instant",
            )
            try:
                queries = log_queries(parse(text))
            except QueryError:
                continue
            for place, log_query in enumerate(queries):
                yield AskedQuery(target, sent, text, log_query, place)
