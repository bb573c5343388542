"""Programs from PATH as parts of the lab: each stands in for one of its own, behind the same needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from obs_check.errors import UsageError
from obs_check.lab.faults.fault import Change
from obs_check.lab.native import boundary, grafana, loki, shipper
from obs_check.lab.native.boundary import NativeBoundary
from obs_check.lab.native.grafana import NativeGrafana
from obs_check.lab.native.loki import NativeLoki
from obs_check.lab.native.program import on_path
from obs_check.lab.native.prometheus import NativePrometheus
from obs_check.lab.native.shipper import NativeAlloy, NativePromtail
from obs_check.lab.parts import (
    PARTS,
    SHIPPER_LOG,
    LabPart,
    Stack,
    Start,
    Stop,
    audit_socket,
    keep_token,
    scraped,
    sources,
)
from obs_check.lab.settings import LabSettings

TIMEOUTS = {"hop_s": 15, "metrics_s": 20}
"""Seconds: real programs look for files, write batches and scrape at intervals of their own."""


@dataclass(frozen=True, slots=True)
class Native:
    """`part` is the name of the lab's part that the program stands in for, `fit` what its settings become."""

    part: str
    start: Start
    fit: Change


def _loki(stack: Stack) -> Stop:
    running = NativeLoki(stack.directory / "loki", stack.chosen.loki)
    stack.loki = running.__enter__()
    return running.close


def _promtail(stack: Stack) -> Stop:
    config = stack.directory / stack.chosen.shipper_config
    more = shipper.options_of(stack.env)
    running = NativePromtail(stack.directory, config, stack.directory / SHIPPER_LOG, more)
    stack.shipper = running.__enter__()
    return running.close


def _alloy(stack: Stack) -> Stop:
    config = stack.directory / stack.chosen.shipper_config
    running = NativeAlloy(stack.directory, config, stack.directory / SHIPPER_LOG)
    stack.shipper = running.__enter__()
    return running.close


def _prometheus(stack: Stack) -> Stop:
    running = NativePrometheus(stack.directory / "prometheus", scraped(stack), "1s")
    stack.prometheus = running.__enter__()
    try:
        running.until(running.scraped, "has scraped nothing")
    except BaseException:
        running.close()
        raise
    return running.close


def _boundary(stack: Stack) -> Stop:
    running = NativeBoundary(stack.chosen, stack.directory, stack.proxy_port, stack.origin, audit_socket(stack))
    stack.boundary = running.__enter__()
    return running.close


def _grafana(stack: Stack) -> Stop:
    running = NativeGrafana(stack.directory / "grafana", sources(stack))
    stack.grafana = running.__enter__()
    try:
        for dashboard in grafana.imported_dashboards(stack.directory):
            running.save(dashboard)
        keep_token(stack, running.token("Editor"))
    except BaseException:
        running.close()
        raise
    return running.close


def _as_it_is(_settings: LabSettings) -> None:
    """Nothing of the settings depends on it."""


NATIVE = {
    "loki": Native("loki", _loki, loki.fit),
    "promtail": Native("shipper", _promtail, shipper.fit_promtail),
    "alloy": Native("shipper", _alloy, shipper.fit_alloy),
    "prometheus": Native("prometheus", _prometheus, _as_it_is),
    "grafana": Native("grafana", _grafana, grafana.fit),
    "boundary": Native("boundary", _boundary, boundary.fit),
}
"""By the names of the programs."""


def parts_with(names: Sequence[str]) -> tuple[LabPart, ...]:
    """The lab's parts, with programs of PATH in the place of some. UsageError when one is not on PATH, or when two are
    for one place."""
    instead: dict[str, str] = {}
    for name in dict.fromkeys(names):
        on_path(name)
        part = NATIVE[name].part
        if part in instead:
            raise UsageError(f"{instead[part]} and {name} take the same place", f"leave out --native {name}")
        instead[part] = name
    return tuple(
        replace(part, start=NATIVE[instead[part.name]].start) if part.name in instead else part for part in PARTS
    )


def fit(settings: LabSettings, names: Sequence[str]) -> None:
    """Make of the settings what the programs can be told; UsageError for what they cannot."""
    for name in dict.fromkeys(names):
        NATIVE[name].fit(settings)
