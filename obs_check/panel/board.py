"""Every panel of a dashboard as a person sees it now, or in a given window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from obs_check.errors import NotAllowed, ObsCheckError
from obs_check.model.probe import Probe
from obs_check.model.window import MS, Window
from obs_check.panel.borrowed import with_borrowed_queries
from obs_check.panel.datasource import Datasources
from obs_check.panel.elements import Dashboard, Panel
from obs_check.panel.frames import RefResult, unanswered
from obs_check.panel.reading import Reading, read_panel
from obs_check.panel.repeat import Variables, copies
from obs_check.panel.request import VIEWPORT, PanelRequest, dashboard_range, panel_requests
from obs_check.panel.split_ask import Ask, ask_query
from obs_check.panel.together import together
from obs_check.panel.variables import Options, effective_variables

CONCURRENCY = 4
"""Panels that are asked for at once: about what a browser does, and little for a server."""


@dataclass(frozen=True, slots=True)
class PanelView:
    """A panel, what was asked for it, what it reads, and the probes of that. `outage` says which system did not
    answer ("" when all did), and `denied` that it let nobody in: then nothing is claimed about the panel."""

    panel: Panel
    request: PanelRequest
    reading: Reading
    probes: tuple[Probe, ...] = ()
    outage: str = ""
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard that can be read again and again with the same datasources and variables. `options` asks for those of
    query variables; `viewport` is the width of the screen's grid in px, which intervals follow from;
    with `split` Loki is asked day by day, as a browser does."""

    dashboard: Dashboard
    datasources: Datasources
    ask: Ask
    overrides: Mapping[str, list[str]]
    options: Options | None = None
    viewport: int = VIEWPORT
    split: bool = False

    def read(
        self,
        now_ns: int,
        window: Window | None = None,
        only: int | None = None,
        relative: bool | None = None,
        progress: Callable[[Panel], None] = lambda _panel: None,
    ) -> list[PanelView]:
        """Read the data panels, at most `CONCURRENCY` at once; `window` replaces the dashboard's range,
        `relative` tells that it moves with the clock all the same."""
        from_ms, to_ms = (window.start_ns // MS, window.end_ns // MS) if window else (None, None)
        ask_options = self.options
        within = dashboard_range(self.dashboard, now_ns, from_ms, to_ms)
        variables = effective_variables(
            self.dashboard,
            self.overrides,
            None if ask_options is None else lambda variable, before: ask_options(variable, before, within),
        )

        def read(copy: tuple[Panel, Variables]) -> PanelView:
            panel, inside = copy
            asked, why = with_borrowed_queries(self.dashboard, panel)
            request = panel_requests(
                self.dashboard,
                asked,
                inside,
                self.datasources,
                now_ns,
                from_ms=from_ms,
                to_ms=to_ms,
                viewport=self.viewport,
                relative=relative,
            )
            if why:
                request = replace(request, why=why)
            return self._read_one(asked, request)

        wanted = [p for p in self.dashboard.panels if p.type not in ("text", "row") and only in (None, p.id)]
        every = [copy for panel in wanted for copy in copies(panel, variables)]
        views = []
        for (panel, _), view in zip(every, together(every, read, CONCURRENCY), strict=True):
            views.append(view)
            progress(panel)
        return views

    def _read_one(self, panel: Panel, request: PanelRequest) -> PanelView:
        results: dict[str, RefResult] = {}
        probes: list[Probe] = []
        for query in request.queries:
            try:
                found, asked = ask_query(self.ask, query, self.split)
            except ObsCheckError as error:
                # Grafana 12.4 answers 500 for all queries of a request when it cannot read one of them.
                reading = replace(read_panel(panel, {}, request), state="error", error=error.message)
                return PanelView(panel, request, reading, tuple(probes), str(error), isinstance(error, NotAllowed))
            results |= found
            probes += asked
        reading = read_panel(panel, results, request)
        failed = unanswered(results.values())
        if failed is None:
            return PanelView(panel, request, reading, tuple(probes))
        return PanelView(panel, request, reading, tuple(probes), failed.message, isinstance(failed, NotAllowed))
