"""The systems that a configuration names, as the questions that the use cases ask of them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from obs_check.app.systems.apply import apply_fixes
from obs_check.app.systems.dashboard_source import DashboardSource, open_dashboard
from obs_check.app.systems.engine import settings_for
from obs_check.app.systems.injection import Sending, journaled, open_way, send_run
from obs_check.app.systems.shared_probes import GrafanaOnce, LokiOnce
from obs_check.app.systems.shipping import HERE, ShipperNames, Shipping, open_shipping
from obs_check.app.verify.look import look_again
from obs_check.app.verify.verdicts import Yardstick
from obs_check.client.egress import Egress
from obs_check.client.files.firewall_log import FirewallLog
from obs_check.client.files.local_files import LocalFiles, read_document
from obs_check.client.files.search import find_tag
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.grafana.variable_query import asking
from obs_check.client.loki.client import LokiClient, StoredLine
from obs_check.config import Config, load_config
from obs_check.errors import ConfigError, NotAllowed, Refused, Unavailable
from obs_check.evidence.context import BrokenPanel, Context, LookAgain, Named
from obs_check.evidence.control import Control
from obs_check.follow.hop import HopSeen
from obs_check.follow.hops import TaggedLines, egress_hop, file_hop, loki_hop
from obs_check.follow.run import Run
from obs_check.follow.trace import FILES_S, Watched, follow
from obs_check.logql.settings import EngineSettings
from obs_check.model.finding import DashboardEdit, Finding
from obs_check.model.paths import AbsoluteGlob
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from obs_check.panel.board import Board
from obs_check.panel.dashboard import Dashboard, load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.expect import Expectation, load_expectations
from obs_check.panel.request import VIEWPORT, Query

Say = Callable[[str], None]


@dataclass(slots=True)
class Systems:
    """Built by `open_systems`. `now_ns` and `pause` are the only clock."""

    config: Config
    grafana: GrafanaClient
    loki: LokiClient
    shipping: Shipping | None
    source: DashboardSource
    board: Board
    expectations: Mapping[int, Expectation]
    env: Mapping[str, str]
    hop_s: float
    missing: Probe | None = None
    grafana_version: str = ""
    detail: Say = lambda _text: None
    now_ns: Callable[[], int] = time.time_ns
    pause: Callable[[float], None] = time.sleep
    discarded_before: Mapping[str, int] = field(default_factory=dict)
    """Lines that Loki had discarded before the run, by reason, where its metrics can be read."""
    _engine: EngineSettings | None = None

    @property
    def sent(self) -> int:
        """Requests to Grafana and Loki so far."""
        return self.grafana.sent + self.loki.sent

    def engine(self) -> EngineSettings:
        """What the engine has to know to do as the Loki does; that is asked once."""
        if self._engine is None:
            self._engine = settings_for(self.loki, self.now_ns, self.detail)
        return self._engine

    def loki_version(self) -> str:
        """What Loki calls its version, "" where it does not say."""
        try:
            return self.loki.version().value
        except (Unavailable, NotAllowed):
            return ""

    def apply(self, findings: Sequence[Finding]) -> list[str]:
        """Apply the fixes of findings; a line for each change. ConfigError where one cannot be applied."""

        def change(edits: tuple[DashboardEdit, ...], message: str) -> str:
            return self.source.apply(edits, self.board.dashboard.document, message, self.grafana)

        return apply_fixes(findings, change)

    def inject(
        self,
        allow: int,
        deny: int,
        sending: Sending,
        say: Say,
        keep: Callable[[Run], None] = lambda _run: None,
    ) -> Run:
        """Send events through the firewall, and remember what shipper and Loki counted before. `keep` gets the run as
        far as it was sent, however that ends.

        ConfigError when the configuration does not say where, Unavailable when nobody listens there.
        """
        way = open_way(self.config, replace(sending, env=self.env), say)
        if self.shipping is not None:
            self.shipping.remember()
        if self.config.loki.url:
            with suppress(Unavailable, NotAllowed):
                self.discarded_before = self.loki.discarded().value
        events = way.plan(allow, deny)
        with journaled(self.env, events, self.now_ns, say, keep) as journal:
            return send_run(self.config.boundary, way, events, journal, say)

    def follow(self, run: Run, hops: list[HopSeen], say: Say) -> None:
        """Follow a run along both paths; `hops` is filled at once and its members grow."""
        paths = [self._path_a(run), self._path_b(run)]
        hops[:] = [w.hop for path in paths for w in path]
        doubt = run.in_doubt
        for hop in hops:
            hop.doubt = doubt

        def seen(hop: HopSeen) -> None:
            say(f"path {hop.path} {hop.hop}: {len(hop.wanted) - len(hop.missing)} of {len(hop.wanted)} seen {hop.note}")

        follow(paths, self.now_ns, self.pause, seen)
        # What was seen behind the firewall went through it, whether or not an answer was read.
        passed = {s.event.tag: s.event.sent_ns for s in run.sent if s.answer.verdict == "not_known"}
        for hop in hops:
            if hop.hop == "egress":
                hop.seen |= {tag: at for tag, at in passed.items() if tag not in doubt}
        if self.shipping is not None:
            self.shipping.account(run, hops, self.now_ns, self.pause)
        for path in ("A", "B"):
            by_name = {h.hop: h for h in hops if h.path == path}
            shipper, loki = by_name.get("shipper"), by_name["loki"]
            # A shipper counts from its start: lines that are in Loki went through it, if before it last started.
            if shipper is not None and not shipper.complete and loki.complete:
                shipper.seen = dict(loki.seen)
                shipper.note = "read before the shipper last started"

    def _path_a(self, run: Run) -> list[Watched]:
        watched = [Watched(egress_hop("A", run), _nothing, 0)]
        if self.config.boundary.logs:
            glob = self.config.boundary.logs
            hop, look = file_hop("A", "file", run, self.find_lines(glob, run.window.start_ns))
            watched.append(Watched(hop, look, min(1.0, self.hop_s), FILES_S))
            watched += self._shipper("A", run, hop)
        return [*watched, self._loki("A", run)]

    def _path_b(self, run: Run) -> list[Watched]:
        watched = [Watched(egress_hop("B", run), _nothing, 0)]
        settle = self.config.inject.settle_s
        if self.config.coderd.logs:
            glob = self.config.coderd.logs
            hop, look = file_hop("B", "coderd", run, self.find_lines(glob, run.window.start_ns))
            watched.append(Watched(hop, look, settle, FILES_S))
            watched += self._shipper("B", run, hop)
            settle = 0
        loki = self._loki("B", run)
        return [*watched, Watched(loki.hop, loki.look, loki.patience_s + settle)]

    @property
    def names(self) -> ShipperNames:
        """The shipper's names for files."""
        return ShipperNames(HERE, self.config.shipper.config, self.shipping, self.env)

    def find_lines(self, glob: AbsoluteGlob, since_ns: int) -> TaggedLines:
        """Looks for lines that were written since a time, and names the files as the shipper does."""
        names = self.names
        return lambda needle: names.applied(find_tag(glob, needle, self.now_ns, since_ns))

    def _shipper(self, path: Any, run: Run, upstream: HopSeen) -> list[Watched]:
        return [self.shipping.watched(path, run, upstream, self.hop_s)] if self.shipping else []

    def _loki(self, path: Any, run: Run) -> Watched:
        def names(window: Window) -> list[str]:
            return self.loki.labels(window).value

        def lines(query: str, window: Window) -> tuple[list[StoredLine], Probe]:
            return self.loki.entries(query, window, 5000)

        hop, look = loki_hop(path, run, names, lines, self.now_ns)
        return Watched(hop, look, self.hop_s)

    def context(self, held: Yardstick, hops: list[HopSeen], controls: Sequence[Control] = ()) -> Context:
        """What the causes may look at."""
        return Context(
            dashboard_uid=self.board.dashboard.uid,
            dashboard=self.board.dashboard.document,
            loki=LokiOnce(self.loki),
            now_ns=self.now_ns,
            engine=self.engine,
            grafana=GrafanaOnce(self.grafana),
            datasources=self.board.datasources,
            look_again=self._looking_again(held),
            files=LocalFiles(),
            named=Named(
                boundary_config=self.config.boundary.config,
                shipper_config=self.config.shipper.config,
                boundary_glob=self.config.boundary.logs or "",
                coderd_glob=self.config.coderd.logs or "",
                dashboard_source=self.config.source if self.source.file is None else None,
            ),
            missing=self.missing,
            run=held.run,
            egress=Egress(self.config.boundary.proxy_url, self.config.boundary.ca, self.now_ns),
            boundary_log=self._firewall_log(held.run) if held.run else None,
            hops=tuple(hops),
            controls=tuple(controls),
            panel_paths={i: e.path for i, e in self.expectations.items()},
            expectations=self.expectations,
            shipper=self.shipping.client if self.shipping else None,
            env=self.env,
            loki_uid=self.config.loki.datasource,
            loki_itself=self.loki if self.config.loki.url else None,
            discarded_before=self.discarded_before,
        )

    def _firewall_log(self, run: Run) -> FirewallLog:
        own = self.config.boundary
        return FirewallLog(own.logs or "", own.stderr, run.id, run.window.start_ns, self.now_ns)

    def _looking_again(self, held: Yardstick) -> LookAgain:
        def again(document: Mapping[str, Any], broken: BrokenPanel, window: Window | None = None) -> BrokenPanel:
            board = replace(self.board, dashboard=load_dashboard(document, self.board.dashboard.source))
            # A change of the dashboard's range is looked at in that range.
            moved = board.dashboard.document.get("time") != self.board.dashboard.document.get("time")
            opened, relative = broken.opened, broken.request.relative and window is None
            requests = board.requests(
                self.now_ns(), window or (None if moved else opened), {broken.panel.id}, None if moved else relative
            )
            request = next((r for r in requests if r.panel.title == broken.panel.title), requests[0])
            return look_again(board, held, broken, request)

        return again


