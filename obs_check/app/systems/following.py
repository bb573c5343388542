"""Follows a run along both paths through the systems that the configuration names."""

from contextlib import suppress

from obs_check.app.systems.shipping import HERE, ShipperNames
from obs_check.app.systems.systems import Say, Systems
from obs_check.app.systems.tailing import News, hop_with_news, tailing
from obs_check.client.files.search import find_tag
from obs_check.client.loki.client import StoredLine
from obs_check.errors import ObsCheckError
from obs_check.follow.hop import HopSeen, PathName
from obs_check.follow.hops import TaggedLines, egress_hop, file_hop, loki_hop
from obs_check.follow.run import Run
from obs_check.follow.trace import FILES_S, Watched, follow
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window
from obs_check.shipper.model import PushClient
from obs_check.shipper.read import read_shipper


def follow_run(systems: Systems, run: Run, hops: list[HopSeen], say: Say) -> None:
    """Follow a run along both paths; `hops` is filled at once and its members grow."""
    with tailing(systems.config, systems.loki, run, systems.now_ns, systems.detail) as news:
        _follow(systems, run, hops, say, news)


def _follow(systems: Systems, run: Run, hops: list[HopSeen], say: Say, news: News) -> None:
    paths = [
        [hop_with_news(w, news) if w.hop.hop == "loki" else w for w in path]
        for path in (_path_a(systems, run), _path_b(systems, run))
    ]
    hops[:] = [w.hop for path in paths for w in path]
    doubt = run.in_doubt
    for hop in hops:
        hop.doubt = doubt

    def seen(hop: HopSeen) -> None:
        # What did not answer has not shown that anything is missing.
        said = f"not known: {hop.unknown}" if hop.unknown else hop.note
        there = len(hop.wanted) - len(hop.missing)
        say(f"path {hop.path} {hop.hop}: {there} of {len(hop.wanted)} seen{f'; {said}' if said else ''}")

    def waiting(hop: HopSeen, left_s: int) -> None:
        there = f"{len(hop.wanted) - len(hop.missing)} of {len(hop.wanted)} there"
        longer = ", and the shipper's batchwait" if hop.hop == "loki" and held_s(systems) else ""
        say(f"waiting for path {hop.path} {hop.hop}: {there}, at most {left_s} s more (--timeout{longer})")

    follow(paths, systems.steady_ns, news.wait, seen, waiting)
    # What was seen behind the firewall went through it, whether or not an answer was read.
    passed = {s.event.tag: s.event.sent_ns for s in run.sent if s.answer.verdict == "not_known"}
    for hop in hops:
        if hop.hop == "egress":
            before = len(hop.seen)
            hop.seen |= {tag: at for tag, at in passed.items() if tag not in doubt}
            if len(hop.seen) != before:
                seen(hop)
    if systems.shipping is not None:
        systems.shipping.account(run, hops, systems.steady_ns, systems.pause)
    for path in ("A", "B"):
        by_name = {h.hop: h for h in hops if h.path == path}
        shipper, loki = by_name.get("shipper"), by_name["loki"]
        # A shipper counts from its start: lines that are in Loki went through it, if before it last started.
        if shipper is not None and not shipper.complete and loki.complete:
            shipper.seen = dict(loki.seen)
            shipper.note = "read before the shipper last started"


def _path_a(systems: Systems, run: Run) -> list[Watched]:
    watched = [Watched(egress_hop("A", run), _nothing, 0)]
    if systems.config.boundary.logs:
        glob = systems.config.boundary.logs
        hop, look = file_hop("A", "file", run, find_lines(systems, glob, run.window.start_ns))
        watched.append(Watched(hop, look, min(1.0, systems.hop_s), FILES_S))
        watched += _shipper(systems, "A", run, hop)
    return [*watched, _loki(systems, "A", run)]


def _path_b(systems: Systems, run: Run) -> list[Watched]:
    watched = [Watched(egress_hop("B", run), _nothing, 0)]
    settle = systems.config.inject.settle_s
    if systems.config.coderd.logs:
        glob = systems.config.coderd.logs
        hop, look = file_hop("B", "coderd", run, find_lines(systems, glob, run.window.start_ns))
        watched.append(Watched(hop, look, settle, FILES_S))
        watched += _shipper(systems, "B", run, hop)
        settle = 0
    loki = _loki(systems, "B", run)
    return [*watched, Watched(loki.hop, loki.look, loki.patience_s + settle)]


def shipper_names(systems: Systems) -> ShipperNames:
    """The shipper's names for files."""
    return ShipperNames(HERE, systems.config.shipper.config, systems.shipping, systems.env)


def find_lines(systems: Systems, glob: AbsoluteGlob, since_ns: int) -> TaggedLines:
    """Looks for lines that were written since a time, and names the files as the shipper does."""
    names = shipper_names(systems)
    return lambda needle: names.applied(find_tag(glob, needle, systems.now_ns, since_ns))


def _shipper(systems: Systems, path: PathName, run: Run, upstream: HopSeen) -> list[Watched]:
    return [systems.shipping.watched(path, run, upstream, systems.hop_s)] if systems.shipping else []


def _loki(systems: Systems, path: PathName, run: Run) -> Watched:
    def names(window: Window) -> list[str]:
        return systems.loki.labels(window).value

    def lines(query: str, window: Window, most: int) -> tuple[list[StoredLine], Probe]:
        return systems.loki.entries(query, window, most)

    hop, look = loki_hop(path, run, names, lines, systems.now_ns)
    return Watched(hop, look, systems.hop_s + held_s(systems))


def held_s(systems: Systems) -> float:
    """How much longer than usual the shipper may keep a line before it pushes it, s, as its configuration says."""
    usual = PushClient("").batch_wait
    with suppress(ObsCheckError):
        if systems.config.shipper.config is not None:
            clients = read_shipper(systems.config.shipper.config, systems.env).clients
            return max(0, *(client.batch_wait - usual for client in clients)) / NS
    return 0.0


def _nothing() -> None:
    """A hop that was complete when the run ended has nothing to look at."""
