"""The whole job on the embedded lab: break, inject, follow, diagnose, fix, confirm."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from obs_check.app.systems.injection import Sending
from obs_check.app.systems.systems import open_systems
from obs_check.app.verify.check import Check, Say
from obs_check.app.verify.comparison import compare, compare_hops
from obs_check.app.verify.document import Document
from obs_check.app.verify.outcome import Outcome
from obs_check.config import load_config
from obs_check.errors import ObsCheckError
from obs_check.lab.faults.registry import events_for, find_fault, wait_for
from obs_check.lab.stack import Lab
from obs_check.model.verdict import Verdict


@dataclass(slots=True)
class Demo:
    """What the demonstration saw; grows while it runs."""

    before: Outcome = field(default_factory=lambda: Outcome("demo"))
    after: Outcome | None = None
    changes: list[str] = field(default_factory=list)

    ended: str = ""
    """As Outcome's."""

    @property
    def last(self) -> Outcome:
        """The last state: after the fixes where there were any."""
        return self.after or self.before

    @property
    def verdict(self) -> Verdict:
        """That of the last state."""
        return self.last.verdict

    @property
    def exit_code(self) -> int:
        """That of the last state."""
        return self.last.exit_code

    @property
    def begun(self) -> bool:
        """Whether there is something to tell: the lab is always."""
        return True

    def stop(self, why: str) -> None:
        """As Outcome's: whatever was seen before is not the end of the story."""
        self.ended = why
        self.last.stop(why)

    def failed(self, error: ObsCheckError) -> None:
        """As Outcome's."""
        self.last.failed(error)

    def to_json(self) -> Document:
        """The first run's document; after fixes also `after`, `changes` and the comparison panel by panel."""
        document: Document = {**self.before.to_json(), "changes": self.changes, "ended": self.ended}
        if self.after is not None:
            after = self.after.to_json()
            document["after"] = after
            document["comparison"] = compare(document, after)
            document["hop_comparison"] = compare_hops(document, after)
            document["verdict"] = after["verdict"]
        return document


def run_demo(demo: Demo, lab: Lab, say: Say, show: Callable[[Outcome], None]) -> None:
    """Run the story on a lab that is not yet started; `show` prints an outcome when a part is complete."""
    started = time.monotonic()
    events = events_for(lab.fault_ids)
    with lab:
        say(f"lab up in {time.monotonic() - started:.1f} s: {lab.directory}")
        for fault in lab.fault_ids:
            say(f"broken: {find_fault(fault).summary}")
        with open_systems(load_config(lab.config_path, {}), {}) as systems:
            sending = Sending("boundary" if lab.wraps else "local")
            _look(Check(systems, demo.before, say), events, sending, wait_for(lab.fault_ids))
            show(demo.before)
            if not any(f.fix.edits for f in demo.before.findings):
                return
            say("applying the fixes")
            demo.changes = systems.apply(demo.before.findings)
            for change in demo.changes:
                say(change)
            lab.reload()
        demo.after = Outcome("demo")
        with open_systems(load_config(lab.config_path, {}), {}) as systems:
            _look(Check(systems, demo.after, say), events, sending, wait_for(lab.fault_ids))
            show(demo.after)


def _look(check: Check, events: tuple[int, int], sending: Sending, wait_s: float) -> None:
    check.ask_health(sending, "before")
    before = check.read_before()
    run = check.inject(*events, sending)
    check.follow(run)
    check.systems.pause(wait_s)
    check.panels(run, before)
    check.ask_health(sending, "after")
    check.explain()
