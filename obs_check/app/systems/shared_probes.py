"""Questions to Loki that several panels share are asked once in a diagnosis."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any, TypeVar

from obs_check.evidence.context import LokiProbes

T = TypeVar("T", bound=Callable[..., Any])


def shared(probes: LokiProbes) -> LokiProbes:
    """The same questions, each asked once; an outage is asked again, because it may be over."""
    return replace(
        probes,
        count=once(probes.count),
        sample=once(probes.sample),
        label_names=once(probes.label_names),
        label_values=once(probes.label_values),
        series=once(probes.series),
    )


def once(ask: T) -> T:
    """The same function, called once for the same arguments."""
    known: dict[tuple[Hashable, ...], Any] = {}

    def answer(*question: Hashable) -> Any:
        if question not in known:
            known[question] = ask(*question)
        return known[question]

    return answer  # type: ignore[return-value]
