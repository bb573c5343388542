"""What a variant is: the same pipeline in another shape, in which a fault has to be named as before or not at all."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from obs_check.lab.faults.fault import Change
from obs_check.lab.faults.registry import break_with
from obs_check.lab.settings import LabSettings, healthy
from obs_check.lab.stack import Lab
from tests.corpus.variants.others import Others

TIMEOUTS = {"hop_s": 2, "metrics_s": 7}
"""A line takes at most a third of a second from one hop of the lab to the next, at 2.5 runnable processes a core;
boundary's last batch waits for 5 s before the agent counts it."""


def _hurried(document: dict[str, Any]) -> None:
    document["timeouts"].update(TIMEOUTS)


def _nothing(_settings: LabSettings) -> None:
    """The settings as they are."""


@dataclass(frozen=True, slots=True)
class Variant:
    """`before` is what the stack is: it is changed before a fault, which has to find something to break there. `after`
    is how all of it is written down, read or reached: it is changed with the fault in it.

    `named_by` is how obs-check.yaml is named; `others` are requests of other agents, through the `same` boundary or
    through their `own`; the last of `runs` is the one that is looked at; `zone` is the machine's. `apart` holds faults
    that are none in this variant, with the reason; `instead` those that are another mistake there, with its cause.
    """

    id: str
    summary: str
    before: Change = _nothing
    after: Change = _nothing
    named_by: Literal["absolute", "name", "relative"] = "absolute"
    others: Literal["nobody", "same", "own"] = "nobody"
    runs: int = 1
    ran_before: bool = False
    zone: str = ""
    apart: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)

    def settings(self, fault_ids: tuple[str, ...]) -> Callable[[Path, int], LabSettings]:
        """What a Lab is made of; UsageError for a fault that changes nothing here."""
        return partial(self._made, fault_ids)

    def _made(self, fault_ids: tuple[str, ...], directory: Path, proxy_port: int = 8087) -> LabSettings:
        settings = healthy(directory, proxy_port)
        settings.reached.append(_hurried)
        self.before(settings)
        break_with(settings, fault_ids)
        self.after(settings)
        return settings

    @contextmanager
    def machine(self, directory: Path) -> Iterator[Path]:
        """Work in the zone and in the folder that this variant wants; the path by which obs-check.yaml is named."""
        with contextlib.ExitStack() as stack:
            if self.zone:
                stack.enter_context(_zone(self.zone))
            if self.named_by == "name":
                stack.enter_context(contextlib.chdir(directory))
                yield Path("obs-check.yaml")
            elif self.named_by == "relative":
                elsewhere = directory / "work" / "here"
                elsewhere.mkdir(parents=True, exist_ok=True)
                stack.enter_context(contextlib.chdir(elsewhere))
                yield Path("../../obs-check.yaml")
            else:
                yield directory / "obs-check.yaml"

    @contextmanager
    def traffic(self, lab: Lab) -> Iterator[None]:
        """Other agents' requests for as long as the block takes."""
        if self.others == "nobody":
            yield
        elif self.others == "same":
            with Others(lab.proxy_url):
                yield
        else:
            with contextlib.ExitStack() as stack:
                boundary = stack.enter_context(lab.another_boundary())
                stack.enter_context(Others(boundary.url))
                yield


@contextmanager
def _zone(name: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
