"""The shipper of a configuration, watched over a run: snapshots before and after it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from obs_check.client.answered import Answered
from obs_check.client.shipper.disk import Disk
from obs_check.client.shipper.kind import shipper_client
from obs_check.client.shipper.promtail_api import ShipperClient
from obs_check.client.shipper.sources import Sources
from obs_check.config import Config
from obs_check.errors import ObsCheckError
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.run import Run
from obs_check.follow.shipper_hop import run_lines, shipper_hop
from obs_check.follow.shipping import ShippingEvidence
from obs_check.follow.trace import Watched
from obs_check.model.shipping import ShipperState
from obs_check.model.window import NS

SETTLE_S = 2.0
"""How long a batch that was read may take until its counters say sent or dropped, seconds."""


@dataclass(slots=True)
class Shipping:
    """`before` is the snapshot in front of the run, None when there is none."""

    client: ShipperClient
    sources: Sources
    before: ShipperState | None = None

    def remember(self) -> None:
        """Take the snapshot before a run; a shipper that does not answer leaves none."""
        try:
            self.before = self.client.state(self.sources).value
        except ObsCheckError:
            self.before = None

    def watched(self, path: PathName, run: Run, upstream: HopSeen, hop_s: float) -> Watched:
        """The hop `shipper` of a path behind the hop that looks into the files."""
        hop, look = shipper_hop(path, run, upstream, self.client.counters, self.before)
        return Watched(hop, look, hop_s)

    def snapshot(self) -> Answered[ShipperState]:
        """What the shipper says now."""
        return self.client.state(self.sources)

    def account(self, hops: Sequence[HopSeen], now_ns: Callable[[], int], pause: Callable[[float], None]) -> None:
        """Give each hop `shipper` (behind its file hop) the evidence of a snapshot that is taken when nothing is in
        flight any more, or SETTLE_S later."""
        pairs = [(a, b) for a, b in pairwise(hops) if b.hop == "shipper" and a.path == b.path]
        deadline = now_ns() + int(SETTLE_S * NS)
        while True:
            try:
                after, probe = self.snapshot()
            except ObsCheckError:
                return
            for upstream, hop in pairs:
                hop.shipping = ShippingEvidence(after, run_lines(upstream), self.before)
                if all(p.request != probe.request for p in hop.probes):
                    hop.probes.append(probe)
            open_lines = [e.account.open for _, hop in pairs if (e := hop.shipping) and e.account]
            if not any(n > 0 for n in open_lines) or now_ns() >= deadline:
                return
            pause(0.2)


def open_shipping(config: Config, clock: Callable[[], int] = time.time_ns) -> Shipping | None:
    """The configured shipper, None without a URL."""
    shipper = config.shipper
    if not shipper.url:
        return None
    client = shipper_client(shipper.kind, shipper.url, clock, config.hosts)
    globs = tuple(glob for glob in (config.boundary.logs, config.coderd.logs) if glob)
    return Shipping(client, Sources(shipper.positions, shipper.log, Disk(Path("/")), globs))
