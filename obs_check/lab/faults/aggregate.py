"""Faults of what the panels make of their lines: intervals, groupings, operators, query types."""

from dataclasses import replace

from obs_check.lab.faults.fault import Change, Fault, exprs
from obs_check.lab.settings import LabSettings
from obs_check.model.window import NS
from obs_check.standin.loki.limits import HOUR


def _query_type(wanted: str, *panels: int) -> Change:
    def change(settings: LabSettings) -> None:
        for panel in settings.dashboard["panels"]:
            if panel["id"] in panels:
                for target in panel["targets"]:
                    target["queryType"] = wanted

    return change


def _lines(most: int, *panels: int) -> Change:
    def change(settings: LabSettings) -> None:
        for panel in settings.dashboard["panels"]:
            if panel["id"] in panels:
                for target in panel["targets"]:
                    target["maxLines"] = most

    return change


def _short_lookback(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, max_query_lookback=5 * NS)


def _short_intervals(settings: LabSettings) -> None:
    exprs(r"(sum by \(decision\).*)\[\$__auto\]", r"\1[1ms]")(settings)
    for panel in settings.dashboard["panels"]:
        if panel.get("type") == "timeseries":
            panel["interval"] = "500ms"


_DENIED = r"sum by \(owner\) \((count_over_time.*)\)$"


def _short_queries(settings: LabSettings) -> None:
    settings.loki = replace(settings.loki, max_query_length=HOUR)
    settings.dashboard["time"] = {"from": "now-7d", "to": "now"}


AGGREGATE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "interval-short",
        "aggregate.range-too-short",
        "the panel over time counts the last millisecond before each point",
        _short_intervals,
    ),
    Fault(
        "look-back-short",
        "aggregate.range-too-short",
        "the tables look back one millisecond from the end of the range",
        exprs(r"(topk.*)\[\$__auto\]", r"\1[1ms]"),
    ),
    Fault(
        "table-as-range",
        "aggregate.instant-vs-range",
        "the tables ask for points over time",
        _query_type("range", 2, 3),
    ),
    Fault(
        "logs-as-instant",
        "aggregate.instant-vs-range",
        "the panels of lines ask for one moment",
        _query_type("instant", 4, 5, 8),
    ),
    Fault(
        "lines-beyond-limit",
        "aggregate.query-limit",
        "the panels of lines ask for more than Loki gives at once",
        _lines(10_000, 4, 5, 8),
    ),
    Fault(
        "short-queries",
        "aggregate.query-limit",
        "Loki lets a query be an hour long, and the dashboard looks at seven days",
        _short_queries,
    ),
    Fault(
        "range-beyond-limit",
        "aggregate.query-limit",
        "the panel over time counts over an interval that is longer than Loki lets a query be",
        exprs(r"(sum by \(decision\).*)\[\$__auto\]", r"\1[800h]"),
    ),
    Fault(
        "short-lookback",
        "aggregate.query-limit",
        "Loki shows queries nothing older than 5 seconds",
        _short_lookback,
        wait_s=5.5,
    ),
    Fault(
        "group-label-unknown",
        "aggregate.group-label-missing",
        "the panels group by a label that nothing sets",
        exprs(r"by \(decision\)", "by (team)"),
    ),
    Fault(
        "group-label",
        "aggregate.group-label-missing",
        "the panels group by a label that is spelt wrong",
        exprs(r"by \(decision\)", "by (decison)"),
    ),
    Fault(
        "vectors-apart",
        "aggregate.vectors-do-not-match",
        "the panel of the owners multiplies with a vector that has other labels",
        exprs(_DENIED, r"sum by (owner) (\1) * (sum by (decision) (\1) / sum by (decision) (\1))"),
    ),
    Fault(
        "threshold-high",
        "aggregate.comparison-removes-all",
        "the panel of the owners shows those above a threshold that nobody meets",
        exprs(_DENIED, r"sum by (owner) (\1) > 1000"),
    ),
    Fault(
        "every-line-counted",
        "aggregate.pipeline-error-400",
        "the panels by decision count lines of every stream, also those that are not JSON",
        exprs(
            r'(sum by \(decision\).*)\{namespace="coder"\} \|= `boundary_request`(.*?) \| decision=~`allow\|deny`',
            r'\1{filename=~".+"}\2',
        ),
    ),
)
