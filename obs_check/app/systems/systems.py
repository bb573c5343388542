"""The systems that a configuration names, as the questions that the use cases ask of them."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from obs_check.app.setup.discovery import loki_panels
from obs_check.app.setup.install import own_expectations
from obs_check.app.systems.apply import apply_fixes
from obs_check.app.systems.dashboard_source import DashboardSource, open_dashboard
from obs_check.app.systems.injection import Sending, journal_events, open_way, send_run
from obs_check.app.systems.pods import known_pods
from obs_check.app.systems.shipping import Shipping, open_shipping
from obs_check.client.files.local_files import read_document
from obs_check.client.grafana.client import GrafanaClient
from obs_check.client.grafana.variable_query import options_from
from obs_check.client.http import Access
from obs_check.client.loki.client import LokiClient, loki_address
from obs_check.config import Config, lacking
from obs_check.errors import NotAllowed, Refused, Unavailable
from obs_check.follow.run import Run
from obs_check.logql.settings import LOKI_3_5, EngineSettings, read_version
from obs_check.model.finding import DashboardEdit, Finding
from obs_check.model.probe import Probe
from obs_check.panel.board import Board
from obs_check.panel.dashboard import Dashboard, dashboard_of, load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.expect import Expectation, load_expectations
from obs_check.panel.request import VIEWPORT, Query
from obs_check.shipper.pod_objects import Pod

Say = Callable[[str], None]


@dataclass(slots=True)
class Systems:
    """Built by `open_systems`. `now_ns` and `pause` are the only clock, and `steady_ns`, by which durations are
    measured: nobody can set it."""

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
    steady_ns: Callable[[], int] = time.monotonic_ns
    pause: Callable[[float], None] = time.sleep
    discarded_before: Mapping[str, int] = field(default_factory=dict)
    """Lines that Loki had discarded before the run, by reason, where its metrics can be read."""
    pods_file: Path | None = None
    """A list of pods that stands for the configured one."""
    _engine: EngineSettings | None = None
    _pods: tuple[Pod, ...] | None = None

    def engine(self) -> EngineSettings:
        """What the engine has to know to do as the Loki does; that is asked once."""
        if self._engine is None:
            self._engine = settings_for(self.loki, self.now_ns, self.detail)
        return self._engine

    def pods(self) -> tuple[Pod, ...]:
        """The cluster's pods, as far as they are known; they are asked for once."""
        if self._pods is None:
            self._pods = known_pods(self.pods_file, self.config.kubernetes, self.env, self.detail)
        return self._pods

    @property
    def sent(self) -> int:
        """Requests to Grafana and Loki so far."""
        return self.grafana.sent + self.loki.sent

    def loki_version(self) -> str:
        """What Loki calls its version, "" where it does not say."""
        try:
            return self.loki.version().value
        except (Unavailable, NotAllowed):
            return ""

    def apply(self, findings: Sequence[Finding]) -> list[str]:
        """Apply the fixes of findings; a line for each change, and for each panel that a written file has now what it
        reads with that. ConfigError where one cannot be applied."""
        read: list[str] = []

        def change(edits: tuple[DashboardEdit, ...], message: str) -> str:
            line, file = self.source.apply(edits, self.board.dashboard.document, message, self.grafana)
            read.extend(self._as_written(file, edits) if file else ())
            return line

        return [*apply_fixes(findings, change), *read]

    def _as_written(self, file: Path, edits: Sequence[DashboardEdit]) -> list[str]:
        """What the changed panels read, with the dashboard as a file has it."""
        dashboard = dashboard_of(read_document(file), str(file), self.board.dashboard.uid)
        panels = {edit.panel for edit in edits}
        only = None if None in panels else {panel for panel in panels if panel is not None}
        views = replace(self.board, dashboard=dashboard).read(self.now_ns(), only=only)
        return [f"panel {view.panel.id} as {file.name} has it now reads {view.reading.text}" for view in views]

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
        with journal_events(self.env, events, self.now_ns, say, keep) as journal:
            return send_run(self.config.boundary, way, events, journal, say)


def settings_for(loki: LokiClient, now_ns: Callable[[], int], detail: Callable[[str], None]) -> EngineSettings:
    """Those of the version that Loki says it has, one request; `detail` is told which, and why where it is guessed."""
    try:
        said = loki.version().value
    except (Unavailable, NotAllowed) as error:
        detail(f"{error.message}: the stages of queries are run as Loki 3.5 runs them")
        return EngineSettings(now_ns)
    version = read_version(said)
    if version is None:
        named = f"calls its version {said}" if said else "does not say its version"
        detail(f"loki {named}: the stages of queries are run as Loki 3.5 runs them")
    else:
        detail(f"loki is {said}")
    return EngineSettings(now_ns, version or LOKI_3_5)


