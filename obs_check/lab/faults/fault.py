"""What a fault is: one named change of a healthy lab, which belongs to one cause."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from obs_check.lab.settings import LabSettings

EVENTS = (10, 10)
"""Two full batches of boundary's audit socket, so that none waits for more."""
Change = Callable[[LabSettings], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """`cause` is the id that the diagnosis has to name; `summary` is what is broken, for people.

    `events` are the allow and deny events that show it, `wait_s` seconds that have to pass between them and a look at
    the panels; an `unprivileged` one shows only where lab and obs-check do not run as root, who may read everything.
    `outage`: a system is not there, so the cause is told with the outage and is not a finding;
    `control` says that the panels have to be read before the events too.
    """

    id: str
    cause: str
    summary: str
    change: Change
    events: tuple[int, int] = EVENTS
    unprivileged: bool = False
    control: bool = False
    wait_s: float = 0
    outage: bool = False


def exprs(pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Change:
    """Change every expression of the dashboard by a regular expression."""

    def change(settings: LabSettings) -> None:
        for panel in settings.dashboard["panels"]:
            for target in panel.get("targets", []):
                if "expr" in target:
                    target["expr"] = re.sub(pattern, replacement, target["expr"])

    return change
