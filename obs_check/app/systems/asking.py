"""What the causes may ask of the systems that a configuration names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from obs_check.app.systems.shared_probes import GrafanaOnce, LokiOnce
from obs_check.app.systems.systems import Systems
from obs_check.app.verify.look import look_again
from obs_check.app.verify.verdicts import Yardstick
from obs_check.client.egress import EgressClient
from obs_check.client.files.firewall_log import FirewallLog
from obs_check.client.files.local_files import LocalFiles
from obs_check.evidence.context import BrokenPanel, Context, Firewall, JudgedPanels, LokiServer, LookAgain, Named
from obs_check.evidence.control import Control
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.model.window import Window
from obs_check.panel.dashboard import changed_dashboard


def context_of(
    systems: Systems,
    held: Yardstick,
    hops: list[HopSeen],
    controls: Sequence[Control] = (),
    failing: frozenset[int] = frozenset(),
) -> Context:
    """What the causes may look at; `failing` are the ids of the panels that do not read what they should."""
    return Context(
        dashboard_uid=systems.board.dashboard.uid,
        dashboard=systems.board.dashboard.document,
        loki=LokiOnce(systems.loki),
        now_ns=systems.now_ns,
        engine=systems.engine,
        grafana=GrafanaOnce(systems.grafana),
        datasources=systems.board.datasources,
        grafana_version=systems.grafana_version,
        look_again=_looking_again(systems, held),
        files=LocalFiles(),
        named=Named(
            boundary_config=systems.config.boundary.config,
            shipper_config=systems.config.shipper.config,
            boundary_glob=systems.config.boundary.logs or "",
            coderd_glob=systems.config.coderd.logs or "",
            dashboard_source=systems.config.source if systems.source.file is None else None,
            loki_tenant=systems.config.loki.tenant or "",
        ),
        missing=systems.missing,
        run=held.run,
        hops=tuple(hops),
        firewall=Firewall(
            EgressClient(systems.config.boundary.proxy_url, systems.config.boundary.ca, systems.now_ns),
            _firewall_log(systems, held.run) if held.run else None,
        ),
        panels=JudgedPanels(
            systems.expectations, tuple(controls), {i: e.path for i, e in systems.expectations.items()}, failing
        ),
        shipper=systems.shipping.client if systems.shipping else None,
        env=systems.env,
        loki_server=LokiServer(
            systems.config.loki.uid,
            systems.loki if systems.config.loki.url else None,
            systems.discarded_before,
        ),
        pods=systems.pods,
    )


def _firewall_log(systems: Systems, run: Run) -> FirewallLog:
    own = systems.config.boundary
    return FirewallLog(own.logs or "", own.stderr, run.id, run.window.start_ns, systems.now_ns)


def _looking_again(systems: Systems, held: Yardstick) -> LookAgain:
    def again(document: Mapping[str, object], broken: BrokenPanel, window: Window | None = None) -> BrokenPanel:
        board = replace(systems.board, dashboard=changed_dashboard(systems.board.dashboard, document))
        # A change of the dashboard's range is looked at in that range.
        ends = [(d.time_from, d.time_to, d.now_delay) for d in (board.dashboard, systems.board.dashboard)]
        moved = ends[0] != ends[1]
        opened, relative = broken.opened, broken.request.relative and window is None
        requests = board.requests(
            systems.now_ns(), window or (None if moved else opened), {broken.panel.id}, None if moved else relative
        )
        request = next((r for r in requests if r.panel.title == broken.panel.title), requests[0])
        return look_again(board, held, broken, request)

    return again
