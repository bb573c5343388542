"""Every panel of a dashboard as a person sees it now, or in a given window."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from obs_check.errors import NotAllowed, ObsCheckError
from obs_check.model.probe import Probe
from obs_check.model.window import MS, Window
from obs_check.panel.borrowed import with_borrowed_queries
from obs_check.panel.datasource import Datasources
from obs_check.panel.elements import Dashboard, Panel
from obs_check.panel.frames import RefResult, unanswered
from obs_check.panel.parallel import ask_together
from obs_check.panel.reading import Reading, read_panel
from obs_check.panel.repeat import Variables, copies
from obs_check.panel.request import VIEWPORT, Opening, PanelRequest, dashboard_range, panel_requests
from obs_check.panel.split_ask import Ask, ask_query
from obs_check.panel.variables import Options, effective_variables

CONCURRENCY = 4
"""Panels that are asked for at once: about what a browser does, and little for a server."""
_SHOWN = 20
"""Values of a panel that are kept in a proof."""
Progress = Callable[[Panel], None]


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
        only: Collection[int] | None = None,
        relative: bool | None = None,
        progress: Progress = lambda _panel: None,
    ) -> list[PanelView]:
        """Read the data panels, those of these ids where `only` is given. As `requests`, then `answers`."""
        return self.answers(self.requests(now_ns, window, only, relative), progress)

    def requests(
        self,
        now_ns: int,
        window: Window | None = None,
        only: Collection[int] | None = None,
        relative: bool | None = None,
    ) -> list[PanelRequest]:
        """What the data panels ask, each in its own range; `window` replaces the dashboard's range, `relative` tells
        that it moves with the clock all the same."""
        from_ms, to_ms = (window.start_ns // MS, window.end_ns // MS) if window else (None, None)
        opening = Opening(from_ms, to_ms, relative, self.viewport)
        ask_options = self.options
        within = dashboard_range(self.dashboard, now_ns, opening)
        variables = effective_variables(
            self.dashboard,
            self.overrides,
            None if ask_options is None else lambda variable, before: ask_options(variable, before, within),
        )

        def request(copy: tuple[Panel, Variables]) -> PanelRequest:
            panel, inside = copy
            asked, why, fails = with_borrowed_queries(self.dashboard, panel)
            found = panel_requests(self.dashboard, asked, inside, self.datasources, now_ns, opening)
            return replace(found, why=why, state="error" if fails else found.state) if why else found

        wanted = [p for p in self.dashboard.data_panels() if only is None or p.id in only]
        return [request(copy) for panel in wanted for copy in copies(panel, variables)]

    def only(self, panel: int) -> frozenset[int]:
        """The id of one data panel, to read that alone. InputError with the ids that there are when it is not there."""
        return self.dashboard.only(panel)

    def answers(self, requests: Sequence[PanelRequest], progress: Progress = lambda _panel: None) -> list[PanelView]:
        """What the panels read for these requests; at most `CONCURRENCY` are asked for at once."""
        views = []
        for view in ask_together(requests, self._read_one, CONCURRENCY):
            views.append(view)
            progress(view.panel)
        return views

    def _read_one(self, request: PanelRequest) -> PanelView:
        panel = request.panel
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
        if probes:
            probes.append(_drawn(panel, reading, probes[-1].at_ns, request))
        failed = unanswered(results.values())
        if failed is None:
            return PanelView(panel, request, reading, tuple(probes))
        return PanelView(panel, request, reading, tuple(probes), failed.message, isinstance(failed, NotAllowed))


def _drawn(panel: Panel, reading: Reading, at_ns: int, request: PanelRequest) -> Probe:
    """What the panel makes of its answers, as a part of the proof: the answers alone do not say what a person sees."""
    answer = {
        "reads": reading.text,
        "state": reading.state,
        "values": [[value.name, value.number, value.text] for value in reading.values[:_SHOWN]],
        "number": reading.number,
        "steps": [[one.name, one.rows, one.fields] for one in reading.trail],
        **({"error": reading.error} if reading.error else {}),
    }
    within = Window(request.range.from_ms * MS, request.range.to_ms * MS)
    return Probe("panel", f"panel {panel.id} `{panel.title}` drawn from these answers", answer, at_ns, within)
