"""Panels over Prometheus as they would read if the run's events had been counted."""

from dataclasses import replace
from typing import Any

from obs_check.app.systems.systems import Systems
from obs_check.app.verify.verdicts import PanelVerdict
from obs_check.evidence.promql_rise import with_rise
from obs_check.model.probe import Probe
from obs_check.panel.request import Query


def counts_events(row: PanelVerdict, by: int) -> bool:
    """Whether it can be said of every query of a panel what it would answer if its counter were higher."""
    sent = [q for query in row.view.request.queries for q in query.body["queries"]]
    return bool(sent) and all(_is_prometheus(q) and with_rise(str(q.get("expr") or ""), by) for q in sent)


def with_risen_counters(systems: Systems, by: int) -> Systems:
    """The same systems; panels ask Prometheus for what it would answer if their counters were `by` higher."""
    board = systems.board

    def ask(query: Query) -> tuple[dict[str, object], Probe]:
        queries = [_risen(sent, by) for sent in query.body["queries"]]
        return board.ask(replace(query, body={**query.body, "queries": queries}))

    return replace(systems, board=replace(board, ask=ask))


def _risen(sent: dict[str, Any], by: int) -> dict[str, object]:
    after = with_rise(str(sent.get("expr") or ""), by) if _is_prometheus(sent) else None
    return sent if after is None else {**sent, "expr": after}


def _is_prometheus(sent: dict[str, Any]) -> bool:
    return "prometheus" in str((sent.get("datasource") or {}).get("type"))