def with_loki(config: Config, asked: Sequence[str]) -> Config:
    """The configuration, with the first of the datasources that a dashboard asks as Loki's where it names none."""
    if config.loki.datasource is not None or not asked:
        return config
    return replace(config, loki=replace(config.loki, datasource=asked[0]))


def open_loki(config: Config) -> LokiClient:
    """The Loki of a configuration, directly or through Grafana. Raises ConfigError where it names neither."""
    url, access = loki_address(config)
    return LokiClient.direct(url, time.time_ns, config.hosts, access)


def open_grafana(config: Config, now_ns: Callable[[], int] = time.time_ns) -> GrafanaClient:
    """The Grafana of a configuration. Raises ConfigError where it names none."""
    given = config.grafana
    if given is None:
        options = "give --grafana URL --dashboard UID, or set GRAFANA_URL and GRAFANA_TOKEN"
        raise lacking(config, "`grafana`", "add grafana.url and grafana.token", options)
    return GrafanaClient(given.url, now_ns, config.hosts, Access(given.token, org_id=given.org_id))


def _expectations(path: Path | None, dashboard: Dashboard) -> Mapping[int, Expectation]:
    """Those of this dashboard: the file names it, or one beside it is called <uid>.expect.yaml; else none. Without a
    file those of a dashboard of ours."""
    uid = dashboard.uid
    if path is None:
        ours = own_expectations(dashboard)
        return load_expectations(yaml.safe_load(ours), f"our {uid}.expect.yaml") if ours else {}
    document = read_document(path)
    named = str(document.get("dashboard") or uid) if isinstance(document, Mapping) else uid
    if named == uid:
        return load_expectations(document, str(path))
    if Path(uid).name != uid:
        # A file may say any uid: one that parts a path names no file beside it.
        return {}
    other = path.with_name(f"{uid}.expect.yaml")
    return load_expectations(read_document(other), str(other)) if other.is_file() else {}


@contextmanager
def open_systems(
    config: Config,
    env: Mapping[str, str],
    hop_s: float | None = None,
    viewport: int = VIEWPORT,
    split: bool = True,
    detail: Say = lambda _text: None,
    pods: Path | None = None,
) -> Iterator[Systems]:
    """Reach Grafana and load the dashboard; clients are closed at the end.

    A uid that Grafana does not have leaves the board empty (`missing`). Where nobody says which datasource Loki is, it
    is the first one that the dashboard asks. `viewport` is the width of the screen's grid in px; with `split` Loki is
    asked day by day where Grafana says that browsers do; `detail` is told what only -v shows; `pods` is a
    file of the cluster's pods in place of the configured one. Raises ConfigError, Unavailable or NotAllowed.
    """
    with ExitStack() as closed:
        grafana = closed.enter_context(closing(open_grafana(config)))
        shipping = open_shipping(config)
        if shipping is not None:
            closed.enter_context(closing(shipping.client))
        wanted = config.dashboard
        missing = None
        try:
            source = open_dashboard(wanted, grafana, config.source)
            # What is wrong with a file is said first, also where Grafana would not answer.
            read = load_dashboard(source.document, source.name)
        except Refused as refused:
            if refused.status != 404:
                raise
            missing = Probe("grafana", f"GET /api/dashboards/uid/{wanted}", {"status": 404}, time.time_ns())
            source = DashboardSource(f"dashboard {wanted}", {})
            read = Dashboard(wanted, wanted, (), (), source.name, "classic")
        expectations = _expectations(config.expect, read)
        frontend = grafana.frontend_settings().value
        settings = Datasources.from_settings(frontend)
        config = with_loki(config, loki_panels(read, frontend).loki)
        loki = closed.enter_context(closing(open_loki(config)))
        split = split and bool((frontend.get("featureToggles") or {}).get("lokiQuerySplitting"))

        def ask(query: Query) -> tuple[dict[str, object], Probe]:
            answer = grafana.ds_query(query.body)
            return answer.value, answer.probe

        board = Board(read, settings, ask, {}, options_from(grafana, settings), viewport, split)
        hop = hop_s if hop_s is not None else config.timeouts.hop_s
        version = str((frontend.get("buildInfo") or {}).get("version") or "")
        systems = Systems(
            config,
            grafana,
            loki,
            shipping,
            source,
            board,
            expectations,
            env,
            hop,
            missing,
            version,
            detail,
            pods_file=pods,
        )
        if pods is not None or config.kubernetes.pods is not None:
            # Only some causes ask for them: what is wrong with the file is said before anything is sent.
            systems.pods()
        yield systems
