"""One diagnosis of a lab that is broken on purpose."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from obs_check.app.systems.systems import Systems, open_systems
from obs_check.app.verify.check import Check
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.follow.run import Run
from obs_check.lab.faults.registry import events_for, find_fault, wait_for
from obs_check.lab.native.parts import fit
from obs_check.lab.stack import Lab, LabShape
from obs_check.model.window import Window
from obs_check.panel.board import PanelView
from obs_check.panel.dashboard import load_dashboard
from tests.corpus.fixes import Mended, on_the_dashboard, on_the_pipeline
from tests.corpus.one_lab import only_dashboard
from tests.corpus.privileges import obey_modes
from tests.corpus.variants.registry import PLAIN, find_variant
from tests.corpus.variants.variant import Variant


@dataclass(frozen=True, slots=True)
class Stack:
    """What faults are seeded in: a variant, with programs of PATH in it."""

    variant_id: str = "plain"
    native: tuple[str, ...] = ()

    @property
    def variant(self) -> Variant:
        """The variant of that id."""
        return find_variant(self.variant_id)


EMBEDDED = Stack()
STARTED_PANELS = (8, 10)
"""Panels that show something as soon as everything is up: boundary's first lines and a counter of the agents."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`causes` are those of findings, in the order they are named; of what is right only with a control. `requests`
    were sent to Grafana and Loki to explain what was read, `bytes` is what Loki read for them (None: it does not say);
    `seconds` is the whole of it. `mended` are the fixes that were made, and whether they are right."""

    causes: tuple[str, ...]
    document: Any
    requests: int
    bytes: int | None
    seconds: float
    mended: tuple[Mended, ...] = ()


def diagnose(directory: Path, fault_ids: tuple[str, ...], on: Stack = EMBEDDED, apply: bool = False) -> Diagnosis:
    """Start a lab with these faults, send events, follow them, read the panels and explain; and with `apply` make the
    fixes of files, and look again."""
    if any(find_fault(fault).unprivileged for fault in fault_ids):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=obey_modes) as process:
            return process.submit(_diagnose, directory, fault_ids, on, apply).result()
    return _diagnose(directory, fault_ids, on, apply)


def _diagnose(directory: Path, fault_ids: tuple[str, ...], on: Stack, apply: bool) -> Diagnosis:
    started = time.monotonic()
    variant = on.variant
    with _opened(directory, fault_ids, on) as (lab, systems, up_ns):
        _earlier_runs(systems, fault_ids, variant)
        control = any(find_fault(fault).control for fault in fault_ids)
        check = Check(systems, Outcome("verify"), tells_zeros=control)
        if control:
            _wait_for_start(systems, up_ns)
        before = check.read_before()
        run = check.inject(*events_for(fault_ids))
        check.follow(run)
        systems.pause(wait_for(fault_ids))
        found = _explained(check, run, started, lab, before)
        made = on_the_pipeline(lab, check.outcome.findings, fault_ids) if apply and variant is PLAIN else []
        return replace(found, mended=tuple(made))


@contextmanager
def _opened(directory: Path, fault_ids: tuple[str, ...], on: Stack) -> Iterator[tuple[Lab, Systems, int]]:
    """The lab, the systems as its obs-check.yaml names them, and when the lab was started, ns since the epoch."""
    variant = on.variant
    with ExitStack() as stack:
        config = stack.enter_context(variant.machine(directory))
        data = None
        if variant.ran_before:
            data = directory / "loki"
            with (
                Lab(directory, data=data, shape=LabShape(variant.settings(()))),
                open_systems(load_config(config, {}), {}) as systems,
            ):
                _run_to_the_end(systems, ())
        up_ns = time.time_ns()
        lab = stack.enter_context(Lab(directory, data=data, shape=LabShape(variant.settings(fault_ids), on.native)))
        systems = stack.enter_context(open_systems(load_config(config, {}), {}))
        stack.enter_context(variant.traffic(lab))
        yield lab, systems, up_ns


def _earlier_runs(systems: Systems, fault_ids: tuple[str, ...], variant: Variant) -> None:
    for _ in range(variant.runs - 1):
        _run_to_the_end(systems, fault_ids)


def _run_to_the_end(systems: Systems, fault_ids: tuple[str, ...]) -> None:
    check = Check(systems, Outcome("verify"))
    check.follow(check.inject(*events_for(fault_ids)))


DiagnoseDashboard = Callable[[tuple[str, ...]], Diagnosis]


@contextmanager
def shared_lab(directory: Path, on: Stack = EMBEDDED) -> Iterator[DiagnoseDashboard]:
    """One healthy lab and one run for all faults that change the dashboard only."""
    variant = on.variant
    with _opened(directory, (), on) as (lab, systems, _):
        _earlier_runs(systems, (), variant)
        first = Check(systems, Outcome("verify"))
        run = first.inject(*events_for(()))
        first.follow(run)
        first.panels(run)
        hops = [hop for hop in first.outcome.hops if hop.hop != "panel"]

        def with_faults(fault_ids: tuple[str, ...]) -> Diagnosis:
            started = time.monotonic()
            assert all(only_dashboard(fault) for fault in fault_ids)
            settings, healthy = (variant.settings(ids)(directory, 0) for ids in (fault_ids, ()))
            for made in (settings, healthy):
                fit(made, on.native)
            dashboard = load_dashboard(settings.dashboard, "agent-firewall.json")
            broken: Systems = replace(systems, board=replace(systems.board, dashboard=dashboard))
            check = Check(broken, Outcome("verify", run, list(hops)))
            found = _explained(check, run, started, lab)
            return replace(
                found, mended=tuple(on_the_dashboard(broken, healthy.dashboard, check.outcome.findings, fault_ids))
            )

        yield with_faults


def _wait_for_start(systems: Systems, up_ns: int) -> None:
    """Wait until what started with the lab is in Loki and Prometheus, so that it is read before the events."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        since = Window(up_ns, systems.now_ns())
        views = [view for panel in STARTED_PANELS for view in systems.board.read(since.end_ns, since, {panel})]
        if all(view.reading.rows for view in views):
            return
        time.sleep(0.1)


def _explained(check: Check, run: Run, started: float, lab: Lab, before: Sequence[PanelView] = ()) -> Diagnosis:
    check.panels(run, before)
    sent, read = check.systems.sent, lab.served.bytes if lab.served else 0
    check.explain()
    sent = check.systems.sent - sent
    bytes_read = lab.served.bytes - read if lab.served else None
    check.suggest()
    document: Any = check.outcome.to_json()
    causes = tuple(f["cause"] for f in document["findings"] if f["severity"] != "info" or check.tells_zeros)
    return Diagnosis(causes, document, sent, bytes_read, time.monotonic() - started)
