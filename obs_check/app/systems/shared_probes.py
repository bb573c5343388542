"""Questions that several panels share are asked once in a diagnosis; an outage is asked again: it may be over."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from obs_check.evidence.questions import Grafana, Loki

P = ParamSpec("P")
T = TypeVar("T")


class LokiOnce:
    """A Loki of which each question is asked once."""

    def __init__(self, loki: Loki) -> None:
        self.count, self.lines = call_once(loki.count), call_once(loki.lines)
        self.labels, self.label_values = call_once(loki.labels), call_once(loki.label_values)
        self.series, self.lookback, self.of_tenant = call_once(loki.series), call_once(loki.lookback), loki.of_tenant


class GrafanaOnce:
    """A Grafana of whose Prometheus each question is asked once."""

    def __init__(self, grafana: Grafana) -> None:
        self.ds_query, self.datasource_health = grafana.ds_query, grafana.datasource_health
        self.search, self.dashboard = grafana.search, grafana.dashboard
        self.prometheus = call_once(grafana.prometheus)


def call_once(ask: Callable[P, T]) -> Callable[P, T]:
    """The same function, called once for the same arguments."""
    known: dict[object, T] = {}

    def answer(*given: P.args, **named: P.kwargs) -> T:
        question = (given, tuple(named.items()))
        if question not in known:
            known[question] = ask(*given, **named)
        return known[question]

    return answer
