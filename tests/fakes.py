"""Systems for tests of causes, by the protocols of `evidence/questions.py`: what no test answers fails it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from obs_check.client.answered import Answered
from obs_check.client.files.local_files import LocalFiles
from obs_check.evidence.context import Context, Named
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.model.entry import Labels
from obs_check.model.window import Window
from obs_check.panel.datasource import Datasources
from tests.engine_settings import SETTINGS


class NoLoki:
    """No question is asked of it."""

    def count(self, expr: str, window: Window) -> Answered[float]:
        """See Loki."""
        nobody(expr, window)

    def lines(self, expr: str, window: Window, limit: int) -> Answered[list[tuple[Labels, str]]]:
        """See Loki."""
        nobody(expr, window, limit)

    def labels(self, window: Window) -> Answered[list[str]]:
        """See Loki."""
        nobody("labels", window)

    def label_values(self, name: str, window: Window) -> Answered[list[str]]:
        """See Loki."""
        nobody(name, window)

    def series(self, matchers: tuple[str, ...], window: Window) -> Answered[list[Labels]]:
        """See Loki."""
        nobody(matchers, window)

    def lookback(self) -> Answered[int]:
        """See Loki."""
        nobody()

    def of_tenant(self, tenant: str) -> "NoLoki":
        """See Loki."""
        nobody(tenant)


def nobody(*question: object, **named: object) -> NoReturn:
    """What a test does not expect to be asked."""
    raise AssertionError(f"asked though nobody answers: {question} {named or ''}")


class NoGrafana:
    """No question is asked of it."""

    def ds_query(self, body: Mapping[str, Any]) -> Answered[dict[str, Any]]:
        """See Grafana."""
        nobody(body)

    def datasource_health(self, uid: str) -> Answered[dict[str, Any]]:
        """See Grafana."""
        nobody(uid)

    def search(self, query: str) -> Answered[list[dict[str, Any]]]:
        """See Grafana."""
        nobody(query)

    def dashboard(self, uid: str) -> Answered[dict[str, Any]]:
        """See Grafana."""
        nobody(uid)

    def prometheus(self, uid: str, path: str, params: tuple[tuple[str, str], ...]) -> Answered[Any]:
        """See Grafana."""
        nobody(uid, path, params)


NOTHING_KNOWN = Context(
    dashboard_uid="d",
    dashboard={},
    loki=NoLoki(),
    now_ns=lambda: 2,
    engine=lambda: SETTINGS,
    grafana=NoGrafana(),
    datasources=Datasources({}),
    grafana_version="",
    look_again=nobody,
    files=LocalFiles(),
)


def made_context(named: Named, hops: tuple[HopSeen, ...]) -> Context:
    """A run without events of which the hops and the names of these files are known."""
    return replace(NOTHING_KNOWN, named=named, run=Run("abc123", (), Window(0, 1)), hops=hops)