def open_loki(config: Config) -> LokiClient:
    """The Loki of a configuration, directly or through Grafana."""
    if config.loki.url:
        return LokiClient.direct(config.loki.url, time.time_ns, config.hosts, config.loki.tenant, config.loki.bearer)
    assert config.grafana is not None
    return LokiClient.through_grafana(
        config.grafana.url,
        config.loki.datasource,
        time.time_ns,
        config.hosts,
        config.grafana.token,
        config.grafana.org_id,
    )


def _expectations(path: Path, uid: str) -> Mapping[int, Expectation]:
    """Those of this dashboard: the file names it, or one beside it is called <uid>.expect.yaml; else none."""
    document = read_document(path)
    named = str(document.get("dashboard") or uid) if isinstance(document, Mapping) else uid
    if named == uid:
        return load_expectations(document, str(path))
    other = path.with_name(f"{uid}.expect.yaml")
    return load_expectations(read_document(other), str(other)) if other.is_file() else {}


def _nothing() -> None:
    """A hop that was complete when the run ended has nothing to look at."""


@contextmanager
def open_systems(
    path: Path | None,
    env: Mapping[str, str],
    dashboard: str | None = None,
    hop_s: float | None = None,
    viewport: int = VIEWPORT,
    split: bool = True,
    detail: Say = lambda _text: None,
) -> Iterator[Systems]:
    """Read the configuration, reach Grafana and load the dashboard; clients are closed at the end.

    `dashboard` is a uid or a file that replaces the configured one. A uid that Grafana does not have
    leaves the board empty (`missing`). `viewport` is the width of the screen's grid in px; with `split` Loki is asked
    day by day where Grafana says that browsers do; `detail` is told what only -v shows. Raises ConfigError, Unavailable
    or NotAllowed.
    """
    config = load_config(path, env)
    if config.grafana is None:
        raise ConfigError(f"{config.path or 'obs-check.yaml'}: no `grafana`", "add grafana.url and grafana.token")
    grafana = GrafanaClient(config.grafana.url, time.time_ns, config.hosts, config.grafana.token, config.grafana.org_id)
    loki = open_loki(config)
    shipping = open_shipping(config)
    try:
        wanted = dashboard or config.dashboard
        missing = None
        try:
            source = open_dashboard(wanted, grafana)
            # What is wrong with a file is said first, also where Grafana would not answer.
            read = load_dashboard(source.document, source.name)
        except Refused as refused:
            if refused.status != 404:
                raise
            missing = Probe("grafana", f"GET /api/dashboards/uid/{wanted}", {"status": 404}, time.time_ns())
            source = DashboardSource(f"dashboard {wanted}", {})
            read = Dashboard(wanted, wanted, (), (), source.name, "classic")
        expectations = _expectations(config.expect, read.uid) if config.expect else {}
        frontend = grafana.frontend_settings().value
        settings = Datasources.from_settings(frontend)
        split = split and bool((frontend.get("featureToggles") or {}).get("lokiQuerySplitting"))

        def ask(query: Query) -> tuple[dict[str, Any], Probe]:
            answer = grafana.ds_query(query.body)
            return answer.value, answer.probe

        board = Board(read, settings, ask, {}, asking(grafana, settings), viewport, split)
        hop = hop_s if hop_s is not None else config.timeouts.hop_s
        version = str((frontend.get("buildInfo") or {}).get("version") or "")
        yield Systems(config, grafana, loki, shipping, source, board, expectations, env, hop, missing, version, detail)
    finally:
        for client in (grafana, loki, shipping.client if shipping else None):
            if client is not None:
                client.close()
