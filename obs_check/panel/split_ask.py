"""Asks for one request of a panel, day by day where the browser does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from obs_check.errors import Unavailable
from obs_check.model.probe import Probe
from obs_check.panel.frames import RefResult, decode_results, result_of
from obs_check.panel.request import Query
from obs_check.panel.split import chunk_query, chunks, is_log_query, is_split, join_results

Ask = Callable[[Query], tuple[dict[str, Any], Probe]]
"""Sends one query; the answer has `results` even where Grafana said 400."""


def ask_query(ask: Ask, query: Query, split: bool) -> tuple[dict[str, RefResult], list[Probe]]:
    """refId -> answer, and the probes. Raises what asking raises."""
    start, end = int(query.body["from"]), int(query.body["to"])
    apart = [q for q in query.body["queries"] if split and query.datasource.kind == "loki" and is_split(q, start, end)]
    together = [q for q in query.body["queries"] if q not in apart]
    results: dict[str, RefResult] = {}
    probes: list[Probe] = []
    if together:
        document, probe = ask(query if not apart else _with(query, together, start, end))
        results |= decode_results(document)
        probes.append(probe)
    for one in apart:
        results[str(one["refId"])] = _day_by_day(ask, query, one, probes)
    unanswered = [ref for one in query.body["queries"] if (ref := str(one["refId"])) not in results]
    if unanswered:
        raise Unavailable(f"grafana: no answer to query {unanswered[0]}", "does the URL point to Grafana?")
    return results, probes


def _day_by_day(ask: Ask, query: Query, one: Mapping[str, Any], probes: list[Probe]) -> RefResult:
    """Grafana stops at the first chunk with an error, and when all lines that were asked for are there."""
    left = int(one.get("maxLines") or 0) if is_log_query(one) else None
    found = []
    for start, end in chunks(one, int(query.body["from"]), int(query.body["to"])):
        document, probe = ask(_with(query, [chunk_query(one, left)], start, end))
        probes.append(probe)
        result = result_of(decode_results(document), str(one["refId"]))
        found.append(result)
        if left is not None:
            left -= sum(frame.rows for frame in result.frames)
        if result.error or (left is not None and left <= 0):
            break
    return join_results(found, one.get("direction") == "forward")


def _with(query: Query, queries: Sequence[object], start: int, end: int) -> Query:
    return Query(query.datasource, query.path, {"from": str(start), "to": str(end), "queries": queries}, query.hidden)
