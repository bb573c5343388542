"""What a cause may look at. Everything that asks a system comes in as a function; answers are probes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from obs_check.errors import ConfigError
from obs_check.evidence.control import Control
from obs_check.evidence.funnel import Funnel, Rung
from obs_check.evidence.questions import BoundaryLog, Egress, Files, Grafana, LinesOf, Loki, LokiItself, Shipper
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.logql.settings import EngineSettings
from obs_check.logql.syntax import ast
from obs_check.model.entry import Labels
from obs_check.model.probe import Probe
from obs_check.model.window import MS, Window
from obs_check.panel.datasource import Datasources
from obs_check.panel.elements import Panel, Target
from obs_check.panel.expect import Expectation
from obs_check.panel.interval import loki_step
from obs_check.panel.reading import Reading
from obs_check.panel.request import PanelRequest
from obs_check.shipper.pod_objects import Pod


@dataclass(frozen=True, slots=True)
class BrokenPanel:
    """A panel that does not read what it should, whatever system it asks. `differs` says how.

    With `run_window` the reading is of the run's lines alone, and that is where they lie; without it is of all that is
    in the panel's range. `before` is what the panel read before the run, where that is known.
    """

    panel: Panel
    request: PanelRequest
    reading: Reading
    differs: str
    probes: tuple[Probe, ...] = ()
    run_window: Window | None = None
    before: Reading | None = None

    @property
    def range(self) -> Window:
        """The panel's range, ns."""
        return Window(self.request.range.from_ms * MS, self.request.range.to_ms * MS)

    @property
    def window(self) -> Window:
        """Where the lines are looked for that the panel has to show, ns."""
        return self.run_window or self.range

    @property
    def opened(self) -> Window:
        """The dashboard's range, from which that of the panel was made, ns."""
        return Window(self.request.whole.from_ms * MS, self.request.whole.to_ms * MS)


@dataclass(frozen=True, slots=True)
class BrokenTarget:
    """One log query of a panel (`whole`) that does not read what it should.

    `sent` is the target as it was sent to Grafana, `expr` its query with variables and macros filled in, `raw` the text
    in the dashboard, `query` the log query number `place` inside of `expr`.
    """

    whole: BrokenPanel
    target: Target
    sent: Mapping[str, Any]
    raw: str
    expr: str
    query: ast.LogQuery
    place: int
    funnel: Funnel

    @property
    def panel(self) -> Panel:
        """The panel of the target."""
        return self.whole.panel

    @property
    def reading(self) -> Reading:
        """What the panel shows."""
        return self.whole.reading

    @property
    def window(self) -> Window:
        """Where the lines are looked for that the panel has to show, ns."""
        return self.whole.window

    @property
    def instant(self) -> bool:
        """Whether the target asks for one moment, the end of the range."""
        return self.sent.get("queryType") == "instant"

    @property
    def step_ns(self) -> int:
        """Time between two points of a range query, ns."""
        span = self.whole.request.range
        own, resolution = str(self.sent.get("step") or ""), int(self.sent.get("resolution") or 1)
        return loki_step(self.whole.request.interval.ms, span.to_ms - span.from_ms, own, resolution) * MS

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The counts that were asked for, upward; where lines die the last two are neighbours."""
        return self.funnel.rungs

    @property
    def lines(self) -> tuple[tuple[Labels, str], ...]:
        """Lines at hand, with their labels, that pass the first `head` stages."""
        return self.funnel.lines

    @property
    def head(self) -> int:
        """How many stages the lines at hand have passed: the leading line filters."""
        return self.funnel.head

    @property
    def settings(self) -> EngineSettings:
        """The engine's, for what is done with the lines at hand."""
        return self.funnel.settings

    @property
    def emptied(self) -> tuple[Rung, Rung] | None:
        """The counts in front of the stage that drops every line and behind it; None where some pass the whole query,
        and where the selector has none."""
        return (self.rungs[-2], self.rungs[-1]) if len(self.rungs) > 1 and not self.rungs[-1].lines else None

    @property
    def measured(self) -> tuple[Probe, ...]:
        """The questions of the funnel."""
        return (self.funnel.probe, *(rung.probe for rung in self.funnel.rungs))


