"""The shipper of a configuration, watched over a run: snapshots before and after it."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from obs_check.client.answered import Answered
from obs_check.client.files.search import FileLine
from obs_check.client.shipper.disk import Disk
from obs_check.client.shipper.kind import shipper_client
from obs_check.client.shipper.shipper_client import ShipperClient
from obs_check.client.shipper.sources import Sources
from obs_check.config import Config
from obs_check.errors import ObsCheckError
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run
from obs_check.follow.shipper_hop import run_lines, shipper_hop, told_whole
from obs_check.follow.shipping import ShippingEvidence
from obs_check.follow.trace import Watched
from obs_check.model.backoff import Backoff
from obs_check.model.paths import AbsolutePath
from obs_check.model.shipping import ShipperState
from obs_check.model.window import NS
from obs_check.shipper.collect import globs
from obs_check.shipper.pods import POD_LOGS
from obs_check.shipper.read import read_shipper

HERE = Disk(Path("/"))
SETTLE_S = 2.0
"""How long a batch that was read may take until its counters say sent or dropped, seconds."""


@dataclass(slots=True)
class Shipping:
    """`before` is the snapshot in front of the run, None when there is none."""

    client: ShipperClient
    before: ShipperState | None = None

    def remember(self) -> None:
        """Take the snapshot before a run; a shipper that does not answer leaves none."""
        try:
            self.before = self.client.state().value
        except ObsCheckError:
            self.before = None

    def watched(self, path: PathName, run: Run, upstream: HopSeen, hop_s: float) -> Watched:
        """The hop `shipper` of a path behind the hop that looks into the files."""
        hop, look = shipper_hop(path, run, upstream, self.client.counters, self.before, HERE.lines_from)
        return Watched(hop, look, hop_s)

    def account(
        self, run: Run, hops: Sequence[HopSeen], steady_ns: Callable[[], int], pause: Callable[[float], None]
    ) -> None:
        """Give each hop `shipper` (behind its file hop) the evidence of a snapshot that is taken when nothing is in
        flight any more, or SETTLE_S later."""
        pairs = [(a, b) for a, b in pairwise(hops) if b.hop == "shipper" and a.path == b.path]
        deadline = steady_ns() + int(SETTLE_S * NS)
        pauses = Backoff(0.2, SETTLE_S / 2)
        while True:
            try:
                after, probe = self.client.state()
            except ObsCheckError:
                return
            for upstream, hop in pairs:
                files = run_lines(upstream)
                hop.shipping = ShippingEvidence(after, files, self.before, run.window.start_ns)
                hop.note = told_whole(hop, files, after)
                if all(p.request != probe.request for p in hop.probes):
                    hop.probes.append(probe)
            open_lines = [e.account.open for _, hop in pairs if (e := hop.shipping) and e.account]
            if not any(n > 0 for n in open_lines) or steady_ns() >= deadline:
                return
            pause(pauses.pause_s())


@dataclass(slots=True)
class ShipperNames:
    """The names that the shipper has for files that were found here: paths of its configuration, and what a running one
    says. Without either every file keeps its own."""

    disk: Disk
    config: AbsolutePath | None
    shipping: Shipping | None
    env: Mapping[str, str] = field(repr=False)
    _told: dict[str, str] = field(default_factory=dict)

    def applied(self, answer: Answered[dict[Path, list[FileLine]]]) -> Answered[dict[Path, list[FileLine]]]:
        """What was found in files, under the shipper's names for them."""
        names = {path: self.of(str(path)) for path in answer.value}
        files = answer.probe.answer["files"]
        shown = {**answer.probe.answer, "files": {name: files[str(path)] for path, name in names.items()}}
        value = {Path(name): answer.value[path] for path, name in names.items()}
        return Answered(value, replace(answer.probe, answer=shown))

    def of(self, path: str) -> str:
        """The shipper's name for a file that is `path` here."""
        if path not in self._told:
            known, globs = self._known()
            self._told[path] = self.disk.name_of(path, known, globs)
        return self._told[path]

    def _known(self) -> tuple[list[str], list[str]]:
        """Names of files, and patterns."""
        patterns: list[str] = []
        with suppress(ObsCheckError):
            if self.config is not None:
                jobs = read_shipper(self.config, self.env).jobs
                patterns += globs(jobs)
                patterns += [POD_LOGS] if any("pod" in job.roles for job in jobs) else []
        with suppress(ObsCheckError):
            if self.shipping is not None:
                state = self.shipping.before or self.shipping.client.state().value
                patterns += [target.glob for target in state.targets]
                return [file.path for file in state.files], patterns
        return [], patterns


def open_shipping(config: Config, clock: Callable[[], int] = time.time_ns) -> Shipping | None:
    """The configured shipper, None without a URL."""
    shipper = config.shipper
    if not shipper.url:
        return None
    found = tuple(glob for glob in (config.boundary.logs, config.coderd.logs) if glob)
    sources = Sources(shipper.positions, shipper.log, HERE, found)
    return Shipping(shipper_client(shipper.kind, shipper.url, clock, config.hosts, sources))
