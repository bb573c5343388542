"""Faults of the panels' stream selectors."""

from obs_check.lab.faults.fault import Fault, exprs
from obs_check.lab.settings import LOKI_UID, LabSettings


def _stream_moved(settings: LabSettings) -> None:
    settings.promtail["scrape_configs"][0]["pipeline_stages"].append({"structured_metadata": {"stream": None}})
    exprs(r'\{namespace="coder"\}', '{namespace="coder", stream="stderr"}')(settings)


def read_elsewhere(settings: LabSettings) -> None:
    """Let Grafana's datasource read what nobody writes."""
    loki = next(d for d in settings.datasources if d["uid"] == LOKI_UID)
    loki["jsonData"] = {**loki.get("jsonData", {}), "httpHeaderName1": "X-Scope-OrgID"}
    loki["secureJsonData"] = {"httpHeaderValue1": "team-b"}


def _datasource_tenant(settings: LabSettings) -> None:
    settings.loki_direct = True
    read_elsewhere(settings)


SELECT_FAULTS: tuple[Fault, ...] = (
    Fault(
        "datasource-tenant",
        "select.wrong-tenant",
        "Grafana's datasource asks Loki for a tenant that nobody writes for",
        _datasource_tenant,
    ),
    Fault(
        "stream-moved",
        "select.moved-to-structured-metadata",
        "the panels select by a label that the shipper sends as structured metadata",
        _stream_moved,
    ),
    Fault(
        "selector-value",
        "select.label-value-absent",
        "the panels select a namespace that does not exist",
        exprs(r'namespace="coder"', 'namespace="codr"'),
    ),
    Fault(
        "selector-label",
        "select.label-name-absent",
        "the panels select by a label that no stream has",
        exprs(r'\{namespace="coder"', '{logger="coderd.agentrpc", namespace="coder"'),
    ),
    Fault(
        "selector-case",
        "select.label-value-absent",
        "the panels select a namespace in the wrong case",
        exprs(r'namespace="coder"', 'namespace="Coder"'),
    ),
    Fault(
        "selector-near-label",
        "select.label-name-absent",
        "the panels select by a label that is spelt wrong",
        exprs(r'namespace="coder"', 'name_space="coder"'),
    ),
)