class LookAgain(Protocol):
    """Reads a panel again. Nothing is saved."""

    def __call__(
        self, document: Mapping[str, object], broken: BrokenPanel, window: Window | None = None
    ) -> BrokenPanel:
        """The panel as the changed dashboard has it, in the range that it was read in unless a window is given; its
        `differs` is "" where it would be as it should. Raises what Grafana's client raises."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """Files that obs-check.yaml names; fixes are written for the configurations among them."""

    boundary_config: Path | None = None
    shipper_config: Path | None = None
    boundary_glob: str = ""
    coderd_glob: str = ""
    dashboard_source: Path | None = None
    loki_tenant: str = ""
    """Whose lines Loki is asked for."""


@dataclass(frozen=True, slots=True)
class JudgedPanels:
    """What is known of the dashboard's panels beside what they read."""

    expectations: Mapping[int, Expectation] = field(default_factory=dict)
    controls: Sequence[Control] = ()
    """What each panel read before and after the run, when it was read before too."""
    paths: Mapping[int, str] = field(default_factory=dict)
    """Panel id -> path (A, B or metrics) as the expectations have it."""
    failing: frozenset[int] = frozenset()
    """Ids of the panels that do not read what they should."""


@dataclass(frozen=True, slots=True)
class LokiServer:
    """The Loki behind the dashboard."""

    uid: str = ""
    """The uid of its datasource in Grafana."""
    direct: LokiItself | None = None
    """The Loki where it is asked directly, and not through the dashboard's datasource."""
    discarded_before: Mapping[str, int] = field(default_factory=dict)
    """Lines that it had discarded before the run, by reason."""


@dataclass(frozen=True, slots=True)
class Firewall:
    """What can be asked of boundary: its proxy, and its own log where one is configured."""

    egress: Egress | None = None
    log: BoundaryLog | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Everything known when causes are looked for. `run` and `hops` are empty when nothing was injected."""

    dashboard_uid: str
    dashboard: Mapping[str, Any]
    loki: Loki
    now_ns: Callable[[], int]
    engine: Callable[[], EngineSettings]
    """What the engine here has to know to do as that Loki does."""
    grafana: Grafana
    datasources: Datasources
    grafana_version: str
    """"" where it is not known."""
    look_again: LookAgain
    files: Files
    named: Named = Named()
    missing: Probe | None = None
    """Grafana's answer that it has no such dashboard; then `dashboard` is empty."""
    run: Run | None = None
    hops: Sequence[HopSeen] = ()
    firewall: Firewall = Firewall()
    panels: JudgedPanels = JudgedPanels()
    shipper: Shipper | None = None
    """The shipper as it is now; its state around a run is in its hop (`hop("A", "shipper").shipping`)."""
    env: Mapping[str, str] = field(default_factory=dict)
    loki_server: LokiServer = LokiServer()
    pods: Callable[[], tuple[Pod, ...]] = tuple
    """The cluster's pods, as far as they are known."""

    def for_panel(self, broken: BrokenPanel) -> "Context":
        """What is asked about a panel: Loki for the run's lines alone, where the panel was asked for those."""
        if self.run is None or broken.run_window is None:
            return self
        return replace(self, loki=LinesOf(self.loki, self.run.needle))

    def configured_text(self, path: Path, key: str) -> str:
        """The text of a file that obs-check.yaml names under a key. Raises ConfigError."""
        hint = f"correct {key} of obs-check.yaml, or that file"
        try:
            return self.files.read_text(path)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint) from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: not UTF-8 text (byte {error.start})", hint) from None

    @property
    def followed_run(self) -> Run:
        """The run, for what is asked about one only. Raises LookupError without one."""
        if self.run is None:
            raise LookupError("no run was followed")
        return self.run

    @property
    def every_line(self) -> Loki:
        """The same Loki with nobody's lines left out, where `loki` is asked for the run's lines alone."""
        return self.loki.every if isinstance(self.loki, LinesOf) else self.loki

    def hop(self, path: str, name: str) -> HopSeen | None:
        """The hop of a path, if the run was followed there."""
        return next((h for h in self.hops if h.path == path and h.hop == name), None)

    def panels_of(self, *paths: str) -> tuple[int, ...]:
        """Ids of the panels that these paths feed."""
        return tuple(sorted(i for i, p in self.panels.paths.items() if p in paths))

    def expects(self, panel: int) -> bool:
        """Whether the run's events must show in this panel."""
        return self.run is not None and panel in self.panels.paths
