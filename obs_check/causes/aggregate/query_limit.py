"""aggregate.query-limit: one of Loki's limits for queries refuses the query, or hides what it asks for.

Loki 3.5 answers 400 with the limit's value and not always its name (`limits_config`); `max_query_lookback` moves the
start of a query and says nothing, unless an offset takes it further back. Proved by Loki's answer, and by the panel
read within the limit where that can be tried.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from obs_check.evidence.cause import on_panel
from obs_check.evidence.context import BrokenPanel, Context
from obs_check.evidence.dashboard_edit import edits_fix, panel_json
from obs_check.evidence.tried import Tried, reading_text, try_edits
from obs_check.golang.durations import format_prometheus_duration, parse_prometheus_duration
from obs_check.model.finding import DashboardEdit, Evidence, Finding, Fix, Observation, PanelEdit, Proof
from obs_check.model.window import Window
from obs_check.model.wording import count_noun
from obs_check.panel.expect import reads_nothing


class _Limit(NamedTuple):
    """A limit by its name in `limits_config` ("" for one that is not set there), the words of the refusal, with the
    group `limit` for the value where they tell it, and what helps."""

    name: str
    words: str
    remedy: str


_SHORTER = "look at a shorter range"
_FEWER = "aggregate into fewer series: sum by (...) of fewer labels, topk"
_NARROWER = "select fewer streams, or look at a shorter range"
_OF_BYTES = r"\(query: .*?, limit: (?P<limit>.*?)\)"
_LIMITS = (
    _Limit("max_query_length", r"time range exceeds the limit \(query length: .*?, limit: (?P<limit>.*?)\)", _SHORTER),
    _Limit("max_query_range", r"value exceeds limit: \[.*?\] > \[(?P<limit>.*?)\]", "count over a shorter interval"),
    _Limit("max_query_series", r"maximum (?:number )?of series \((?P<limit>\d+)\) reached", _FEWER),
    _Limit(
        "max_entries_limit_per_query",
        r"max_entries_limit_per_query \(\d+ > (?P<limit>\d+)\)",
        "ask for fewer lines",
    ),
    _Limit("max_query_bytes_read", rf"would read too many bytes {_OF_BYTES}", _NARROWER),
    _Limit("max_querier_bytes_read", rf"too large to execute on a single querier: {_OF_BYTES}", _NARROWER),
    _Limit(
        "max_streams_matchers_per_query",
        r"matchers-count > limit \(\d+ > (?P<limit>\d+)\)",
        "join the matchers of a selector",
    ),
    _Limit("cardinality_limit", r"cardinality limit exceeded for .*?more than limit of (?P<limit>\d+)", _NARROWER),
    _Limit("max_query_lookback", r"past now - max_query_lookback \((?!0s)(?P<limit>.*?)\)", "look at newer lines"),
    _Limit("blocked_queries", r"query blocked by policy", "ask by another query"),
    _Limit("required_labels", r"is missing required matchers \[(?P<limit>.*?)\]", "select by these labels too"),
    _Limit("minimum_labels_number", r"required_number_label_matchers: (?P<limit>\d+)", "select by more labels"),
    _Limit(
        "",
        r"exceeded maximum resolution of (?P<limit>[\d,]+ points per time series)",
        "set a longer step or minimal interval",
    ),
)
"""Loki 3.5: pkg/querier/queryrange/limits.go, pkg/querier/limits and pkg/logqlmodel."""
_SEEN_AT_LEAST = 2
"""A look back is to blame where it shows less than one part in so many of the panel's range."""


def find(context: Context, broken: BrokenPanel) -> Finding | None:
    """Name the limit that Loki's refusal is about, or the one that moves the start of the panel's queries."""
    for limit in _LIMITS:
        refused = re.search(limit.words, broken.reading.error)
        if refused is not None:
            return _refused(context, broken, limit, refused.groupdict().get("limit", ""))
    return _looks_back(context, broken)


def _refused(context: Context, broken: BrokenPanel, limit: _Limit, value: str) -> Finding:
    edits, change, told = _within(context, broken, limit, value)
    setting = f", or change `{limit.name}` in Loki's `limits_config`" if limit.name else ""
    summary = f"{limit.remedy}{setting}"
    helps = change is not None and change.reading.state != "error"
    fix = Fix(summary)
    if helps and edits:
        fix = edits_fix(summary, context.dashboard_uid, edits)
    said, named = " ".join(broken.reading.error.split()), f" `{limit.name}`" if limit.name else ""
    claim = f"Loki refuses the query: its limit{named} {f'is {value}' if value else 'names it'} ({said})"
    if change is not None and helps:
        claim += f"; {told} the panel reads {reading_text(change.reading)}"
    evidence: Evidence = Observation(broken.probes)
    if change is not None and helps and broken.probes:
        evidence = Proof(broken.probes, change.probes, cured=bool(edits) and change.right)
    return CAUSE.finding(
        claim=claim,
        evidence=evidence,
        fix=fix,
        group=f"{limit.name} {value}",
    )


def _within(
    context: Context, broken: BrokenPanel, limit: _Limit, value: str
) -> tuple[Sequence[DashboardEdit], Tried | None, str]:
    """The panel within the limit: asked for fewer lines, or for the last part of its range."""
    if limit.name == "max_entries_limit_per_query":
        targets = panel_json(context.dashboard, broken.panel.id).get("targets") or ()
        edits = [
            PanelEdit(broken.panel.id, ("targets", index, "maxLines"), target.get("maxLines"), int(value))
            for index, target in enumerate(targets)
            if target.get("expr")
        ]
        return (
            edits,
            try_edits(context, broken, edits) if edits else None,
            f"with at most {count_noun(int(value), 'line')}",
        )
    if limit.name == "max_query_length":
        try:
            length = parse_prometheus_duration(value)
        except ValueError:
            return (), None, ""
        # Half of it: the range of a metric query grows by a step at either end.
        end, part = broken.opened.end_ns, length // 2
        change = try_edits(context, broken, (), window=Window(end - part, end))
        return (), change, f"over the last {format_prometheus_duration(part)}"
    return (), None, ""


def _looks_back(context: Context, broken: BrokenPanel) -> Finding | None:
    """A limit that hides lines without a word, and is told only where an offset takes a query further back."""
    asks = any(query.datasource.kind == "loki" for query in broken.request.queries)
    if not asks or broken.reading.error or (broken.reading.rows and not reads_nothing(broken.reading)):
        return None
    lookback, probe = context.loki.lookback()
    now, window = context.now_ns(), broken.window
    if not lookback:
        return None
    if context.run is not None:
        hidden = all(event.sent_ns < now - lookback for event in context.run.events)
    else:
        length = min(window.end_ns, now) - window.start_ns
        hidden = min(window.end_ns, now) - max(window.start_ns, now - lookback) < length / _SEEN_AT_LEAST
    if not hidden:
        return None
    value = format_prometheus_duration(lookback)
    return CAUSE.finding(
        claim=f"Loki's limit `max_query_lookback` is {value}: queries see no older line, which their answer does not "
        f"say; the panel looks at {format_prometheus_duration(window.end_ns - window.start_ns)}",
        evidence=Observation((*broken.probes, probe)),
        fix=Fix("raise or remove `max_query_lookback` in Loki's `limits_config`"),
        group=f"max_query_lookback {value}",
    )


CAUSE = on_panel("aggregate.query-limit", "loki", find)
