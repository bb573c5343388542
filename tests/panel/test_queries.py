"""What our dashboard and the stored queries give to Loki is LogQL, and asks for what the expectations say."""

import json
from pathlib import Path

import pytest

from obs_check.logql import parse
from obs_check.logql.stages.compile import compile_stages
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax.ast import LogQuery, RangeAggregation, VectorAggregation
from obs_check.panel.dashboard import Panel, load_dashboard
from obs_check.panel.datasource import Datasources
from obs_check.panel.interval import loki_step
from obs_check.panel.macros import backend_macros
from obs_check.panel.request import panel_requests
from obs_check.panel.variables import effective_variables
from tests.engine_settings import SETTINGS

ROOT = Path(__file__).parent.parent.parent
QUERIES = sorted((ROOT / "queries").glob("*.logql"))
BOARD = load_dashboard(json.loads((ROOT / "dashboards" / "agent-firewall.json").read_text()), "agent-firewall.json")
LOKI_PANELS = [p for p in BOARD.panels if p.datasource["type"] == "loki"]
DATASOURCES = Datasources({"Loki": {"uid": "loki", "type": "loki", "isDefault": True}})
NOW = 1_795_478_400_000_000_000


def sent_to_loki(panel: Panel, owner: str = "") -> str:
    """The query text as Loki gets it, with the macros replaced by Grafana's backend."""
    variables = effective_variables(BOARD, {"owner": [owner]} if owner else {})
    asked = panel_requests(BOARD, panel, variables, DATASOURCES, NOW)
    (query,) = (q for held in asked.queries for q in held.body["queries"])
    return backend_macros(
        query["expr"],
        from_ms=asked.range.from_ms,
        to_ms=asked.range.to_ms,
        interval_ms=query["intervalMs"],
        step_ms=loki_step(query["intervalMs"], asked.range.length_ms),
        instant=query["queryType"] == "instant",
    )


@pytest.mark.parametrize("panel", LOKI_PANELS, ids=lambda p: str(p.id))
@pytest.mark.parametrize("owner", ["", "jo.*"])
def test_what_loki_gets_parses(panel: Panel, owner: str) -> None:
    text = sent_to_loki(panel, owner)
    assert "$" not in text
    assert isinstance(parse(text), LogQuery) == (panel.type == "logs")


@pytest.mark.parametrize("panel", [p for p in LOKI_PANELS if p.type == "table"], ids=lambda p: str(p.id))
def test_tables_ask_for_the_twenty_most_frequent_of_the_whole_range(panel: Panel) -> None:
    parsed = parse(sent_to_loki(panel))
    assert isinstance(parsed, VectorAggregation)
    assert (parsed.op, parsed.parameter) == ("topk", 20)
    assert isinstance(parsed.expr, VectorAggregation)
    counted = parsed.expr.expr
    assert isinstance(counted, RangeAggregation)
    assert counted.range.interval_ns == 86_400_000_000_000


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_a_stored_query_parses(path: Path) -> None:
    parse(path.read_text())


def coderd_line(decision: str, url: str) -> str:
    fields = {"owner": "joe", "workspace_name": "w", "decision": decision, "http_method": "GET", "http_url": url}
    logged = {"level": "INFO", "msg": "boundary_request", "logger_names": ["coderd", "agentrpc"], "fields": fields}
    return json.dumps(logged, separators=(",", ":"))


ALLOWED = coderd_line("allow", "https://a.example:8443/p?obs=run1-1-allow")
DENIED = coderd_line("deny", "http://b.invalid/?obs=run1-2-deny")
FILE_DENIED = 'time=2026-11-24T00:21:58.617Z level=WARN msg=DENY method=GET url="http://b.invalid/?a=b" host=b.invalid'
OTHER = '{"level":"INFO","msg":"GET","fields":{"path":"/healthz"}}'


def log_query(panel: Panel, owner: str) -> LogQuery:
    """The log query inside whatever the panel aggregates."""
    found: object = parse(sent_to_loki(panel, owner))
    while not isinstance(found, LogQuery):
        if isinstance(found, VectorAggregation):
            found = found.expr
        else:
            assert isinstance(found, RangeAggregation)
            found = found.range.query
    return found


@pytest.mark.parametrize(
    ("panel_id", "line", "owner", "kept"),
    [
        (1, ALLOWED, "", {"decision": "allow", "domain": "a.example"}),
        (1, DENIED, "", {"decision": "deny", "domain": "b.invalid"}),
        (1, DENIED, "jo.*", {"owner": "joe"}),
        (1, DENIED, "jo", None),
        (1, OTHER, "", None),
        (2, ALLOWED, "", {"domain": "a.example"}),
        (2, DENIED, "", None),
        (3, ALLOWED, "", None),
        (3, DENIED, "", {"domain": "b.invalid"}),
        (4, ALLOWED, "", {"url": "https://a.example:8443/p?obs=run1-1-allow"}),
        (5, DENIED, "", {"method": "GET"}),
        (7, DENIED, "", {"owner": "joe"}),
        (7, ALLOWED, "", None),
        (9, FILE_DENIED, "", {"msg": "DENY"}),
    ],
)
def test_a_line_passes_the_panels_pipeline(panel_id: int, line: str, owner: str, kept: dict[str, str] | None) -> None:
    panel = BOARD.panel(panel_id)
    assert panel is not None
    row = Row(NOW, line, {"namespace": "coder"}, {})
    passed = compile_stages(log_query(panel, owner).stages, SETTINGS)(row)
    assert passed == (kept is not None)
    for name, value in (kept or {}).items():
        assert row.get(name) == value
    if kept and panel.type == "logs":
        assert row.line.startswith("joe GET http")
        assert "?obs=run1-" in row.line
