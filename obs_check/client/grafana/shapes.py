"""What Grafana's answers are made of, as far as obs-check looks at them. What is new in them is not an error."""

from typing import Any

from msgspec import Struct


class StoredDashboard(Struct):
    """Of /api/dashboards/uid/<uid>."""

    dashboard: dict[str, Any]
    meta: dict[str, Any] | None = None


class Resource(Struct):
    """Of /apis/dashboard.grafana.app: a dashboard of schema v2."""

    spec: dict[str, Any]


class Saved(Struct):
    """Of a POST to /api/dashboards/db."""

    status: str | None = None
    version: int | None = None
    uid: str | None = None


class Annotated(Struct):
    """Of a POST to /api/annotations."""

    id: int | None = None


class Hit(Struct):
    """One dashboard of /api/search."""

    uid: str | None = None
    title: str | None = None


class LibraryModel(Struct):
    """A library element."""

    model: dict[str, Any]


class Library(Struct):
    """Of /api/library-elements/<uid>."""

    result: LibraryModel


class DatasourceShape(Struct):
    """A datasource as a browser sees it."""

    uid: str | None = None
    type: str | None = None
    name: str | None = None
    jsonData: dict[str, Any] | None = None  # noqa: N815


class Build(Struct):
    """What runs."""

    version: str | None = None


class Settings(Struct):
    """Of /api/frontend/settings; without the map of datasources, which may be empty, it is of no Grafana."""

    datasources: dict[str, DatasourceShape]
    defaultDatasource: str | None = None  # noqa: N815
    buildInfo: Build | None = None  # noqa: N815
    featureToggles: dict[str, Any] | None = None  # noqa: N815


class Queried(Struct):
    """Of /api/ds/query; what is in a result is read by `panel/frames.py`."""

    results: dict[str, Any]


class DatasourceHealth(Struct):
    """Of a datasource's health check."""

    status: str | None = None
    message: str | None = None


class Data(Struct):
    """Of an API that has its answer in `data`."""

    data: Any = None


class Texts(Struct):
    """Names or values."""

    data: list[str] | None = None


class LabelSets(Struct):
    """Series without values."""

    data: list[dict[str, str]] | None = None


class PrometheusSeries(Struct):
    """A series of an instant or a range query."""

    metric: dict[str, str] | None = None
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] | None = None


class PrometheusData(Struct):
    """The series of a query."""

    result: list[PrometheusSeries] | None = None


class PrometheusResult(Struct):
    """Of Prometheus's query and query_range."""

    data: PrometheusData


class PrometheusTarget(Struct):
    """A scrape target."""

    labels: dict[str, str] | None = None
    health: str | None = None
    lastError: str | None = None  # noqa: N815
    scrapeUrl: str | None = None  # noqa: N815


class Active(Struct):
    """Those that are scraped."""

    activeTargets: list[PrometheusTarget] | None = None  # noqa: N815


class PrometheusTargets(Struct):
    """Of Prometheus's targets."""

    data: Active


PROMETHEUS: tuple[tuple[str, type], ...] = (
    ("/values", Texts),
    ("series", LabelSets),
    ("query", PrometheusResult),
    ("query_range", PrometheusResult),
    ("targets", PrometheusTargets),
)
"""What an answer of Prometheus's API is made of, by the end of its path."""
