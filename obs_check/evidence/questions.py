"""What causes may ask of each system, as protocols: the clients fulfil them as they are, and so do a test's fakes.

Every question is answered with a value and the probe that proves it, and raises what the client raises: Unavailable,
Refused or NotAllowed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from obs_check.client.answered import Answered
from obs_check.client.egress import EgressAnswer
from obs_check.client.files.firewall_log import Since
from obs_check.model.entry import Labels
from obs_check.model.event import Event
from obs_check.model.shipping import ShipperState
from obs_check.model.tree import Json
from obs_check.model.window import Window
from obs_check.panel.frames import RefResult, decode_results, unanswered
from obs_check.panel.run_lines import with_lines_of


class Loki(Protocol):
    """The Loki that the dashboard reads."""

    def count(self, expr: str, window: Window) -> Answered[float]:
        """The number that a metric query gives at the end of a window, 0 when it gives no series."""
        ...

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        """Lines of a log query with their labels, newest first."""
        ...

    def labels(self, window: Window) -> Answered[list[str]]:
        """Names of the labels in a window."""
        ...

    def label_values(self, name: str, window: Window) -> Answered[list[str]]:
        """Values of a label in a window."""
        ...

    def series(self, matchers: tuple[str, ...], window: Window) -> Answered[list[Labels]]:
        """Labels of the streams that have lines in the window and match one of the selectors."""
        ...

    def lookback(self) -> Answered[int]:
        """How far back it lets queries see (ns), 0 for as far as there is."""
        ...

    def of_tenant(self, tenant: str) -> "Loki":
        """The same Loki asked with another X-Scope-OrgID."""
        ...


class LokiItself(Protocol):
    """What a Loki tells of itself, where it can be asked directly and not through the dashboard's datasource."""

    def discarded(self) -> Answered[Mapping[str, int]]:
        """Lines that it discarded since it started, by reason."""
        ...

    def retention(self) -> Answered[int | None]:
        """How long it keeps lines (ns), None for ever."""
        ...


class Grafana(Protocol):
    """The Grafana that has the dashboard."""

    def ds_query(self, body: Mapping[str, object]) -> Answered[dict[str, Json]]:
        """The answer of /api/ds/query with its `results`, whatever became of each query; see `results_of`."""
        ...

    def datasource_health(self, uid: str) -> Answered[dict[str, Json]]:
        """{"status", "message"}."""
        ...

    def search(self, query: str) -> Answered[list[dict[str, Any]]]:
        """Dashboards whose title holds the text: {"uid", "title"}."""
        ...

    def dashboard(self, uid: str) -> Answered[dict[str, Any]]:
        """{"dashboard": model, "meta": ...}."""
        ...

    def prometheus(self, uid: str, path: str, params: tuple[tuple[str, str], ...]) -> Answered[Any]:
        """The `data` of an answer of a datasource's Prometheus, below /api/v1."""
        ...


class Shipper(Protocol):
    """A running shipper."""

    def state(self) -> Answered[ShipperState]:
        """What it says of its files, targets and destinations now."""
        ...


class BoundaryLog(Protocol):
    """The log of the boundary that has the run, its stderr included."""

    def lines_with(self, text: str, since: Since) -> Answered[list[str]]:
        """Its lines with a text."""
        ...


class Egress(Protocol):
    """The way that events took. `proxy` None is the environment's."""

    @property
    def proxy(self) -> str | None:
        """The proxy that they were sent to."""
        ...

    @property
    def ca(self) -> Path | None:
        """The CA that was trusted."""
        ...

    def send(self, event: Event, proxy: str, ca: Path | None) -> Answered[EgressAnswer]:
        """What an event is answered on a way that is named."""
        ...


class Files(Protocol):
    """The files of this machine. Reading raises OSError and, for what is not a log, UnicodeDecodeError."""

    def read_text(self, path: Path, /) -> str:
        """The whole text, line ends as they are."""
        ...

    def read_log(self, path: Path, /) -> str:
        """The whole text of a log, with what is not UTF-8 kept."""
        ...

    def read_document(self, path: Path, /) -> Any:
        """A JSON or YAML file, also as a template of a Helm chart; ConfigError where it cannot be read."""
        ...

    def matching(self, glob: str, /) -> list[Path]:
        """The files that a glob names, readable or not."""
        ...

    def deleted_but_open(self, glob: str, /) -> list[str]:
        """Files below a glob's directory that were deleted and that a process still holds open, where that can be
        seen."""
        ...

    def mode(self, path: Path, /) -> int | None:
        """Mode bits, None where it cannot be looked at."""
        ...

    def changed_s(self, path: Path, /) -> float | None:
        """When it was last written (s since the epoch), None where it cannot be looked at."""
        ...


def results_of(grafana: Grafana, body: Mapping[str, object]) -> Answered[dict[str, RefResult]]:
    """The answers of /api/ds/query by refId. Raises Unavailable or NotAllowed where a datasource gave none."""
    document, probe = grafana.ds_query(body)
    results = decode_results(document)
    if (failed := unanswered(results.values())) is not None:
        raise failed
    return Answered(results, probe)


class LinesOf:
    """A Loki asked about the lines that hold `needle` alone; `every` is the same Loki with nobody's lines left out."""

    def __init__(self, every: Loki, needle: str) -> None:
        self.every = every
        self._needle = needle
        self.labels, self.label_values, self.series = every.labels, every.label_values, every.series
        self.lookback = every.lookback

    def count(self, expr: str, window: Window) -> Answered[float]:
        """See Loki."""
        return self.every.count(with_lines_of(expr, self._needle) or expr, window)

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        """See Loki."""
        return self.every.lines(with_lines_of(expr, self._needle) or expr, window, limit)

    def of_tenant(self, tenant: str) -> "LinesOf":
        """See Loki."""
        return LinesOf(self.every.of_tenant(tenant), self._needle)
